"""The statistics of the requests that fit some filters, counted from the raw rows."""

from typing import Any

from sqlalchemy import Connection, case, cast, func, select
from sqlalchemy.types import BigInteger, Integer, String

from neupusti.access.models import Record, millis, moment
from neupusti.access.queries import calendar, series
from neupusti.access.queries.figures import Item, Order, Point, Totals
from neupusti.access.queries.filters import COLUMNS, Dimension, Filters
from neupusti.access.queries.period import Period, Unit

NOT_FOUND, CLIENT, SERVER = 404, 400, 500
WHO = Record.ip + "\n" + func.coalesce(Record.user_agent, "")
COUNTS = (Record.status < CLIENT) | (Record.status >= SERVER)
"""Whether a request makes its sender a visitor: GoAccess's definition."""
AT = cast(Record.at, BigInteger)


class Rows:
    """Counts raw rows that fit; knows only what is not destroyed yet."""

    def __init__(self, connection: Connection, filters: Filters) -> None:
        self.connection, self.filters = connection, filters

    def totals(self, period: Period) -> Totals:
        """Return the sums of a period."""
        totals = Totals()
        for _, sums in self._sums(period, Unit.DAY):
            totals = series.added(totals, sums)
        return totals

    def series(self, period: Period) -> list[Point]:
        """Return the points of a period."""
        unit = Unit.HOUR if period.unit is Unit.HOUR else Unit.DAY
        return series.points(period, self._sums(period, unit))

    def top(
        self,
        dimension: Dimension,
        period: Period,
        *,
        limit: int,
        offset: int = 0,
        order: Order = Order.REQUESTS,
    ) -> list[Item]:
        """Return some values of a dimension, the greatest first."""
        if dimension is Dimension.MISSING:
            value: Any = Record.path + "\t" + Record.referrer
            conditions = [Record.status == NOT_FOUND]
        elif dimension in COLUMNS:
            value, conditions = cast(COLUMNS[dimension], String), []
            if dimension is Dimension.REASON:
                conditions = [Record.bot_reason != ""]
        else:
            return []
        columns = {
            "requests": func.count(),
            "visitors": func.count(func.distinct(case((COUNTS, self._daily(period))))),
            "bytes": func.sum(Record.bytes),
            "errors": func.sum(cast(Record.status >= CLIENT, Integer)),
        }
        rows = self.connection.execute(
            select(value.label("value"), *(c.label(name) for name, c in columns.items()))
            .where(*self._within(period), *conditions)
            .group_by(value)
            .order_by(columns[order].desc(), value)
            .limit(limit)
            .offset(offset)
        )
        return [Item(row[0], *map(int, row[1:])) for row in rows]

    def _within(self, period: Period) -> list[Any]:
        return [
            Record.at >= period.start,
            Record.at < period.end,
            *self.filters.conditions,
        ]

    def _daily(self, period: Period) -> Any:
        day = (AT - millis(period.start)) / (24 * calendar.HOUR)
        return cast(cast(func.floor(day), BigInteger), String) + "\n" + WHO

    def _sums(self, period: Period, unit: Unit) -> list[tuple[Any, Totals]]:
        step = calendar.HOUR * (1 if unit is Unit.HOUR else 24)
        start = millis(period.start)
        at = cast(func.floor((AT - start) / step), BigInteger)
        found = cast(Record.status, Integer)
        person = Record.bot == "none"
        columns = (
            func.count(),
            func.count(func.distinct(case((COUNTS, WHO)))),
            func.count(func.distinct(case((COUNTS & person, WHO)))),
            func.sum(Record.bytes),
            func.sum(cast(~person, Integer)),
            func.sum(cast(found == NOT_FOUND, Integer)),
            func.sum(cast((found >= CLIENT) & (found < SERVER), Integer)),
            func.sum(cast(found >= SERVER, Integer)),
        )
        rows = self.connection.execute(
            select(at.label("step"), *columns).where(*self._within(period)).group_by(at)
        )
        return [
            (moment(start + int(row[0]) * step), Totals(*map(int, row[1:]))) for row in rows
        ]
