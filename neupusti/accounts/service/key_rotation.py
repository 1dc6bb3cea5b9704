"""What apps and recovery codes are made of, under the present secret or a former one.

A row holds a random number, and the name of the secret that makes the rest of it. When the
site has another secret, `rotate` adds a mask, so that the new secret makes the same
bytes: the app on the phone goes on, and the former secret is needed no more.
"""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from neupusti.accounts.models import RecoveryCode, SecondFactor
from neupusti.core.data import keys
from neupusti.core.data.database import db
from neupusti.core.data.keys import LostSecretError

Row = SecondFactor | RecoveryCode
USES: dict[type[SecondFactor] | type[RecoveryCode], str] = {
    SecondFactor: "second factor",
    RecoveryCode: "recovery code",
}


def value(row: Row) -> bytes:
    """Return the 32 bytes of `row`; raise LostSecretError."""
    return keys.derived_keys(USES[type(row)], row.nonce, row.made_with, row.mask)


def readable(row: Row) -> bool:
    """Tell whether the site knows the secret that `row` was made with."""
    return row.made_with is None or row.made_with in keys.names()


def rotate(session: Session, person: int | None = None) -> int:
    """Let the present secret make what a former one made; return how many rows that were.

    The rows of one person or, with None, of everybody; those that no secret can read stay.
    """
    count = 0
    for model in USES:
        other = model.made_with.is_distinct_from(keys.name())
        wanted: Select[Any] = select(model).where(other)
        if person is not None:
            wanted = wanted.where(model.person == person)
        count += sum(map(_rotated, session.scalars(wanted.with_for_update())))
    session.flush()
    return count


def lost() -> int:
    """Count the second factors that no secret of the site can read."""
    unread = SecondFactor.made_with.not_in(keys.names())
    counted = select(func.count()).select_from(SecondFactor).where(unread)
    return db.session.scalar(counted) or 0


def _rotated(row: Row) -> bool:
    try:
        row.mask = keys.wrap(USES[type(row)], row.nonce, value(row))
    except LostSecretError:
        return False
    row.made_with = keys.name()
    return True
