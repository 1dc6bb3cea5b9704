"""Queries for the board, the journals and the outbox."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, Table, func, or_, select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.blocking.conditions import covered
from neupusti.core.data.database import db
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.outbox import while_blocked
from neupusti.core.records.journal import HEAD, ProcessingEvent, StaffAction, broken

RECENT_ACTIONS = 1000
"""How many of the newest staff actions a page verifies; the command verifies all."""
UNSET = (None, "")
LETTERS = cast("Table", OutboxEmail.__table__)
FAILED = (OutboxState.REFUSED.value, OutboxState.UNSURE.value)


class JournalName(StrEnum):
    """The two journals."""

    STAFF = "staff"
    SITE = "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The filters of a journal; None and "" do not filter."""

    book: JournalName = JournalName.STAFF
    who: int | None = None
    what: str = ""
    whom: int | None = None
    since: date | None = None
    until: date | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """The filters as query parameters."""
        values = asdict(self) | {"book": self.book.value}
        return {name: str(value) for name, value in values.items() if value not in UNSET}

    @property
    def rows(self) -> Select[Any]:
        """The rows, the newest first."""
        if self.book is JournalName.STAFF:
            return self._rows(StaffAction, StaffAction.staff, StaffAction.action)
        return self._rows(ProcessingEvent, ProcessingEvent.actor, ProcessingEvent.operation)

    def _rows(self, model: Any, who: Any, what: Any) -> Select[Any]:
        query = select(model).order_by(model.id.desc())
        for column, value in (
            (who, self.who),
            (what, self.what),
            (model.person, self.whom),
        ):
            if value not in UNSET:
                query = query.where(column == value)
        if self.since:
            query = query.where(model.at >= clock.midnight(self.since))
        if self.until:
            end = clock.midnight(self.until + timedelta(days=1))
            query = query.where(model.at < end)
        return query


def actors() -> list[int]:
    """Return the numbers of the staff in the journal."""
    known = select(StaffAction.staff).where(StaffAction.staff.is_not(None)).distinct()
    return sorted(number for number in db.session.scalars(known) if number is not None)


def chain_intact() -> bool:
    """Return whether the hash chain of the newest staff actions is intact."""
    session = db.session()
    return (
        broken(session, RECENT_ACTIONS) is None
        and HEAD.problem(session, StaffAction) is None
    )


def in_use() -> ColumnElement[bool]:
    """Return the condition of the e-mails that staff may read: a block covers the others.

    What leaves in spite of a block stays: without a mail server staff hand it over.
    """
    return or_(~covered(LETTERS), OutboxEmail.kind.in_(while_blocked()))


def email(session: Session, number: int) -> OutboxEmail | None:
    """Return an e-mail that staff may read, or None."""
    found = select(OutboxEmail).where(OutboxEmail.id == number, in_use())
    row: OutboxEmail | None = session.scalar(found)
    return row


def emails(state: str, kind: str) -> Select[Any]:
    """Return the e-mails of the outbox, the newest first."""
    query = select(OutboxEmail).where(in_use()).order_by(OutboxEmail.id.desc())
    if state:
        query = query.where(OutboxEmail.state == state)
    return query.where(OutboxEmail.kind == kind) if kind else query


def emails_by_state() -> dict[str, int]:
    """Return the number of e-mails in each state."""
    counted = select(OutboxEmail.state, func.count()).where(in_use())
    counted = counted.group_by(OutboxEmail.state)
    return {row[0]: row[1] for row in db.session.execute(counted)}


def failed() -> int:
    """Count the e-mails whose delivery failed or is uncertain."""
    query = select(func.count()).select_from(OutboxEmail)
    query = query.where(OutboxEmail.state.in_(FAILED), in_use())
    return db.session.scalar(query) or 0


def today(model: Any, *conditions: Any) -> int:
    """Count the rows of a journal since midnight in Almaty."""
    since = clock.midnight(clock.today())
    query = select(func.count()).select_from(model).where(model.at >= since, *conditions)
    return db.session.scalar(query) or 0
