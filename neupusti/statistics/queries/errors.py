"""Query what helps to find problems (3.3.2): server errors, slow routes."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, func, select

from neupusti.access.counters import BUCKET_RATIO
from neupusti.access.models import Latency, Record
from neupusti.access.recording.line import STATIC_ROUTE
from neupusti.statistics.queries.period import Period

SERVER_ERROR = 500
PERCENTILES = (0.5, 0.95, 0.99)
MAX_ROWS = 50_000
IDENTIFIER = re.compile(
    r"(?<![^/._~=,;:-])(?:"
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|NP-[0-9]{6}-[0-9A-Z]{4}-[0-9A-Z]"
    r"|(?=[a-z]*[0-9])[0-9a-f]{8,}"
    r"|[0-9]+"
    r")(?![^/._~=,;:-])",
    re.IGNORECASE,
)
"""Parts of a path that are different for each thing: UUIDs, order numbers, hex, numbers."""


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


@dataclass(slots=True)
class FaultGroup:
    """Faults of one kind: the same pattern of path and the same status."""

    pattern: str
    status: int
    number: int = 0
    example: str = ""
    """The path that failed most often."""
    record: int = 0
    """Its newest request."""
    addresses: Counter[str] = field(default_factory=Counter)
    _most: int = 0

    def add(self, row: Any) -> None:
        """Add the faults of one path and address."""
        self.number += row.number
        self.addresses[row.ip] += row.number
        if row.number > self._most:
            self._most, self.example, self.record = row.number, row.path, row.newest


def fault_groups(connection: Connection, period: Period, limit: int) -> list[FaultGroup]:
    """Return the faults of a period by the pattern of the path, the most frequent first.

    Of more than MAX_ROWS different paths and addresses the most frequent are counted.
    """
    number = func.count()
    rows = connection.execute(
        select(
            Record.route,
            Record.path,
            Record.status,
            Record.ip,
            number.label("number"),
            func.max(Record.id).label("newest"),
        )
        .where(
            Record.status >= SERVER_ERROR,
            Record.at >= period.start,
            Record.at < period.end,
        )
        .group_by(Record.route, Record.path, Record.status, Record.ip)
        .order_by(number.desc(), Record.path, Record.ip)
        .limit(MAX_ROWS)
    )
    groups: dict[tuple[str, int], FaultGroup] = {}
    for row in rows:
        named = row.route not in {"", STATIC_ROUTE}
        pattern = row.route if named else path_pattern(row.path)
        groups.setdefault((pattern, row.status), FaultGroup(pattern, row.status)).add(row)
    return sorted(groups.values(), key=lambda one: (-one.number, one.pattern))[:limit]


def path_pattern(path: str) -> str:
    """Return `path` with … in place of numbers, order numbers and other identifiers."""
    return IDENTIFIER.sub("…", path)
