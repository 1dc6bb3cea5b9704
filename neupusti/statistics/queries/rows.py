"""Count the statistics of filtered requests from the raw rows."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    Select,
    Table,
    case,
    cast,
    func,
    insert,
    null,
    select,
)
from sqlalchemy.types import BigInteger, Integer, String

from neupusti.access import calendar
from neupusti.access.counters import Totals
from neupusti.access.ingest.agents import DECLARED, FORGED, NONE, SCANNER, SUSPECTED
from neupusti.access.ingest.referrers import OWN
from neupusti.access.models import Record, moment
from neupusti.access.recording.line import STATIC_ROUTE
from neupusti.statistics.queries import series
from neupusti.statistics.queries.days import together
from neupusti.statistics.queries.figures import Item, ListOrder, ListPart, Point
from neupusti.statistics.queries.filters import COLUMNS, Dimension, Filters
from neupusti.statistics.queries.period import Period, Unit

REDIRECT, NOT_MODIFIED, CLIENT, NOT_FOUND, SERVER = 300, 304, 400, 404, 500
DAY = 24 * calendar.HOUR
COLUMN_NAMES = sorted(
    {"at", "bot", "bytes", "route", *(column.key for column in COLUMNS.values())}
)
MATCHING = Table(
    "access_matching",
    MetaData(),
    *(Column(name, Record.__table__.c[name].type) for name in COLUMN_NAMES),
    Column("visitor", BigInteger),
    prefixes=["TEMPORARY"],
)
"""The matching rows, copied for one page so that each of its lists reads only them.

