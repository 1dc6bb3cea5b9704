"""The counts of the staff page."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from neupusti.consent.models import ALL, ChoiceOutcome, ConsentCount, UndeclaredCookie
from neupusti.core.data.database import db


@dataclass(frozen=True, slots=True)
class CountLine:
    """One day, or one category: how often asked and how answered."""

    name: str
    numbers: dict[str, int]

    def number(self, outcome: ChoiceOutcome) -> int:
        """Return one of its counts."""
        return self.numbers.get(outcome.value, 0)

    @property
    def unanswered(self) -> int:
        """Pages that asked and got no answer; `shown` lags behind, so not below nought."""
        answers = (ChoiceOutcome.ACCEPTED, ChoiceOutcome.REJECTED, ChoiceOutcome.PARTLY)
        return max(0, self.number(ChoiceOutcome.SHOWN) - sum(map(self.number, answers)))


def by_day(since: date, until: date) -> list[CountLine]:
    """Return the days of a stretch that have counts, the newest first."""
    return _lines(since, until, of_category=False)


def by_category(since: date, until: date) -> list[CountLine]:
    """Return the counts of each category over a stretch of days."""
    return _lines(since, until, of_category=True)


def undeclared_cookies() -> list[UndeclaredCookie]:
    """Return the undeclared names our own code tried to set, the newest first."""
    return list(
        db.session.scalars(
            select(UndeclaredCookie).order_by(UndeclaredCookie.last_at.desc())
        )
    )


def _lines(since: date, until: date, *, of_category: bool) -> list[CountLine]:
    whole = ConsentCount.category == ALL
    wanted = select(ConsentCount).where(
        ConsentCount.day.between(since, until), ~whole if of_category else whole
    )
    found: dict[str, dict[str, int]] = {}
    for count in db.session.scalars(wanted):
        name = count.category if of_category else count.day.isoformat()
        numbers = found.setdefault(name, {})
        numbers[count.outcome] = numbers.get(count.outcome, 0) + count.number
    return [
        CountLine(name, numbers)
        for name, numbers in sorted(found.items(), reverse=not of_category)
    ]
