"""The points of a series: every hour, day or month of a period, including empty ones."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, case, cast, func

from neupusti.access import calendar
from neupusti.access.counters import Totals
from neupusti.core import clock
from neupusti.statistics.queries.figures import Point
from neupusti.statistics.queries.period import Period, Unit

WEEK, THURSDAY = 7 * 24, 3 * 24
"""The hours of a week; those from Monday to Thursday, on which the year 1970 began."""


def points(period: Period, found: Iterable[tuple[datetime, Totals]]) -> list[Point]:
    """Return the complete series, given the totals of non-empty intervals."""
    # Keyed by timestamp: an hour that clocks show twice is two intervals.
    sums: dict[float, Totals] = {}
    for start, totals in found:
        at = floor(start, period.unit).timestamp()
        sums[at] = sums[at] + totals if at in sums else totals
    return [
        Point(at, sums.get(at.timestamp(), Totals())) for at in _interval_starts(period)
    ]


def floor(at: datetime, unit: Unit) -> datetime:
    """Return the start of the hour, day or month of a moment in Almaty."""
    local = at.astimezone(clock.ALMATY)
    if unit is Unit.HOUR:
        return local.replace(minute=0, second=0, microsecond=0)
    day = local.date() if unit is Unit.DAY else local.date().replace(day=1)
    return clock.midnight(day).astimezone(clock.ALMATY)


def local(at: Any, period: Period) -> Any:
    """Return the SQL expression of Almaty's time, as milliseconds since 1970.

    Offsets change: on 1 March 2024 the clocks were put back by an hour.
    """
    (_, ahead), *changed = calendar.utc_offsets(period.first, period.last)
    if not changed:
        return at + ahead
    offsets = [(at >= since, offset) for since, offset in reversed(changed)]
    return at + case(*offsets, else_=ahead)


def hour_of_week(at: Any, period: Period) -> Any:
    """Return the SQL expression of the hour of a week: 0 is Monday, 0:00 in Almaty."""
    return (whole(local(at, period), calendar.HOUR) + THURSDAY) % WEEK


def whole(at: Any, step: int) -> Any:
    """Return the SQL expression of how many steps (in milliseconds) fit into `at`."""
    return cast(func.floor(at / step), BigInteger)


def _interval_starts(period: Period) -> Iterator[datetime]:
    if period.unit is Unit.HOUR:
        at = period.start
        end = min(period.end, max(clock.now(), period.start + timedelta(hours=1)))
        while at < end:
            yield at.astimezone(clock.ALMATY)
            at += timedelta(hours=1)
        return
    day, seen = period.first, None
    while day <= period.last:
        start = floor(clock.midnight(day), period.unit)
        if start != seen:
            yield start
        seen, day = start, calendar.after(day)
