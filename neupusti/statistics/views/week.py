"""The people of each hour of a week, on average, as a table with shades."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from babel import Locale
from babel.numbers import format_decimal

from neupusti.access import calendar
from neupusti.access.models import millis
from neupusti.core import clock
from neupusti.core.text import languages
from neupusti.statistics.queries.figures import FigureSource
from neupusti.statistics.queries.period import Period
from neupusti.statistics.queries.series import THURSDAY, WEEK

HOURS, DAYS = 24, 7
SHADES = 4
MANY = 10
"""From this average on, no decimal is shown."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The average of one hour, and its shade: 0 for nobody, `SHADES` for the most."""

    figure: str
    shade: int


@dataclass(frozen=True, slots=True)
class WeekTable:
    """A row for each hour of the day, a column for each day of the week."""

    days: list[str]
    rows: list[list[Cell]]


def table(source: FigureSource, period: Period, since: datetime) -> WeekTable | None:
    """Return the table, or None where the figures cover less than a week."""
    begin, end = max(period.start, since), min(period.end, clock.now())
    if (end - begin) // timedelta(hours=1) < WEEK:
        return None
    counted = replace(period, first=calendar.day_of(begin))
    sums = source.people_by_hour_of_week(counted)
    if not sums:
        return None
    averages = [
        sums.get(at, 0) / max(times, 1) for at, times in enumerate(_times(begin, end))
    ]
    locale, most = languages.current().locale, max(averages)
    cells = [
        Cell(
            format_decimal(average, "0" if most >= MANY else "0.#", locale),
            int(-(-SHADES * average // most)) if most else 0,
        )
        for average in averages
    ]
    names = Locale.parse(locale).days["stand-alone"]["abbreviated"]
    return WeekTable(
        [names[day] for day in range(DAYS)],
        [[cells[day * HOURS + hour] for day in range(DAYS)] for hour in range(HOURS)],
    )


def _times(begin: datetime, end: datetime) -> list[int]:
    """Return how often each hour of a week came between two moments.

    Where the clocks were put back, one came once more.
    """
    offsets = calendar.utc_offsets(calendar.day_of(begin), calendar.day_of(end))
    times = [0] * WEEK
    for (since, ahead), (until, _) in pairwise([*offsets, (millis(end), 0)]):
        start = max(since, millis(begin))
        hours = max((min(until, millis(end)) - start) // calendar.HOUR, 0)
        first = (start + ahead) // calendar.HOUR + THURSDAY
        for at in range(WEEK):
            times[at] += hours // WEEK + ((at - first) % WEEK < hours % WEEK)
    return times
