"""Keep whom to tell and what to search for, unreadable without the site's secret.

A search of the files of the database for an address would find the address to search for.
"""

import json
import secrets
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import shake_256
from typing import Any

from neupusti.core.data import keys

USE = "erasure"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptByLaw:
    """How many rows a hold keeps, and the last day of it; None: it has no day yet."""

    hold: str
    rows: int
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a person whose rows are gone."""

    email: str
    language: str
    person: int | None
    needles: tuple[str, ...]
    kept: tuple[KeptByLaw, ...]
    is_told: bool = False
    """Whether they were told before: a restored backup had brought them back."""


def seal(known: Known) -> str:
    """Return `known` as a text that nobody can read or search."""
    plain = json.dumps(asdict(known), default=date.isoformat).encode()
    nonce = secrets.token_hex(16)
    return f"{keys.name()}:{nonce}:{_turned(plain, keys.name(), nonce).hex()}"


def unseal(text: str) -> Known:
    """Return what was sealed; raise LostSecretError."""
    made_with, nonce, turned = text.split(":")
    plain = json.loads(_turned(bytes.fromhex(turned), made_with, nonce))
    plain["needles"] = tuple(plain["needles"])
    plain["kept"] = tuple(map(_kept, plain["kept"]))
    return Known(**plain)


def _kept(one: dict[str, Any]) -> KeptByLaw:
    until = date.fromisoformat(one["until"]) if one["until"] else None
    return KeptByLaw(hold=one["hold"], rows=one["rows"], until=until)


def _turned(text: bytes, made_with: str, nonce: str) -> bytes:
    """Return `text` XOR the key stream of a nonce: the same again turns it back."""
    key = keys.derived_keys(USE, nonce, made_with, None)
    stream = shake_256(key).digest(len(text))
    return bytes(a ^ b for a, b in zip(text, stream, strict=True))
