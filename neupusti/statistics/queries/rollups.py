"""The statistics of all requests, read from the roll-ups."""

from collections.abc import Iterable
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    cast,
    func,
    select,
    text,
)

from neupusti.access import calendar
from neupusti.access.counters import SUMS, TOTALS, Totals
from neupusti.access.ingest.batch import OF_ALL
from neupusti.access.models import Rollup, Total, of_scanners
from neupusti.core import clock
from neupusti.statistics.queries import series
from neupusti.statistics.queries.days import first
from neupusti.statistics.queries.figures import Item, ListOrder, ListPart, Point
from neupusti.statistics.queries.filters import Dimension
from neupusti.statistics.queries.period import Period, Unit

WITHOUT_VISITORS = frozenset(
    {
        *(Dimension.PATH, Dimension.STATUS, Dimension.METHOD, Dimension.CONSENT),
        *(Dimension.MISSING, Dimension.BROKEN, Dimension.ROBOT_404, Dimension.STATIC),
    }
)
"""A visitor has many values of these: counting each would take a key per request."""
MAX_DEPTH = 5000
"""Depth of a day's list beyond which all values are summed."""
MAX_DAYS = 100
OF_DAY = "SELECT value, requests FROM access_rollup"


class Rollups:
    """Reads totals by hour and day, and values of dimensions by day."""

    def __init__(self, connection: Connection, *, scanners: bool = False) -> None:
        """Read lists with or without what scanners did; totals always have it."""
        self.connection = connection
        self.scanners = scanners

    def totals(self, period: Period) -> Totals:
        """Return the sums of a period."""
        columns = [func.coalesce(func.sum(getattr(Total, name)), 0) for name in TOTALS]
        row = self.connection.execute(select(*columns).where(_days_and_hours(period))).one()
        return Totals(*map(int, row))

    def series(self, period: Period) -> list[Point]:
        """Return the points of a period, including empty ones."""
        unit = "hour" if period.unit is Unit.HOUR else "day"
        columns = [getattr(Total, name) for name in TOTALS]
        rows = self.connection.execute(
            select(Total.start, *columns).where(*_within(period, unit))
        )
        return series.points(period, ((row[0], Totals(*row[1:])) for row in rows))

    def people_by_hour_of_week(self, period: Period) -> dict[int, int]:
        """Return the people of each hour of a week in Almaty (0: Monday, 0:00), summed."""
        hour = series.hour_of_week(cast(Total.start, BigInteger), period)
        rows = self.connection.execute(
            select(hour, func.sum(Total.__table__.c.people))
            .where(*_within(period, "hour"))
            .group_by(hour)
        )
        return {int(row[0]): int(row[1]) for row in rows}

    def counts_visitors(self, dimension: Dimension) -> bool:
        """Return whether visitors are counted for each value of a dimension."""
        return dimension not in WITHOUT_VISITORS

    def top(self, dimension: Dimension, period: Period, part: ListPart) -> list[Item]:
        """Return some values of a dimension, in descending order.

        The top values of each day are read from an index. A value that is in none of these
        lists cannot have more requests than the sum of their last entries; so a few values
        of each day are enough for an exact list of all days.
        """
        order = part.order
        if order is ListOrder.VISITORS and not self.counts_visitors(dimension):
            order = ListOrder.REQUESTS
        wanted = part.limit + part.offset
        depth = wanted * 4
        days = [calendar.after(period.first, at) for at in range(period.days)]
        listed = [*product(days, self._dimensions(dimension))]
        while order is ListOrder.REQUESTS and depth <= MAX_DEPTH and len(days) <= MAX_DAYS:
            parts = [{"dimension": n, "day": day.isoformat()} for day, n in listed]
            names, bound = first(self.connection, OF_DAY, parts, depth)
            found = self._sums(dimension, period, names)
            if bound == 0 or (len(found) >= wanted and found[wanted - 1].requests >= bound):
                return found[part.offset : wanted]
            depth *= 4
        rows = self.connection.execute(
            self._sums_query(dimension, period)
            .order_by(text(f"{order} DESC"), Rollup.value)
            .limit(part.limit)
            .offset(part.offset)
        )
        return [self._item(dimension, row) for row in rows]

    def _item(self, dimension: Dimension, row: Any) -> Item:
        sums = {name: int(getattr(row, name)) for name in SUMS}
        known: dict[str, int | None] = {**sums}
        if not self.counts_visitors(dimension):
            known["visitors"] = None
        return Item(row.value, **known)  # type: ignore[arg-type]

    def _dimensions(self, dimension: Dimension) -> list[str]:
        """Return the dimensions in which a list is kept."""
        if self.scanners and dimension not in OF_ALL:
            return [dimension.value, of_scanners(dimension.value)]
        return [dimension.value]

    def _sums(
        self, dimension: Dimension, period: Period, names: Iterable[str]
    ) -> list[Item]:
        rows = self.connection.execute(
            self._sums_query(dimension, period).where(Rollup.value.in_(sorted(names)))
        )
        items = [self._item(dimension, row) for row in rows]
        return sorted(items, key=lambda item: (-item.requests, item.value))

    def _sums_query(self, dimension: Dimension, period: Period) -> Any:
        columns = [func.sum(getattr(Rollup, name)).label(name) for name in SUMS]
        return (
            select(Rollup.value, *columns)
            .where(
                Rollup.dimension.in_(self._dimensions(dimension)),
                Rollup.day.between(period.first, period.last),
            )
            .group_by(Rollup.value)
            # What a scanner did is moved when it is found: nothing may be left of a value.
            .having(func.sum(Rollup.requests) + func.sum(Rollup.visitors) > 0)
        )


def log_start(connection: Connection) -> datetime | None:
    """Return the start of the first hour of the log; None if it is empty."""
    first: datetime | None = connection.execute(
        select(func.min(Total.start)).where(Total.unit == "hour")
    ).scalar()
    return first


def _within(period: Period, unit: str) -> list[Any]:
    return [Total.unit == unit, Total.start >= period.start, Total.start < period.end]


def _days_and_hours(period: Period) -> ColumnElement[bool]:
    """Return the condition of the complete days of a period and the hours after them.

    Days are preferred because visitors are counted once a day, but again in each hour.
    """
    days_end = period.end if period.hours is None else clock.midnight(period.last)
    days = (Total.unit == "day") & (Total.start >= period.start) & (Total.start < days_end)
    hours = (Total.unit == "hour") & (Total.start >= days_end) & (Total.start < period.end)
    return days | hours
