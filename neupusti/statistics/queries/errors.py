"""Query what helps to find problems (3.3.2): server errors, slow routes, scanners."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from neupusti.access import calendar
from neupusti.access.models import BUCKET_RATIO, Address, Latency, Record, millis, moment
from neupusti.core import clock
from neupusti.statistics.queries.period import Period

SERVER_ERROR = 500
PERCENTILES = (0.5, 0.95, 0.99)
BUSY, FAILING = 40, 3
"""An address with at most so many requests and errors a day fills no bucket."""
MAX_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class SlowRoute:
    """A route and the percentiles of its response times, in microseconds."""

    route: str
    requests: int
    median: float
    p95: float
    p99: float


def slowest_routes(connection: Connection, period: Period, limit: int) -> list[SlowRoute]:
    """Return the routes with the longest response times, by the 95th percentile."""
    rows = connection.execute(
        select(Latency.route, Latency.bucket, func.sum(Latency.requests))
        .where(Latency.day.between(period.first, period.last))
        .group_by(Latency.route, Latency.bucket)
        .order_by(Latency.route, Latency.bucket)
    )
    steps: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for route, bucket, number in rows:
        steps[route].append((bucket, int(number)))
    found = [
        SlowRoute(
            route,
            sum(n for _, n in some),
            *(percentile(some, part) for part in PERCENTILES),
        )
        for route, some in steps.items()
    ]
    return sorted(found, key=lambda one: -one.p95)[:limit]


def percentile(steps: list[tuple[int, int]], part: float) -> float:
    """Return the duration that `part` of all responses did not exceed, exact to 5 %."""
    total = sum(number for _, number in steps)
    counted = 0
    for bucket, number in steps:
        counted += number
        if counted >= part * total:
            return float(BUCKET_RATIO ** (bucket + 0.5))
    return 0.0


def server_errors(connection: Connection, period: Period, limit: int) -> list[Any]:
    """Return the newest requests that ended in a server error."""
    return list(
        connection.execute(
            select(Record)
            .where(
                Record.status >= SERVER_ERROR,
                Record.at >= period.start,
                Record.at < period.end,
            )
            .order_by(Record.at.desc())
            .limit(limit)
        )
    )


def server_error_counts(connection: Connection, period: Period, limit: int) -> list[Any]:
    """Count server errors by route and status, with an example path."""
    number = func.count()
    return list(
        connection.execute(
            select(
                Record.route,
                Record.status,
                number.label("number"),
                func.max(Record.path).label("example"),
            )
            .where(
                Record.status >= SERVER_ERROR,
                Record.at >= period.start,
                Record.at < period.end,
            )
            .group_by(Record.route, Record.status)
            .order_by(number.desc(), Record.route)
            .limit(limit)
        )
    )


@dataclass(frozen=True, slots=True)
class ProblemRequest:
    """The fields of a request that scenarios use."""

    id: int
    at_ms: int
    ip: str
    method: str
    path: str
    status: int


def suspect_requests(
    connection: Connection, period: Period
) -> tuple[list[ProblemRequest], datetime | None]:
    """Return the requests of busy addresses, oldest first, for the scenarios.

    Only days whose addresses are still kept are searched. Of more than MAX_ROWS the newest
    are returned, with the time of the oldest of them; else that is None.
    """
    # The second condition implies the first, but only the first can use an index.
    busy_address = (Address.requests > FAILING) & (
        (Address.requests > BUSY) | (Address.errors > FAILING)
    )
    # Two queries: one for both could not use the index.
    oldest = connection.execute(select(func.min(Address.day))).scalar()
    newest = connection.execute(select(func.max(Address.day))).scalar()
    found: list[ProblemRequest] = []
    day = min(period.last, newest or period.last)
    while oldest and day >= max(period.first, oldest):
        busy = select(Address.ip).where(Address.day == day, busy_address)
        rows = connection.execute(
            select(
                Record.id, Record.at, Record.ip, Record.method, Record.path, Record.status
            )
            .where(
                Record.at >= clock.midnight(day),
                Record.at < clock.midnight(calendar.after(day)),
                Record.ip.in_(busy),
            )
            .order_by(Record.at.desc(), Record.id.desc())
            .limit(MAX_ROWS - len(found))
        )
        found += (ProblemRequest(row.id, millis(row.at), *row[2:]) for row in rows)
        if len(found) == MAX_ROWS:
            return found[::-1], moment(found[-1].at_ms)
        day = calendar.after(day, -1)
    return found[::-1], None