`visitor` is a hash of day, address and user agent; it is NULL for requests that do not
count as visits (client errors: GoAccess's definition).
"""
ROW = MATCHING.c
ROBOTS = (DECLARED, SUSPECTED, FORGED)
MISSED = {
    Dimension.MISSING: (NONE, *ROBOTS),
    Dimension.BROKEN: (NONE,),
    Dimension.ROBOT_404: ROBOTS,
}
"""Lists of pages that were not found, and the classes of those who missed them."""
AT = cast(ROW.at, BigInteger)
LINK = ROW.path + "\t" + ROW.referrer
JOINED: dict[Dimension, Any] = {
    **dict.fromkeys(MISSED, LINK),
    Dimension.STATIC: ROW.path,
    Dimension.OWN_PAGE: ROW.referrer,
}
"""The values of lists that are no columns."""
LISTED = {
    Dimension.REASON: [ROW.bot_reason != ""],
    Dimension.PATH: [ROW.route != STATIC_ROUTE],
    Dimension.STATIC: [ROW.route == STATIC_ROUTE],
    Dimension.REFERRER: [ROW.source != OWN],
    Dimension.OWN_PAGE: [ROW.source == OWN],
    **{
        name: [ROW.status == NOT_FOUND, ROW.bot.in_(classes)]
        for name, classes in MISSED.items()
    },
}
"""The rows that have a place in a list; all have one in the others."""


def matching(period: Period, filters: Filters) -> list[Any]:
    """Return the conditions of the matching rows of a period."""
    return [Record.at >= period.start, Record.at < period.end, *filters.conditions]


def count_rows(connection: Connection, period: Period, filters: Filters) -> int:
    """Return the number of matching rows of a period."""
    count = select(func.count()).select_from(Record).where(*matching(period, filters))
    return int(connection.execute(count).scalar_one())


class Rows:
    """Counts matching raw rows, as far as they are not destroyed yet."""

    def __init__(self, connection: Connection, filters: Filters, reach: Period) -> None:
        """Copy the matching rows of `reach`; the rollback of a reader drops them."""
        self.connection = connection
        _add_hash_function(connection)
        MATCHING.create(connection)
        columns = [Record.__table__.c[name] for name in COLUMN_NAMES]
        some = select(*columns, _visitor(reach)).where(*matching(reach, filters))
        connection.execute(insert(MATCHING).from_select([*COLUMN_NAMES, "visitor"], some))

    def totals(self, *periods: Period) -> list[Totals]:
        """Return the sums of each period."""
        days = (self._sums(period, Unit.DAY) for period in periods)
        return [sum((sums for _, sums in found), Totals()) for found in days]

    def series(self, period: Period) -> list[Point]:
        """Return the points of a period, including empty ones."""
        unit = Unit.HOUR if period.unit is Unit.HOUR else Unit.DAY
        return series.points(period, self._sums(period, unit))

    def people_by_hour_of_week(self, period: Period) -> dict[int, int]:
        """Return the people of each hour of a week in Almaty (0: Monday, 0:00), summed."""
        hour = series.whole(AT, calendar.HOUR)
        hours = (
            select(
                hour.label("hour"), func.count(func.distinct(ROW.visitor)).label("people")
            )
            .where(*_within(period), ROW.bot == NONE)
            .group_by(hour)
            .subquery()
        )
        step = series.hour_of_week(hours.c.hour * calendar.HOUR, period)
        rows = self.connection.execute(
            select(step, func.sum(hours.c.people)).group_by(step)
        )
        return {int(row[0]): int(row[1]) for row in rows}

    def counts_visitors(self, dimension: Dimension) -> bool:  # noqa: ARG002 - for all
        """Return whether visitors are counted: here for every dimension."""
        return True

    def tops(
        self, period: Period, parts: Mapping[Dimension, ListPart]
    ) -> dict[Dimension, list[Item]]:
        """Return some values of each dimension, in descending order."""
        queries = {
            name: _list_query(name, period, part)
            for name, part in parts.items()
            if name in COLUMNS or name in JOINED
        }
        found = together(self.connection, queries)
        return {
            name: sorted(
                map(_item, found.get(name, ())),
                key=lambda item: (-getattr(item, part.order), item.value),
            )
            for name, part in parts.items()
        }

    def _sums(self, period: Period, unit: Unit) -> list[tuple[Any, Totals]]:
        hourly = unit is Unit.HOUR
        at = series.whole(AT, calendar.HOUR) if hourly else _day(AT, period)
        found = cast(ROW.status, Integer)
        person, scanner = ROW.bot == NONE, ROW.bot == SCANNER
        fetched = (found < REDIRECT) | (found == NOT_MODIFIED)
        viewed = fetched & (ROW.method == "GET") & (ROW.route != STATIC_ROUTE)
        columns = (
            func.count(),
            func.count(func.distinct(ROW.visitor)),
            func.count(func.distinct(case((person, ROW.visitor)))),
            func.sum(ROW.bytes),
            func.sum(cast(~person & ~scanner, Integer)),
            func.sum(cast(scanner, Integer)),
            func.sum(cast(found == NOT_FOUND, Integer)),
            func.sum(cast((found >= CLIENT) & (found < SERVER), Integer)),
            func.sum(cast(found >= SERVER, Integer)),
            func.sum(cast(person & viewed, Integer)),
        )
        rows = self.connection.execute(
            select(at.label("step"), *columns).where(*_within(period)).group_by(at)
        )
        return [
            (
                moment(row[0] * calendar.HOUR) if hourly else calendar.day_start(row[0]),
                Totals(*map(int, row[1:])),
            )
            for row in rows
        ]


def _list_query(dimension: Dimension, period: Period, part: ListPart) -> Select[Any]:
    column = COLUMNS.get(dimension)
    value = JOINED[dimension] if column is None else cast(ROW[column.key], String)
    visitors: Any = null()
    if part.with_visitors or part.order is ListOrder.VISITORS:
        visitors = func.count(func.distinct(ROW.visitor))
    columns = {
        "requests": func.count(),
        "visitors": visitors,
        "bytes": func.sum(ROW.bytes),
        "errors": func.sum(cast(ROW.status >= CLIENT, Integer)),
    }
    return (
        select(
            value.label("value"),
            *(cast(c, BigInteger).label(n) for n, c in columns.items()),
        )
        .where(*_within(period), *LISTED.get(dimension, []))
        .group_by(value)
        .order_by(columns[part.order].desc(), value)
        .limit(part.limit)
        .offset(part.offset)
    )


def _item(row: Any) -> Item:
    return Item(row.value, row.requests, row.visitors, row.bytes, row.errors)


def _within(period: Period) -> list[Any]:
    return [ROW.at >= period.start, ROW.at < period.end]


def _day(at: Any, period: Period) -> Any:
    """Return the expression of the day in Almaty, as days since 1970."""
    return series.whole(series.local(at, period), DAY)


def _visitor(reach: Period) -> Any:
    """Return the expression of a visitor of a day: a 64-bit hash."""
    day = _day(cast(Record.at, BigInteger), reach)
    who = Record.ip + "\n" + func.coalesce(Record.user_agent, "")
    text = cast(day, String) + "\n" + who
    counts = (Record.status < CLIENT) | (Record.status >= SERVER)
    return case((counts, func.hashtextextended(text, 0)))


def _add_hash_function(connection: Connection) -> None:
    """Define PostgreSQL's hash function in SQLite."""
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        driver.create_function("hashtextextended", 2, lambda text, _seed: hash(text))
