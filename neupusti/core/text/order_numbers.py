"""Numbers of orders: `NP-261122-7K3F-5`, the date, four random signs and a check sign.

What else has a number of this kind has another prefix.

They are not sequential, which would disclose the turnover. The signs are Crockford's
base 32, which leaves out I, L, O and U. The check sign is the value of the other ten signs
modulo 37: every single error and every transposition changes it. Five of the 37 check
signs are not letters or digits; the random signs are drawn again until it is none of them.
"""

import re
import secrets
from datetime import date, datetime

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE, MODULUS = 32, 37
RANDOM_SIGNS = 4
PREFIX, CYRILLIC = "NP", "НП"
LONGEST = 60
"""Characters of the longest text that is read at all."""
LOOK_ALIKES = str.maketrans("АВЕЗКМНОРСТУХІЇOIL", "ABE3KMH0PCTYX11011")
"""Cyrillic letters, and the letters that base 32 leaves out, by what they look like."""
SEPARATORS = re.compile(r"[\s\u00a0.·_‐‑‒–—−-]+")
FORMAT = re.compile(rf"([0-9]{{6}})([{SIGNS}]{{{RANDOM_SIGNS}}})([{SIGNS}])")


class OrderNumberError(ValueError):
    """The text is not the number of an order; `mistyped`: only the check sign is wrong."""

    def __init__(self, *, mistyped: bool) -> None:
        super().__init__("mistyped" if mistyped else "no number of an order")
        self.mistyped = mistyped


def new(day: date, prefix: str = PREFIX) -> str:
    """Return a random number for an order of `day`: the caller makes sure it is unique."""
    while True:
        body = f"{day:%y%m%d}" + "".join(
            secrets.choice(SIGNS) for _sign in range(RANDOM_SIGNS)
        )
        check = _check(body)
        if check < BASE:
            return _written(prefix, body, SIGNS[check])


def parse(text: str, prefix: str = PREFIX, cyrillic: str = CYRILLIC) -> str:
    """Return the number as it is stored; raise OrderNumberError.

    Lower case, Cyrillic look-alikes («НП»), O for 0, I and l for 1, spaces instead of
    hyphens and a missing prefix are accepted.
    """
    signs = SEPARATORS.sub("", text[: LONGEST + 1]).upper()
    if len(text) > LONGEST:
        raise OrderNumberError(mistyped=False)
    for written in (prefix, cyrillic):
        signs = signs.removeprefix(written)
    found = FORMAT.fullmatch(signs.translate(LOOK_ALIKES))
    if found is None or not _is_day(found[1]):
        raise OrderNumberError(mistyped=False)
    body, check = found[1] + found[2], found[3]
    if SIGNS.index(check) != _check(body):
        raise OrderNumberError(mistyped=True)
    return _written(prefix, body, check)


def _written(prefix: str, body: str, check: str) -> str:
    return f"{prefix}-{body[:6]}-{body[6:]}-{check}"


def _check(body: str) -> int:
    value = 0
    for sign in body:
        value = value * BASE + SIGNS.index(sign)
    return value % MODULUS


def _is_day(digits: str) -> bool:
    try:
        datetime.strptime(digits, "%y%m%d")  # noqa: DTZ007 - only whether there is such a day
    except ValueError:
        return False
    return True
