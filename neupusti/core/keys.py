"""Hashes that only this site can compute: for what must be found again but not read.

An address of e-mail or of a network has few enough values to try them all against a plain
hash; with a key of the site's secret that takes the secret too.
"""

import hmac
from hashlib import sha256

from flask import current_app


def keyed(use: str, text: str) -> str:
    """Return 64 hexadecimal digits for `text`; each `use` has a key of its own."""
    return hmac.new(derived(use), text.encode(), sha256).hexdigest()


def derived(use: str) -> bytes:
    """Return the key of one `use`, 32 bytes, out of the site's secret."""
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.digest(secret, f"neupusti {use} 1".encode(), "sha256")


def plain(use: str, secret: str) -> str:
    """Return the hash under which a random `secret` of 256 bits is kept (V7.2.3).

    Nobody can guess the value, so no key is needed; the use keeps kinds of secrets apart.
    """
    return sha256(f"{use}\n{secret}".encode()).hexdigest()
