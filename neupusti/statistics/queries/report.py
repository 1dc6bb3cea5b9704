"""The report of a range of days, as data.

For Almaty's days it is read from the roll-ups, which outlive the raw rows. In another zone
days differ, so it is counted from the raw rows that still exist.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, func, select

from neupusti.access import calendar
from neupusti.access.ingest.agents import NONE
from neupusti.access.ingest.batch import truncate_for_index
from neupusti.access.models import Address, Record, Rollup, Total, of_scanners
from neupusti.core import clock

LISTS = {
    "by_status": ("status",),
    "by_path": ("path", "static"),
    "by_referrer": ("referrer", "own_page"),
    "by_browser": ("browser",),
    "by_country": ("country",),
    "bots": ("bot",),
    "malformed": ("malformed",),
}
"""What is counted -> the dimensions of the roll-ups that hold it."""
FETCH_ROWS = 5000
HOURS = [f"{hour:02}" for hour in range(24)]


@dataclass(frozen=True, slots=True)
class Span:
    """The days of a report, both inclusive, in a zone."""

    first: date
    last: date
    zone: ZoneInfo = clock.ALMATY

    @property
    def start(self) -> datetime:
        """When the first day begins."""
        return datetime.combine(self.first, time(), self.zone)

    @property
    def end(self) -> datetime:
        """When the last day ends."""
        return datetime.combine(calendar.after(self.last), time(), self.zone)


def report(engine: Engine, span: Span) -> dict[str, Any]:
    """Return the figures of `span`, named as in `docs/access.md`."""
    with engine.connect() as connection:
        if span.zone.key == clock.ALMATY.key:
            return _from_rollups(connection, span)
        return _from_rows(connection, span)


def _header(span: Span, source: str) -> dict[str, Any]:
    return {
        "from": span.first.isoformat(),
        "to": span.last.isoformat(),
        "tz": span.zone.key,
        "counted_from": source,
    }


def _from_rollups(connection: Connection, span: Span) -> dict[str, Any]:
    days, hours = {}, {hour: {"requests": 0, "visitors": 0} for hour in HOURS}
    requests = visitors = size = 0
    columns = [getattr(Total, name) for name in ("requests", "visitors", "bytes")]
    rows = connection.execute(
        select(Total.unit, Total.start, *columns)
        .where(Total.start >= span.start, Total.start < span.end)
        .order_by(Total.start)
    )
    for row in rows:
        local = row.start.astimezone(span.zone)
        if row.unit == "day":
            days[local.date().isoformat()] = {
                "requests": row.requests,
                "visitors": row.visitors,
                "bytes": row.bytes,
            }
            requests += row.requests
            visitors += row.visitors
            size += row.bytes
        else:
            hours[f"{local.hour:02}"]["requests"] += row.requests
            hours[f"{local.hour:02}"]["visitors"] += row.visitors
    addresses = connection.execute(
        select(Address.ip, func.sum(Address.requests).label("number"))
        .where(Address.day.between(span.first, span.last))
        .group_by(Address.ip)
        .order_by(func.sum(Address.requests).desc(), Address.ip)
    )
    return {
        **_header(span, "roll-ups"),
        "requests": requests,
        "visitors": visitors,
        "bytes": size,
        "by_day": days,
        "by_hour": hours,
        "by_ip": {row.ip: int(row.number) for row in addresses},
        **{name: _values(connection, span, of) for name, of in LISTS.items()},
    }


def _values(
    connection: Connection, span: Span, dimensions: Iterable[str]
) -> dict[str, int]:
    number = func.sum(Rollup.requests)
    rows = connection.execute(
        select(Rollup.value, number.label("number"))
        .where(
            # All requests: GoAccess does not leave out those of scanners.
            Rollup.dimension.in_([*dimensions, *map(of_scanners, dimensions)]),
            Rollup.day.between(span.first, span.last),
        )
        .group_by(Rollup.value)
        .having(number > 0)
        .where(~((Rollup.dimension == "bot") & (Rollup.value == NONE)))
        .order_by(number.desc(), Rollup.value)
    )
    return {row.value: int(row.number) for row in rows}


def _from_rows(connection: Connection, span: Span) -> dict[str, Any]:
    """Count the raw rows of `span` one by one, in the days and hours of its zone."""
    counter = _RowCounter()
    rows = connection.execution_options(yield_per=FETCH_ROWS).execute(
        select(
            Record.at, Record.ip, Record.user_agent, Record.status, Record.bytes,
            Record.path, Record.referrer, Record.browser, Record.country, Record.bot,
        ).where(Record.at >= span.start, Record.at < span.end)
    )  # fmt: skip
    for row in rows:
        counter.add(row, row.at.astimezone(span.zone))
    return {
        **_header(span, "rows"),
        "requests": counter.requests,
        "visitors": None if counter.masked else sum(map(len, counter.visitors.values())),
        "bytes": counter.bytes,
        "by_day": {
            day: {
                "requests": sums[0],
                "visitors": None if day in counter.masked else len(counter.visitors[day]),
                "bytes": sums[1],
            }
            for day, sums in sorted(counter.days.items())
        },
        "by_hour": {
            hour: {"requests": counter.hours[hour], "visitors": len(counter.hourly[hour])}
            for hour in HOURS
        },
        **{
            name: dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
            for name, counts in counter.lists.items()
        },
        "malformed": _values(connection, span, LISTS["malformed"]),
    }


class _RowCounter:
    """Counts raw rows."""

    def __init__(self) -> None:
        self.requests = self.bytes = 0
        self.days: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.visitors: dict[str, set[int]] = defaultdict(set)
        self.masked: set[str] = set()
        """Days with masked rows, whose visitors cannot be distinguished."""
        self.hours: Counter[str] = Counter()
        self.hourly: dict[str, set[int]] = defaultdict(set)
        self.lists: dict[str, Counter[str]] = {
            name: Counter() for name in ("by_ip", *LISTS) if name != "malformed"
        }

    def add(self, row: Any, local: datetime) -> None:
        """Count one row at its local moment."""
        day, hour = local.date().isoformat(), f"{local.hour:02}"
        self.requests += 1
        self.bytes += row.bytes
        self.days[day][0] += 1
        self.days[day][1] += row.bytes
        self.hours[hour] += 1
        if row.user_agent is None:
            self.masked.add(day)
        elif not 400 <= row.status < 500:  # noqa: PLR2004 - GoAccess's definition
            who = hash((row.ip, row.user_agent))
            self.visitors[day].add(who)
            self.hourly[hour].add(hash((day, local.fold, who)))
        lists = self.lists
        lists["by_ip"][row.ip] += 1
        lists["by_status"][str(row.status)] += 1
        lists["by_path"][truncate_for_index(row.path)] += 1
        lists["by_referrer"][row.referrer] += 1
        lists["by_browser"][row.browser] += 1
        lists["by_country"][row.country] += 1
        if row.bot != NONE:
            lists["bots"][row.bot] += 1
