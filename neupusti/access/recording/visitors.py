"""The value of the visitor's cookie: the day it was given, a random number, and our seal.

Whoever makes a value up has no seal, so it is neither read, nor counted, nor kept. A value
older than the cookie's declared lifetime is worth nothing either, whatever a browser does.
"""

import hmac
import re
import secrets
from datetime import date, timedelta
from hashlib import blake2b

from neupusti.core import clock

ID_LENGTH, SIGNATURE_LENGTH = 32, 16
"""Characters of the id that is written down (day and number), and of its seal."""
DAY_LENGTH = 8
VALUE = rf"([0-9]{{{DAY_LENGTH}}}[0-9a-f]{{{ID_LENGTH - DAY_LENGTH + SIGNATURE_LENGTH}}})"


class Visitors:
    """Gives and reads the cookie that browsers know under `name`."""

    def __init__(self, secret: str, name: str, lifetime: timedelta) -> None:
        self._key = hmac.digest(secret.encode(), b"neupusti visitor cookie 1", "sha256")
        self._lifetime = lifetime
        self._grammar = re.compile(rf"(?:^|;)[ \t]*{re.escape(name)}={VALUE}[ \t]*(?:;|$)")

    def new(self) -> str:
        """Return the value for a visitor who has none."""
        number = f"{clock.today():%Y%m%d}{secrets.token_hex((ID_LENGTH - DAY_LENGTH) // 2)}"
        return number + self._signature(number)

    def read(self, header: str) -> str:
        """Return the id in a Cookie header; "" for none, a forged and an expired one."""
        if (found := self._grammar.search(header)) is None:
            return ""
        number, seal = found[1][:ID_LENGTH], found[1][ID_LENGTH:]
        if not hmac.compare_digest(self._signature(number), seal):
            return ""
        given = date.fromisoformat(number[:DAY_LENGTH])
        return number if given >= clock.today() - self._lifetime else ""

    def _signature(self, number: str) -> str:
        text = number.encode("ascii")
        return blake2b(text, digest_size=SIGNATURE_LENGTH // 2, key=self._key).hexdigest()
