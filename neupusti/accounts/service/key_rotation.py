"""Derive the keys of TOTP apps and recovery codes; rotate the secret of the site.

A row holds a random nonce and the fingerprint of the secret its key is derived with. When
the site has a new secret, `rotate` stores the key wrapped by the new one: the key stays
the same, so apps keep working and the old secret is no longer needed.
"""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from neupusti.accounts.models import FormerSecondFactor, RecoveryCode, SecondFactor
from neupusti.core.data import keys
from neupusti.core.data.database import db
from neupusti.core.data.keys import LostSecretError

Row = SecondFactor | FormerSecondFactor | RecoveryCode
USES: dict[type[Row], str] = {
    SecondFactor: "second factor",
    FormerSecondFactor: "second factor",
    RecoveryCode: "recovery code",
}


def derived_key(row: Row) -> bytes:
    """Return the 32-byte key of `row`; raise LostSecretError."""
    return keys.derived_keys(USES[type(row)], row.nonce, row.made_with, row.mask)


def is_readable(row: Row) -> bool:
    """Return whether the site knows the secret that `row` is derived from."""
    return row.made_with is None or row.made_with in keys.names()


def rotate(session: Session, person: int | None = None) -> int:
    """Rewrap keys with the current secret; return the number of changed rows.

    Rotates the rows of one person or, with None, of everybody; unreadable ones stay.
    """
    count = 0
    for model in USES:
        outdated = model.made_with.is_distinct_from(keys.name())
        query: Select[Any] = select(model).where(outdated)
        if person is not None:
            query = query.where(model.person == person)
        count += sum(map(_rotate_row, session.scalars(query.with_for_update())))
    session.flush()
    return count


def count_unreadable() -> int:
    """Count the second factors whose secret the site does not know."""
    unread = SecondFactor.made_with.not_in(keys.names())
    counted = select(func.count()).select_from(SecondFactor).where(unread)
    return db.session.scalar(counted) or 0


def _rotate_row(row: Row) -> bool:
    try:
        row.mask = keys.wrap(USES[type(row)], row.nonce, derived_key(row))
    except LostSecretError:
        return False
    row.made_with = keys.name()
    return True
