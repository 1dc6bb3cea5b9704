"""Count the day by which something is due: pure, and never later than the law.

Day 0 is the date in Almaty on which the term begins, day 1 the next one; a term ends with
its last day, at 24:00 in Almaty. A term of calendar days is not moved over a day off,
which is stricter than the Civil Code allows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from neupusti.core import clock
from neupusti.core.deadlines.terms import Term, Unit, term
from neupusti.core.deadlines.workdays import Calendar

DAY = timedelta(days=1)
SOON = timedelta(hours=4)
"""When to remind of what is due within a day."""
MORNING = time(9)
"""When to remind on the day itself, in Almaty."""


@dataclass(frozen=True, slots=True)
class Due:
    """When something that was received is due."""

    term: Term
    start: date
    """Day 0."""
    day: date
    """The last day of the term."""
    at: datetime
    """Its end."""
    target: datetime
    """Half of the term: by then it should be done."""


def due(code: str, received: datetime, calendar: Calendar) -> Due:
    """Return when what was `received` is due; raise UnknownTermError."""
    what = term(code)
    start = received.astimezone(clock.ALMATY).date()
    day = _last_day(what, start, calendar)
    at = end_of(day)
    return Due(what, start, day, at, received + (at - received) / 2)


def strictest(codes: Iterable[str], received: datetime, calendar: Calendar) -> Due:
    """Return the earliest of several terms that begin at once (8.2)."""
    return min((due(code, received, calendar) for code in codes), key=lambda one: one.at)


def end_after(start: datetime, count: int, calendar: Calendar) -> datetime:
    """Return the end of the `count`-th working day after that of `start`."""
    return end_of(calendar.after(start.astimezone(clock.ALMATY).date(), count))


def end_of(day: date) -> datetime:
    """Return the moment at which `day` ends in Almaty, in UTC."""
    return clock.midnight(day + DAY)


def reminders(received: datetime, last: date, calendar: Calendar) -> list[datetime]:
    """Return when to remind of what is due on the day `last`, in order.

    At half the term, at 9:00 on the working day before and on the day itself; what is due
    within one working day, after four hours and on the day.
    """
    start = received.astimezone(clock.ALMATY).date()
    before = calendar.before(last)
    first = (
        [received + SOON]
        if before <= start
        else [received + (end_of(last) - received) / 2, morning(before)]
    )
    return sorted({*first, morning(last)})


def next_reminder(
    received: datetime, last: date, calendar: Calendar, now: datetime
) -> datetime:
    """Return the first reminder after `now`: daily once the day has come."""
    ahead = [at for at in reminders(received, last, calendar) if at > now]
    if ahead:
        return ahead[0]
    today = now.astimezone(clock.ALMATY).date()
    return next(at for at in (morning(today), morning(today + DAY)) if at > now)


def morning(day: date) -> datetime:
    """Return when staff are reminded on `day`, in UTC."""
    return datetime.combine(day, MORNING, clock.ALMATY).astimezone(UTC)


def _last_day(what: Term, start: date, calendar: Calendar) -> date:
    match what.unit:
        case Unit.WORKING_DAY:
            return calendar.after(start, what.amount)
        case Unit.CALENDAR_DAY:
            return start + timedelta(days=what.amount)
        case Unit.YEAR:
            # The first of them is the tax period after the one of the start.
            return date(start.year + what.amount, 12, 31)
