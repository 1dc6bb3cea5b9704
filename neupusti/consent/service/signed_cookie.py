"""The signed consent cookie, in a compact and strict format.

`1.pAAAAAAAAsAAAAAAAA.tffkd1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA`: version, `g` if the
browser sent Global Privacy Control with the choice, the letter of each granted category
with the short hash of its declarations, the Unix time of the choice in base 36, the public
id of its record, 128 bits of HMAC-SHA-256.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from neupusti.core.feature import Category

LIMIT = 120
GRAMMAR = re.compile(
    r"1\.(?P<signal>g?)(?P<grants>(?:[psm][\w-]{8}){0,3})\.(?P<at>[0-9a-z]{6,7})\."
    r"(?P<record>[\w-]{16})\.(?P<mac>[\w-]{22})",
    re.ASCII,
)
LETTERS = {category.value[0]: category for category in Category}
GRANT = 9
"""Characters of one grant: a letter and eight characters of hash."""
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class SignedChoice:
    """The content of the cookie: granted category -> short hash, Unix time, record id."""

    grants: Mapping[Category, str]
    at: int
    record: str
    signal: bool = False
    """Whether the browser sent the signal when this was chosen: a yes then overrides it."""


class SignedCookie:
    """Write and read the cookie with a key derived from the secret of the site."""

    def __init__(self, secret: str) -> None:
        key = hmac.digest(secret.encode(), b"neupusti consent cookie 1", "sha256")
        # Copying a keyed hash costs half as much as creating one.
        self.keyed = hmac.new(key, digestmod="sha256")

    def write(self, signed: SignedChoice) -> str:
        """Return the value of the cookie."""
        grants = "".join(
            category.value[0] + signed.grants[category]
            for category in Category
            if category in signed.grants
        )
        signal = "g" if signed.signal else ""
        body = f"1.{signal}{grants}.{_base36(signed.at)}.{signed.record}"
        return f"{body}.{self._mac(body)}"

    def read(self, value: str) -> SignedChoice | None:
        """Return the content of `value`, or None if `write` did not return it."""
        if len(value) > LIMIT or (found := GRAMMAR.fullmatch(value)) is None:
            return None
        # Verify the signature before parsing any further.
        if not hmac.compare_digest(
            self._mac(value[: found.start("mac") - 1]), found["mac"]
        ):
            return None
        grants = found["grants"]
        return SignedChoice(
            {
                LETTERS[grants[i]]: grants[i + 1 : i + GRANT]
                for i in range(0, len(grants), GRANT)
            },
            int(found["at"], 36),
            found["record"],
            bool(found["signal"]),
        )

    def _mac(self, body: str) -> str:
        keyed = self.keyed.copy()
        keyed.update(body.encode("ascii"))
        return urlsafe_b64encode(keyed.digest()[:16]).decode()[:22]


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = DIGITS[rest] + digits
    return digits
