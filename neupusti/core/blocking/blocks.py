"""Open a block, lift it, and ask whether somebody's data are blocked (6.2.4)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, select, text, update
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.blocking.errors import BlockedError
from neupusti.core.blocking.models import Cause, DataBlock, Result, Scope
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import insert
from neupusti.core.data.finding import Whose
from neupusti.core.deadlines import counting, register
from neupusti.core.records import journal
from neupusti.core.records.decision_file import DecisionLine
from neupusti.core.records.decisions import Decision, decide
from neupusti.core.records.journal import Operation, ProcessingRecord

TERM = "RIGHTS_FIX"
IS_OPEN = DataBlock.lifted_at.is_(None)
WHOLE = DataBlock.scope == Scope.ALL.value
RANKS = (Cause.PERSON, Cause.AGENT, Cause.SYSTEM, Cause.STAFF, Cause.BODY)
"""Who may take a block over from those before."""


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
        "due": _due(session, now),
        "passing": False,
    }
    new = insert(session, DataBlock).on_conflict_do_nothing().returning(DataBlock)
    made: DataBlock | None = session.scalar(new, row)
    if made is not None:
        _record(session, made, Decision.BLOCKED)
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
    is_first = session.scalar(ended.returning(DataBlock.id)) is not None
    session.refresh(block)
    if is_first:
        _record(session, block, Decision.LIFTED, outcome=outcome.value)


def take_over(session: Session, block: DataBlock, by: Cause, document: str = "") -> bool:
    """Let an open block stand for `by` from now on; return whether it did not before.

    Else what the shop must block would end with the will of its person. None is taken over
    from who counts more, whose paper it names.
    """
    if RANKS.index(Cause(block.by)) >= RANKS.index(by):
        return False
    block.by, block.document = by.value, document
    _record(session, block, Decision.BLOCKED)
    return True


def block_again(session: Session, line: DecisionLine) -> int:
    """Open in a restored database a block that is recorded, with its first date."""
    whose = line.whose
    if whose == Whose():
        return 0
    if (before := open_of(session, whose)) is not None:
        is_same = before.request == line.ref
        return int(is_same and take_over(session, before, Cause(line.values["by"])))
    known = select(DataBlock.id).where(DataBlock.request == line.ref, WHOLE)
    if line.ref and session.scalar(known) is not None:
        return 0
    block = open_block(session, whose, by=Cause(line.values["by"]), request=line.ref)
    block.from_at, block.due = line.at, _due(session, line.at)
    return 1


def lift_again(session: Session, line: DecisionLine) -> int:
    """End in a restored database a block that is recorded as ended."""
    block = open_of(session, line.whose) if line.whose != Whose() else None
    if block is None or block.request != line.ref:
        return 0
    lift(session, block, outcome=Result(line.values["outcome"]))
    block.lifted_at = line.at
    return 1


def open_of(session: Session, whose: Whose) -> DataBlock | None:
    """Return the open block of everything about `whose`, or None."""
    found = select(DataBlock).where(IS_OPEN, WHOLE, _covers(whose))
    return session.scalar(found.limit(1))


def of_request(session: Session, number: str) -> DataBlock | None:
    """Return the open block of a request, of everything or of one field; or None."""
    return session.scalar(select(DataBlock).where(IS_OPEN, DataBlock.request == number))


def of_field(session: Session, field: OneField) -> DataBlock | None:
    """Return the open block of one value, or None."""
    return session.scalar(select(DataBlock).where(IS_OPEN, _field_is(field)))


def is_contested(session: Session, model: str, row: int) -> bool:
    """Return whether a value of a row is contested: nothing of the row is changed then."""
    found = select(DataBlock.id).where(IS_OPEN, _row_is(model, row))
    return session.scalar(found.limit(1)) is not None


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
    with _passed(session, _covers(whose)):
        yield


@contextmanager
def passing_row(session: Session, model: str, row: int) -> Iterator[None]:
    """Let one value of a row be set while others of it are still contested."""
    with _passed(session, _row_is(model, row)):
        yield


@contextmanager
def _passed(session: Session, which: ColumnElement[bool]) -> Iterator[None]:
    # Those that an outer block lets through already stay so to its end.
    held = select(DataBlock.id).where(IS_OPEN, ~DataBlock.passing, which)
    numbers = session.scalars(held).all()
    if not numbers:
        yield
        return
    _mark(session, numbers, passing=True)
    yield
    session.flush()
    _mark(session, numbers, passing=False)


def wait_for_writers(session: Session) -> None:
    """Be the only writer until the transaction ends, before a block or a tombstone.

    The guards of PostgreSQL take the opposite lock: a write that began earlier ends
    earlier, or finds the block. SQLite has one writer at a time in any case.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE data_block IN EXCLUSIVE MODE"))


def keep_out(session: Session) -> None:
    """Keep a block from being opened until the transaction ends: before it locks a row.

    Whoever opens one locks the blocks first, then rows; the guards of PostgreSQL would
    lock the blocks only once rows are locked: each would wait for the other.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE data_block IN ROW SHARE MODE"))


def _record(session: Session, block: DataBlock, kind: Decision, **values: str) -> None:
    """Record a block or its end outside the database, and in the journal."""
    if block.scope == Scope.ALL:
        decide(
            session,
            kind,
            person=block.person,
            email_key=block.email_key,
            ref=block.request,
            values={"by": block.by, **values},
        )
    record = ProcessingRecord(
        operation=Operation.BLOCKING,
        what=f"{kind.value} {block.request}".strip(),
        why=Purpose.FEEDBACK,
        person=block.person,
    )
    journal.log_processing(session, record)


def _due(session: Session, at: datetime) -> date:
    return counting.due(TERM, at, register.calendar(session)).day


def _mark(session: Session, numbers: Sequence[int], *, passing: bool) -> None:
    marked = update(DataBlock).where(DataBlock.id.in_(numbers)).values(passing=passing)
    session.execute(marked)


def _covers(whose: Whose) -> ColumnElement[bool]:
    """Return the condition of the blocks that cover what is about `whose`.

    What has no number is its address owner's, whoever of them asked for the block.
    """
    if whose.person is not None:
        return DataBlock.person == whose.person
    return DataBlock.email_key == whose.email_key


def _is_of(whose: Whose) -> ColumnElement[bool]:
    """Return the condition of the blocks of a person, or of an address without one."""
    if whose.person is not None:
        return DataBlock.person == whose.person
    return DataBlock.person.is_(None) & (DataBlock.email_key == whose.email_key)


def _field_is(field: OneField) -> ColumnElement[bool]:
    return _row_is(field.model, field.row) & (DataBlock.field == field.field)


def _row_is(model: str, row: int) -> ColumnElement[bool]:
    return (
        (DataBlock.model == model)
        & (DataBlock.row == row)
        & (DataBlock.scope == Scope.FIELD.value)
    )
