"""Journals whose words can be destroyed while their chain stays sound (5.1, 6.1.3).

A row holds a commitment to its words, `sealed`: the SHA-256 of a random salt, a line feed
and the words. Salt and words are in a side table. The chain vouches for the commitment;
once salt and words are destroyed, nobody can compute the words from it.

The chain is an HMAC: whoever can write to the database cannot compute it. Its key is
derived from the secret of the site, and survives a change of the secret (`rotate`).
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session

from neupusti.core.data import keys
from neupusti.core.data.classification import (
    Id,
    Label,
    Nonce,
    SecretFingerprint,
    SecretMask,
)
from neupusti.core.data.database import Base
from neupusti.core.data.keys import LostSecretError
from neupusti.core.records.chain import Chain

USE = "chain"
EMPTY = ""
"""The commitment of a row without words."""


class ChainKey(Base):
    """The key of one chain; a new one is made only where no known secret gives it."""

    __tablename__ = "chain_key"

    id: Mapped[Id]
    chain: Mapped[Label]
    """The name of the table whose chain it is."""
    nonce: Mapped[Nonce]
    made_with: Mapped[SecretFingerprint]
    mask: Mapped[SecretMask | None]


def commitment(salt: str, words: str) -> str:
    """Return the commitment to `words`, as 64 hexadecimal digits."""
    return sha256(f"{salt}\n{words}".encode()).hexdigest()


def rotate(session: Session) -> None:
    """Rewrap the keys with the present secret; those of lost secrets stay."""
    outdated = select(ChainKey).where(ChainKey.made_with != keys.name())
    for row in session.scalars(outdated.with_for_update()):
        if (value := _value(row)) is not None:
            row.mask = keys.wrap(USE, row.nonce, value)
            row.made_with = keys.name()


@dataclass(frozen=True, slots=True)
class SealedChain(Chain):
    """A keyed chain of rows that have `sealed`, `voucher` and `words_hold` too.

    `voucher` is for a row from before there were commitments: its chain value is the
    SHA-256 over the words, and what is gone cannot be hashed again. When its words moved to
    the side table, the value was checked for the last time; since then the voucher, an HMAC
    over the new text of the row and its chain value, stands for it.
    """

    encode_former: Callable[[Any], str]
    """Returns the text that was hashed in a row without a commitment."""

    def value(self, session: Session, previous: str, row: Any) -> str:
        """Return the chain value of a new `row` in the open write transaction."""
        key = next(iter(self._keys(session)), None)
        return _hmac(key or self._new_key(session), previous, self.encode(row))

    def checker(self, session: Session) -> Callable[[str, Any], bool]:
        """Return how to check a row after the row whose chain value is given."""
        known = self._keys(session)
        first = session.scalar(
            select(func.min(self.model.id)).where(self.model.sealed.is_not(None))
        )

        def is_sound(previous: str, row: Any) -> bool:
            if row.sealed is None:
                former = sha256(f"{previous}\n{self.encode_former(row)}".encode())
                # Without a key anybody could go on in the former way.
                return row.chain == former.hexdigest() and (first is None or row.id < first)
            if not row.words_hold:
                return False
            text, value = self.encode(row), row.chain
            if row.voucher is not None:
                text, value = f"{text}\n{row.chain}", row.voucher
            return any(
                hmac.compare_digest(_hmac(key, previous, text), value) for key in known
            )

        return is_sound

    def _keys(self, session: Session) -> list[bytes]:
        """Return the keys that a known secret gives, the newest first."""
        rows = select(ChainKey).filter_by(chain=self.model.__tablename__)
        found = map(_value, session.scalars(rows.order_by(ChainKey.id.desc())))
        return [value for value in found if value is not None]

    def _new_key(self, session: Session) -> bytes:
        row = ChainKey(
            chain=self.model.__tablename__,
            nonce=secrets.token_hex(32),
            made_with=keys.name(),
        )
        session.add(row)
        return keys.derived_keys(USE, row.nonce, row.made_with, None)


def _value(row: ChainKey) -> bytes | None:
    try:
        return keys.derived_keys(USE, row.nonce, row.made_with, row.mask)
    except LostSecretError:
        return None


def _hmac(key: bytes, previous: str, text: str) -> str:
    return hmac.new(key, f"{previous}\n{text}".encode(), sha256).hexdigest()
