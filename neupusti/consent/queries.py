"""Query the counts that the staff page shows."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from neupusti.consent.models import ALL, ChoiceOutcome, ConsentCount, UndeclaredCookie
from neupusti.core.data.database import db


@dataclass(frozen=True, slots=True)
class CountLine:
    """The counts of one day or one category, by outcome."""

    name: str
    numbers: dict[str, int]

    def number(self, outcome: ChoiceOutcome) -> int:
        """Return the count of `outcome`."""
        return self.numbers.get(outcome.value, 0)

    @property
    def unanswered(self) -> int:
        """Pages that asked and got no answer; at least 0, because `shown` lags behind."""
        answers = (ChoiceOutcome.ACCEPTED, ChoiceOutcome.REJECTED, ChoiceOutcome.PARTLY)
        return max(0, self.number(ChoiceOutcome.SHOWN) - sum(map(self.number, answers)))


def by_day(since: date, until: date) -> list[CountLine]:
    """Return the days from `since` to `until` that have counts, newest first."""
    return _lines(since, until, of_category=False)


def by_category(since: date, until: date) -> list[CountLine]:
    """Return the counts of each category from `since` to `until`."""
    return _lines(since, until, of_category=True)


def undeclared_cookies() -> list[UndeclaredCookie]:
    """Return the undeclared names that our own code tried to set, newest first."""
    return list(
        db.session.scalars(
            select(UndeclaredCookie).order_by(UndeclaredCookie.last_at.desc())
        )
    )


def _lines(since: date, until: date, *, of_category: bool) -> list[CountLine]:
    total = ConsentCount.category == ALL
    query = select(ConsentCount).where(
        ConsentCount.day.between(since, until), ~total if of_category else total
    )
    found: dict[str, dict[str, int]] = {}
    for count in db.session.scalars(query):
        name = count.category if of_category else count.day.isoformat()
        numbers = found.setdefault(name, {})
        numbers[count.outcome] = numbers.get(count.outcome, 0) + count.number
    return [
        CountLine(name, numbers)
        for name, numbers in sorted(found.items(), reverse=not of_category)
    ]
