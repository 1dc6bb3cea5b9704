"""Whether the process that claimed an email lives: a lock of PostgreSQL dies with it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import ColumnElement, bindparam, func, select

from neupusti.core.data.database import db
from neupusti.core.mail.models import OutboxEmail

MAIL = 0x6D61696C
"""The class of the advisory locks: «mail»."""
MARK = select(func.pg_try_advisory_xact_lock_shared(MAIL, bindparam("number")))
"""Many may mark one email, such as a sender that tried it before: its row says whose it is.
None may while it is being looked at whether any did."""


@contextmanager
def living() -> Iterator[Callable[[int], bool]]:
    """Yield what marks an email as one of this process until the block ends, if it can.

    The connection stays in one transaction, so that a PgBouncer of any mode keeps it one.
    On SQLite nothing is marked: whoever starts knows that all others have ended.
    """
    if db.engine.dialect.name != "postgresql":
        yield lambda _number: True
        return
    with db.engine.connect() as connection:
        yield lambda number: connection.execute(MARK, {"number": number}).scalar_one()


def is_orphaned() -> ColumnElement[bool]:
    """Return the condition of emails on PostgreSQL that no living process has marked."""
    orphaned: ColumnElement[bool] = func.pg_try_advisory_xact_lock(MAIL, OutboxEmail.id)
    return orphaned
