"""What is asked when something goes wrong (3.3.2): faults, slow routes, odd visitors."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from neupusti.access.models import Latency, Record
from neupusti.access.queries.period import Period

FAILED = 500
PERCENTILES = (0.5, 0.95, 0.99)
STEP = 1.1
"""How much one step of the histogram is above the one before: percentiles within 5 %."""
BUSY = 40
"""An address with fewer requests cannot have filled any bucket."""
MOST_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Slow:
    """A route and how long its answers took, in microseconds."""

    route: str
    requests: int
    median: float
    p95: float
    p99: float


def slowest(connection: Connection, period: Period, limit: int) -> list[Slow]:
    """Return the routes with the longest answers, by the 95th percentile."""
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
        Slow(
            route,
            sum(n for _, n in some),
            *(percentile(some, part) for part in PERCENTILES),
        )
        for route, some in steps.items()
    ]
    return sorted(found, key=lambda one: -one.p95)[:limit]


def percentile(steps: list[tuple[int, int]], part: float) -> float:
    """Return the duration that `part` of all answers did not exceed; 5 % exact."""
    total = sum(number for _, number in steps)
    counted = 0
    for bucket, number in steps:
        counted += number
        if counted >= part * total:
            return float(STEP ** (bucket + 0.5))
    return 0.0


def faults(connection: Connection, period: Period, limit: int) -> list[Any]:
    """Return the newest requests that failed on our side."""
    return list(
        connection.execute(
            select(Record)
            .where(
                Record.status >= FAILED,
                Record.at >= period.start,
                Record.at < period.end,
            )
            .order_by(Record.at.desc())
            .limit(limit)
        )
    )


def fault_counts(connection: Connection, period: Period, limit: int) -> list[Any]:
    """Return where our faults are: route, status, how many, and when last."""
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
                Record.status >= FAILED,
                Record.at >= period.start,
                Record.at < period.end,
            )
            .group_by(Record.route, Record.status)
            .order_by(number.desc(), Record.route)
            .limit(limit)
        )
    )


@dataclass(frozen=True, slots=True)
class Asked:
    """What the scenarios look at of a request."""

    id: int
    at_ms: int
    ip: str
    method: str
    path: str
    status: int


def telling(connection: Connection, since: datetime, until: datetime) -> Iterator[Asked]:
    """Yield the requests that scenarios look at: errors, and all of busy addresses."""
    inside = (Record.at >= since, Record.at < until)
    busy = select(Record.ip).where(*inside).group_by(Record.ip).having(func.count() > BUSY)
    rows = connection.execution_options(yield_per=5000).execute(
        select(Record.id, Record.at, Record.ip, Record.method, Record.path, Record.status)
        .where(*inside, (Record.status >= 400) | Record.ip.in_(busy))  # noqa: PLR2004
        .order_by(Record.at)
        .limit(MOST_ROWS)
    )
    for row in rows:
        at = round(row.at.timestamp() * 1000)
        yield Asked(row.id, at, row.ip, row.method, row.path, row.status)
