"""The register of what is promised by when: open it, meet it, count it again."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.database import insert
from neupusti.core.deadlines import counting, terms
from neupusti.core.deadlines.models import CalendarDay, Deadline
from neupusti.core.deadlines.workdays import Calendar


def calendar(session: Session, *, estimates: bool = False) -> Calendar:
    """Return the calendar in use: that of the library with the corrections of staff.

    With `estimates` it errs late, for what somebody else has to do in time.
    """
    days = session.execute(
        select(CalendarDay.day, CalendarDay.working, CalendarDay.confirmed)
    ).all()
    return Calendar(
        worked=frozenset(row.day for row in days if row.working),
        off=frozenset(row.day for row in days if row.confirmed and not row.working),
        estimates=estimates,
    )


def open_deadline(
    session: Session, kind: str, subject: str, codes: Iterable[str], received_at: datetime
) -> Deadline:
    """Store by when `subject` is due in the open write transaction, and return it.

    The strictest of the terms `codes` counts, from the receipt, which may be long ago: on
    paper, by telephone. The first deadline of a subject and kind stays. Raise
    UnknownTermError.
    """
    days = calendar(session)
    found = counting.strictest(codes, received_at, days)
    row = {
        "kind": kind,
        "subject": subject,
        "code": found.term.code,
        "version": found.term.version,
        "received_at": received_at,
        "start": found.start,
        "due": found.day,
        "promised": found.day,
        "target_at": found.target,
        "calendar": days.digest,
        "remind_at": counting.next_reminder(received_at, found.day, days, clock.now()),
        "met_at": None,
        "late": found.at <= clock.now(),
    }
    new = insert(session, Deadline).on_conflict_do_nothing()
    made = session.scalar(new.returning(Deadline), row)
    return made or deadline_of(session, kind, subject)


def deadline_of(session: Session, kind: str, subject: str) -> Deadline:
    """Return the deadline of a subject; raise NoResultFound."""
    return session.scalars(select(Deadline).filter_by(kind=kind, subject=subject)).one()


def meet(session: Session, kind: str, subject: str, at: datetime | None = None) -> Deadline:
    """Store that a deadline was met, now or at an earlier moment; only the first counts.

    Raise NoResultFound where none was opened.
    """
    found = deadline_of(session, kind, subject)
    # Of two answers at once one is first, and the other finds it.
    session.refresh(found, with_for_update=True)  # no mutation: it needs two writers
    if found.met_at is None:
        found.met_at = at or clock.now()
        found.late = found.late or found.met_at >= found.due_at
    return found


def count_again(session: Session) -> int:
    """Count every open deadline by the calendar of today; return how many moved.

    A date only moves to an earlier day: what was told to a person stays a promise. What is
    past its day is late from now on.
    """
    days, now, moved = calendar(session), clock.now(), 0
    open_ = select(Deadline).where(Deadline.met_at.is_(None)).order_by(Deadline.id)
    # Locked: of two machines that count at once one moves them and reminds.
    for row in session.scalars(open_.with_for_update()):
        if row.calendar != days.digest or row.version != _version(row):
            moved += _move(row, days)
        row.late = row.late or row.due_at <= now
    return moved


def open_deadlines(session: Session) -> list[Deadline]:
    """Return what is open, the most urgent first."""
    rows = select(Deadline).where(Deadline.met_at.is_(None))
    return list(session.scalars(rows.order_by(Deadline.due, Deadline.id)))


def _version(row: Deadline) -> str:
    return terms.term(row.code).version


def _move(row: Deadline, days: Calendar) -> bool:
    found = counting.due(row.code, row.received_at, days)
    before: date = row.due
    row.calendar = days.digest
    row.due = min(before, found.day)
    row.target_at = min(row.target_at, found.target)
    at = counting.next_reminder(row.received_at, row.due, days, clock.now())
    row.remind_at = min(row.remind_at, at)
    return row.due < before
