"""The statistics of all requests, read from the roll-ups."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
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
from neupusti.statistics.queries.days import MOST_NAMES, First, first, together, tops
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
OF_DAY = """SELECT value, requests FROM access_rollup
WHERE dimension = lists.value AND day = days.value"""


class Rollups:
    """Reads totals by hour and day, and values of dimensions by day."""

    def __init__(self, connection: Connection, *, scanners: bool = False) -> None:
        """Read lists with or without what scanners did; totals always have it."""
        self.connection = connection
        self.scanners = scanners

    def totals(self, *periods: Period) -> list[Totals]:
        """Return the sums of each period."""
        sums = [
            func.coalesce(func.sum(getattr(Total, name)), 0).label(name) for name in TOTALS
        ]
        queries = {
            at: select(*sums).where(_days_and_hours(p)) for at, p in enumerate(periods)
        }
        found = together(self.connection, queries)
        return [Totals(*map(int, found[at][0][1:])) for at in queries]

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

    def tops(
        self, period: Period, parts: Mapping[Dimension, ListPart]
    ) -> dict[Dimension, list[Item]]:
        """Return some values of each dimension, in descending order.

        The top values of each day are read from an index. A value that is in none of these
        lists cannot have more requests than the sum of their last entries; so a few values
        of each day are enough for an exact list of all days.
        """
        orders = {name: self._order(name, part) for name, part in parts.items()}
        depths = {
            name: part.end * 4 if period.days <= MAX_DAYS else MAX_DEPTH
            for name, part in parts.items()
            if orders[name] is ListOrder.REQUESTS
        }
        found: dict[Dimension, list[Item]] = {}
        while left := {name: part for name, part in parts.items() if name not in found}:
            near = self._near(period, depths, left)
            queries = {
                name: self._some(name, period, near[name])
                if name in near
                else self._all(name, period, part, orders[name])
                for name, part in left.items()
            }
            for name, rows in together(self.connection, queries).items():
                items, part = self._items(name, rows, orders[name]), left[name]
                if name not in near:
                    found[name] = items
                elif _is_exact(items, near[name].bound, part.end):
                    found[name] = items[part.offset : part.end]
                else:
                    depths[name] *= 4
        return {name: found[name] for name in parts}

    def _order(self, dimension: Dimension, part: ListPart) -> ListOrder:
        unknown = not self.counts_visitors(dimension)
        return (
            ListOrder.REQUESTS
            if unknown and part.order is ListOrder.VISITORS
            else part.order
        )

    def _near(
        self,
        period: Period,
        depths: Mapping[Dimension, int],
        parts: Mapping[Dimension, ListPart],
    ) -> dict[Dimension, First]:
        """Return what may be in each list, down to its depth; not if that is too much."""
        days = [calendar.after(period.first, at) for at in range(period.days)]
        wanted = {
            name: depths[name] for name in parts if depths.get(name, MAX_DEPTH) < MAX_DEPTH
        }
        found = {}
        for depth in set(wanted.values()):
            kept = {n: self._dimensions(n) for n, own in wanted.items() if own == depth}
            listed = tops(self.connection, OF_DAY, [*chain(*kept.values())], days, depth)
            for name, own in kept.items():
                top = chain.from_iterable(listed[one] for one in own)
                found[name] = first(top, depth, parts[name].end)
        return {name: one for name, one in found.items() if len(one.names) <= MOST_NAMES}

    def _some(self, dimension: Dimension, period: Period, near: First) -> Select[Any]:
        """Return the query of the values that may be in a list."""
        query = self._sums_query(dimension, period)
        return query.where(Rollup.value.in_(sorted(near.names)))

    def _all(
        self, dimension: Dimension, period: Period, part: ListPart, order: ListOrder
    ) -> Select[Any]:
        """Return the query of a list for which every value of its days is summed."""
        query = self._sums_query(dimension, period)
        ordered = query.order_by(text(f"{order} DESC"), Rollup.value)
        return ordered.limit(part.limit).offset(part.offset)

    def _items(
        self, dimension: Dimension, rows: Iterable[Any], order: ListOrder
    ) -> list[Item]:
        items = (self._item(dimension, row) for row in rows)
        return sorted(items, key=lambda item: (-getattr(item, order), item.value))

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

    def _sums_query(self, dimension: Dimension, period: Period) -> Select[Any]:
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


def _is_exact(items: list[Item], bound: int, end: int) -> bool:
    """Return whether no value that was not looked at can be in a list up to `end`."""
    return bound == 0 or (len(items) >= end and items[end - 1].requests >= bound)


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
