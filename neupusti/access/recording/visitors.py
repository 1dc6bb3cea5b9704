"""Sign and read the visitor cookie: its day of issue, a random number and a signature.

A value without a valid signature, or older than the declared lifetime of the cookie, is
ignored: it is neither counted nor stored.
"""

import hmac
import re
import secrets
from datetime import date, timedelta
from hashlib import blake2b

from neupusti.core import clock

ID_LENGTH, SIGNATURE_LENGTH = 32, 16
"""Characters of the logged id (day and number), and of its signature."""
DAY_LENGTH = 8
VALUE = rf"([0-9]{{{DAY_LENGTH}}}[0-9a-f]{{{ID_LENGTH - DAY_LENGTH + SIGNATURE_LENGTH}}})"


class Visitors:
    """Issue and read the cookie `name`."""

    def __init__(self, secret: str, name: str, lifetime: timedelta) -> None:
        self._key = hmac.digest(secret.encode(), b"neupusti visitor cookie 1", "sha256")
        self._lifetime = lifetime
        self._grammar = re.compile(rf"(?:^|;)[ \t]*{re.escape(name)}={VALUE}[ \t]*(?:;|$)")

    def new(self) -> str:
        """Return a new value."""
        number = f"{clock.today():%Y%m%d}{secrets.token_hex((ID_LENGTH - DAY_LENGTH) // 2)}"
        return number + self._signature(number)

    def read(self, header: str) -> str:
        """Return the id in a Cookie header; "" if it is missing, forged or expired."""
        if (found := self._grammar.search(header)) is None:
            return ""
        number, signature = found[1][:ID_LENGTH], found[1][ID_LENGTH:]
        if not hmac.compare_digest(self._signature(number), signature):
            return ""
        given = date.fromisoformat(number[:DAY_LENGTH])
        return number if given >= clock.today() - self._lifetime else ""

    def _signature(self, number: str) -> str:
        text = number.encode("ascii")
        return blake2b(text, digest_size=SIGNATURE_LENGTH // 2, key=self._key).hexdigest()
