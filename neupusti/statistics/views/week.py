"""The people of each hour of a week, on average, as a table with shades."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from babel import Locale
from babel.numbers import format_decimal

from neupusti.core import clock
from neupusti.core.text import languages
from neupusti.statistics.queries.figures import FigureSource
from neupusti.statistics.queries.period import Period
from neupusti.statistics.queries.series import WEEK

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
    hours = (end - begin) // timedelta(hours=1)
    if hours < WEEK:
        return None
    local = begin.astimezone(clock.ALMATY)
    first = local.weekday() * HOURS + local.hour
    sums = source.people_by_hour_of_week(period)
    if not sums:
        return None
    averages = [
        sums.get(at, 0) / (hours // WEEK + ((at - first) % WEEK < hours % WEEK))
        for at in range(WEEK)
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
