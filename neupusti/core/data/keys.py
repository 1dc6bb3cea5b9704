"""Hashes that only this site can compute: for what must be found again but not read.

An address of e-mail or of a network has few enough values to try them all against a plain
hash; with a key of the site's secret that takes the secret too.

What must outlive the secret says which one it was made with, so that a former secret can
still read it and the present one can take it over.
"""

import hmac
from hashlib import sha256

from flask import current_app

FORMER = "FORMER_SECRETS"
"""The former secrets in the configuration, the newest first."""
NAME_DIGITS = 16


class LostSecretError(LookupError):
    """Something was made with a secret that this site does not know any more."""


def keyed(use: str, text: str) -> str:
    """Return 64 hexadecimal digits for `text`; each `use` has a key of its own."""
    return hmac.new(derive(use), text.encode(), sha256).hexdigest()


def derive(use: str, secret: str | None = None) -> bytes:
    """Return the key of one `use`, 32 bytes, out of the site's secret, or of another."""
    root = (secret or _present()).encode()
    return hmac.digest(root, f"neupusti {use} 1".encode(), "sha256")


def name() -> str:
    """Return what the present secret is called where something was made with it."""
    return _name(_present())


def names() -> tuple[str, ...]:
    """Return what every secret is called that this site knows."""
    return tuple(map(_name, _secrets()))


def derived_keys(use: str, nonce: str, secret: str | None, wrapped: str | None) -> bytes:
    """Return the 32 bytes of `use` made of `nonce` with the secret of that name.

    No name stands for the oldest secret: rows from before there were names are its own.
    `wrapped` turns what that secret derives into what a former one had derived. Raise
    LostSecretError.
    """
    known = dict(zip(names(), _secrets(), strict=True))
    root = _secrets()[-1] if secret is None else known.get(secret)
    if root is None:
        raise LostSecretError(secret)
    plain = hmac.digest(derive(use, root), nonce.encode(), "sha256")
    return _mixed(plain, bytes.fromhex(wrapped)) if wrapped else plain


def wrap(use: str, nonce: str, value: bytes) -> str:
    """Return the mask by which the present secret makes `value` of `nonce`.

    It is `value` under a pad that takes the secret to compute: alone it tells nothing.
    """
    return _mixed(derived_keys(use, nonce, name(), None), value).hex()


def hashed(use: str, secret: str) -> str:
    """Return the hash under which a random `secret` of 256 bits is kept (V7.2.3).

    Nobody can guess the value, so no key is needed; the use keeps kinds of secrets apart.
    """
    return sha256(f"{use}\n{secret}".encode()).hexdigest()


def _present() -> str:
    return str(current_app.config["SECRET_KEY"])


def _secrets() -> tuple[str, ...]:
    return (_present(), *current_app.config[FORMER])


def _name(secret: str) -> str:
    return derive("name of the secret", secret).hex()[:NAME_DIGITS]


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
