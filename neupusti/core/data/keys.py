"""Keyed hashes and derived keys: values that can be looked up but not read.

Email and network addresses have few enough values to try all of them against a plain hash;
a key derived from the site's secret prevents that.

A value that outlives the secret stores the name of the secret it was made with, so that a
former secret can still read it and it can be rotated to the present one.
"""

import hmac
from hashlib import sha256

from flask import current_app

FORMER = "FORMER_SECRETS"
"""The former secrets in the configuration, the newest first."""
NAME_DIGITS = 16


class LostSecretError(LookupError):
    """A value was made with a secret that this site no longer has."""


def keyed(use: str, text: str) -> str:
    """Return 64 hexadecimal digits for `text`; each `use` has a key of its own."""
    return hmac.new(derive(use), text.encode(), sha256).hexdigest()


def keyed_all(use: str, text: str) -> tuple[str, ...]:
    """Return `keyed` of `text` by every secret of this site, the present one first.

    For rows that are looked up by it and outlive the secret they were made with.
    """
    return tuple(
        hmac.new(derive(use, secret), text.encode(), sha256).hexdigest()
        for secret in _secrets()
    )


def derive(use: str, secret: str | None = None) -> bytes:
    """Return the 32-byte key of one `use`, derived from the site's secret or another."""
    root = (secret or _present()).encode()
    return hmac.digest(root, f"neupusti {use} 1".encode(), "sha256")


def name() -> str:
    """Return the name of the present secret, as stored beside values made with it."""
    return _name(_present())


def names() -> tuple[str, ...]:
    """Return the names of all secrets this site has, the present one first."""
    return tuple(map(_name, _secrets()))


def named(use: str, secret_name: str) -> bytes:
    """Return the key of one `use` by the secret of that name. Raise LostSecretError."""
    known = dict(zip(names(), _secrets(), strict=True))
    if secret_name not in known:
        raise LostSecretError(secret_name)
    return derive(use, known[secret_name])


def derived_keys(use: str, nonce: str, secret: str | None, wrapped: str | None) -> bytes:
    """Derive the 32 bytes of `use` and `nonce` from the secret of that name.

    Without a name it is the oldest secret, which made the rows from before there were
    names. `wrapped` turns the result into what a former secret had derived. Raise
    LostSecretError.
    """
    known = dict(zip(names(), _secrets(), strict=True))
    root = _secrets()[-1] if secret is None else known.get(secret)
    if root is None:
        raise LostSecretError(secret)
    plain = hmac.digest(derive(use, root), nonce.encode(), "sha256")
    return _xor(plain, bytes.fromhex(wrapped)) if wrapped else plain


def wrap(use: str, nonce: str, value: bytes) -> str:
    """Return the wrapped key: with it the present secret derives `value` from `nonce`.

    It is `value` XOR a pad that needs the secret to compute: alone it discloses nothing.
    """
    return _xor(derived_keys(use, nonce, name(), None), value).hex()


def is_signed(use: str, text: str, signature: str, digits: int = 64) -> bool:
    """Return whether `signature` is `keyed` of `text` by this secret or a former one.

    It may be cut to its first `digits`. The comparison takes the same time wherever the
    two differ.
    """
    return any(
        hmac.compare_digest(
            hmac.new(derive(use, secret), text.encode(), sha256)
            .hexdigest()[:digits]
            .encode(),
            signature.encode(),
        )
        for secret in _secrets()
    )


def hashed(use: str, secret: str) -> str:
    """Return the hash under which a random `secret` of 256 bits is stored (V7.2.3).

    The value cannot be guessed, so no key is needed; `use` separates kinds of secrets.
    """
    return sha256(f"{use}\n{secret}".encode()).hexdigest()


def _present() -> str:
    return str(current_app.config["SECRET_KEY"])


def _secrets() -> tuple[str, ...]:
    return (_present(), *current_app.config[FORMER])


def _name(secret: str) -> str:
    return derive("name of the secret", secret).hex()[:NAME_DIGITS]


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
