"""Open a block, lift it, and ask whether somebody's data are blocked (6.2.4)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, select, text, update
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.blocking.errors import BlockedError
from neupusti.core.blocking.models import Cause, DataBlock, Result, Scope
from neupusti.core.data.database import insert
from neupusti.core.data.finding import Whose
from neupusti.core.deadlines import counting, register

TERM = "RIGHTS_FIX"
IS_OPEN = DataBlock.lifted_at.is_(None)
WHOLE = DataBlock.scope == Scope.ALL.value


class OneField(NamedTuple):
    """One value of one row."""

    model: str
    row: int
    field: str


def open_block(  # noqa: PLR0913 - a row is all of these
    session: Session,
    whose: Whose,
    *,
    by: Cause,
    reason: str = "",
    request: str = "",
    document: str = "",
    field: OneField | None = None,
) -> DataBlock:
    """Block from now on what is about `whose`, in the open write transaction.

    One that is open already stays, with its first date. Raise ValueError for nobody.
    """
    if whose.person is None and whose.email_key is None:
        raise ValueError("a block is about a person or an address")
    wait_for_writers(session)
    now = clock.now()
    row = {
        "person": whose.person,
        "email_key": whose.email_key,
        "scope": (Scope.FIELD if field else Scope.ALL).value,
        **(field._asdict() if field else dict.fromkeys(OneField._fields)),
        "by": by.value,
        "request": request,
        "reason": reason,
        "document": document,
        "from_at": now,
        "due": counting.due(TERM, now, register.calendar(session)).day,
        "lifted_at": None,
        "lifted_by": None,
        "outcome": None,
        "passing": False,
    }
    new = insert(session, DataBlock).on_conflict_do_nothing().returning(DataBlock)
    made: DataBlock | None = session.scalar(new, row)
    if made is not None:
        return made
    same = _field_is(field) if field else _is_of(whose) & WHOLE
    return session.scalars(select(DataBlock).where(IS_OPEN, same)).one()


def lift(
    session: Session, block: DataBlock, *, outcome: Result, by: int | None = None
) -> None:
    """End a block in the open write transaction; the first end stays.

    `by` is the member of staff, or None where the person withdrew it.
    """
    ended = (
        update(DataBlock)
        .where(DataBlock.id == block.id, IS_OPEN)
        .values(lifted_at=clock.now(), lifted_by=by, outcome=outcome.value)
    )
    session.execute(ended)
    session.refresh(block)


def open_of(session: Session, whose: Whose) -> DataBlock | None:
    """Return the open block of everything about `whose`, or None.

    What has no number is its address owner's, whoever of them asked for the block.
    """
    covers = (
        DataBlock.person == whose.person
        if whose.person is not None
        else DataBlock.email_key == whose.email_key
    )
    return session.scalar(select(DataBlock).where(IS_OPEN, WHOLE, covers).limit(1))


def is_blocked(session: Session, whose: Whose) -> bool:
    """Return whether everything about `whose` is blocked."""
    return open_of(session, whose) is not None


def ensure_usable(session: Session, whose: Whose) -> None:
    """Raise BlockedError, which says since when and until when, if it is blocked."""
    block = open_of(session, whose)
    if block is not None:
        raise BlockedError(
            _("These data are blocked until their check has ended, by %(due)s.")
            % {"due": f"{block.due:%d.%m.%Y}"}
        )


@contextmanager
def passing(session: Session, whose: Whose) -> Iterator[None]:
    """Let the person's own act through the guards within the open write transaction.

    Cancelling an order and withdrawing a consent are rights that a block leaves to them;
    nobody else's transaction ever sees the mark.
    """
    block = open_of(session, whose)
    if block is None:
        yield
        return
    _mark(session, block, passing=True)
    yield
    session.flush()
    _mark(session, block, passing=False)


def wait_for_writers(session: Session) -> None:
    """Be the only writer until the transaction ends, before a block or a tombstone.

    The guards of PostgreSQL take the opposite lock: a write that began earlier ends
    earlier, or finds the block. SQLite has one writer at a time in any case.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE data_block IN EXCLUSIVE MODE"))


def _mark(session: Session, block: DataBlock, *, passing: bool) -> None:
    marked = update(DataBlock).where(DataBlock.id == block.id).values(passing=passing)
    session.execute(marked)


def _is_of(whose: Whose) -> ColumnElement[bool]:
    """Return the condition of the blocks of a person, or of an address without one."""
    if whose.person is not None:
        return DataBlock.person == whose.person
    return DataBlock.person.is_(None) & (DataBlock.email_key == whose.email_key)


def _field_is(field: OneField) -> ColumnElement[bool]:
    return (
        (DataBlock.model == field.model)
        & (DataBlock.row == field.row)
        & (DataBlock.field == field.field)
        & (DataBlock.scope == Scope.FIELD.value)
    )
