"""What the board, the journals and the outbox show."""

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, func, select

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.records.journal import ProcessingEvent, StaffAction, broken

CHECKED = 1000
"""How many of the newest acts a page recomputes; the command does all of them."""
UNASKED = (None, "")
FAILED = (OutboxState.REFUSED.value, OutboxState.UNSURE.value)


class Book(StrEnum):
    """The two journals."""

    STAFF = "staff"
    SITE = "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which rows of a journal are wanted; None and "" leave a thing open."""

    book: Book = Book.STAFF
    who: int | None = None
    what: str = ""
    whom: int | None = None
    since: date | None = None
    until: date | None = None

    @property
    def asked(self) -> dict[str, Any]:
        """The filters as an address carries them."""
        values = asdict(self) | {"book": self.book.value}
        return {name: str(value) for name, value in values.items() if value not in UNASKED}

    @property
    def rows(self) -> Select[Any]:
        """The rows, the newest first."""
        if self.book is Book.STAFF:
            return self._rows(StaffAction, StaffAction.staff, StaffAction.action)
        return self._rows(ProcessingEvent, ProcessingEvent.actor, ProcessingEvent.operation)

    def _rows(self, model: Any, who: Any, what: Any) -> Select[Any]:
        wanted = select(model).order_by(model.id.desc())
        for column, value in (
            (who, self.who),
            (what, self.what),
            (model.person, self.whom),
        ):
            if value not in UNASKED:
                wanted = wanted.where(column == value)
        if self.since:
            wanted = wanted.where(model.at >= clock.midnight(self.since))
        if self.until:
            end = clock.midnight(self.until + timedelta(days=1))
            wanted = wanted.where(model.at < end)
        return wanted


def actors() -> list[int]:
    """Return the numbers of the members of staff who have acted."""
    known = select(StaffAction.staff).where(StaffAction.staff.is_not(None)).distinct()
    return sorted(number for number in db.session.scalars(known) if number is not None)


def sound() -> bool:
    """Tell whether the chain vouches for the newest acts of staff."""
    return broken(db.session(), CHECKED) is None


def emails(state: str, kind: str) -> Select[Any]:
    """Return the letters of the outbox, the newest first."""
    wanted = select(OutboxEmail).order_by(OutboxEmail.id.desc())
    if state:
        wanted = wanted.where(OutboxEmail.state == state)
    return wanted.where(OutboxEmail.kind == kind) if kind else wanted


def emails_by_state() -> dict[str, int]:
    """Return how many letters are in each state."""
    counted = select(OutboxEmail.state, func.count()).group_by(OutboxEmail.state)
    return {row[0]: row[1] for row in db.session.execute(counted)}


def failed() -> int:
    """Count the letters that nobody will get unless somebody looks after them."""
    wanted = (
        select(func.count()).where(OutboxEmail.state.in_(FAILED)).select_from(OutboxEmail)
    )
    return db.session.scalar(wanted) or 0


def today(model: Any, *conditions: Any) -> int:
    """Count the rows of a journal since midnight in Almaty."""
    since = clock.midnight(clock.today())
    wanted = select(func.count()).select_from(model).where(model.at >= since, *conditions)
    return db.session.scalar(wanted) or 0
