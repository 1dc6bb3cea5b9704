"""Tracking numbers of the Universal Postal Union, by its standard S10.

Two letters of the service, eight digits, a check digit, the country: `RR123456785KZ`.
"""

import re

from neupusti.core.text.characters import composed

FORMAT = re.compile(r"[A-Z]{2}([0-9]{8})([0-9])[A-Z]{2}")
WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
MODULUS = 11
SPECIAL = {10: 0, 11: 5}
"""What stands for a check value that is no digit."""
LONGEST = 40


class TrackError(ValueError):
    """The text is no tracking number of a post; `mistyped`: only its digits are wrong."""

    def __init__(self, *, mistyped: bool) -> None:
        super().__init__("mistyped" if mistyped else "no tracking number")
        self.mistyped = mistyped


def s10(text: str) -> str:
    """Return the number in upper case and without spaces; raise TrackError."""
    if len(text) > LONGEST:
        raise TrackError(mistyped=False)
    plain = re.sub(r"[\s\u00a0-]+", "", composed(text)).upper()
    found = FORMAT.fullmatch(plain)
    if found is None:
        raise TrackError(mistyped=False)
    if int(found[2]) != _check(found[1]):
        raise TrackError(mistyped=True)
    return plain


def _check(digits: str) -> int:
    total = sum(w * int(d) for w, d in zip(WEIGHTS, digits, strict=True))
    value = MODULUS - total % MODULUS
    return SPECIAL.get(value, value)
