"""Detect scanners and sign-in storms: leaky buckets with CrowdSec's published thresholds.

A bucket holds the matching requests of one address and leaks one every few seconds; when it
overflows, the address is reported with the requested paths as evidence.
https://github.com/crowdsecurity/hub has the scenarios of the same names.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

MAX_EVIDENCE = 5
SIGN_IN = re.compile(r"(?:/(?:kk|en))?/account/(?:login|two-factor|password(?:/reset)?)/?")
STATIC = re.compile(r"\.(?:css|js|mjs|png|jpe?g|gif|svg|ico|webp|avif|woff2?|ttf|map|txt)$")
SENSITIVE = re.compile(
    r"(?:/\.(?:git|svn|hg|env|aws|ssh|htpasswd|htaccess|DS_Store|vscode|idea|npmrc|docker)"
    r"|/(?:id_rsa|wp-config|config|configuration|settings|database|credentials|secrets|docker-compose)"
    r"[^/]*\.(?:php|ya?ml|json|ini|bak|old|txt|env|cfg|conf)"
    r"|\.(?:sql|sqlite3?|db|bak|old|swp|log|pem|key|tar|tgz|tar\.gz|zip|7z|rar)$"
    r"|/etc/(?:passwd|shadow)|/proc/self)",
    re.IGNORECASE,
)
TRAVERSAL = re.compile(
    r"(?:\.\.|%2e%2e|%252e|\.%2e|%2e\.|%c0%ae|\.{3,})(?:[/\\]|%2f|%5c|%255c|%252f|$)|\.\.;/",
    re.IGNORECASE,
)


class ScenarioKind(StrEnum):
    """A kind of behaviour; the values are CrowdSec's names."""

    PROBING = "http-probing"
    BRUTE_FORCE = "http-bruteforce"
    SENSITIVE = "http-sensitive-files"
    TRAVERSAL = "http-path-traversal-probing"
    CRAWL = "http-crawl-non_statics"


class Request(Protocol):
    """The fields of a row that scenarios use."""

    @property
    def at_ms(self) -> int:
        """Milliseconds since 1970."""

    @property
    def ip(self) -> str:
        """The address."""

    @property
    def method(self) -> str:
        """The method."""

    @property
    def path(self) -> str:
        """The path."""

    @property
    def status(self) -> int:
        """The status of the response."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of behaviour, and its bucket."""

    kind: ScenarioKind
    capacity: int
    leak_ms: int
    matches: Callable[[Request], bool]
    distinct: Callable[[Request], str] | None = lambda row: row.path
    """What counts once as long as it is in the bucket; None: every request counts."""


SCENARIOS = (
    Scenario(
        ScenarioKind.PROBING,
        10,
        10_000,
        lambda row: row.status in {400, 403, 404} and not STATIC.search(row.path),
    ),
    Scenario(
        ScenarioKind.BRUTE_FORCE,
        5,
        10_000,
        lambda row: (
            row.method == "POST"
            and row.status in {401, 403, 422, 429}
            and SIGN_IN.fullmatch(row.path) is not None
        ),
        distinct=None,
    ),
    Scenario(
        ScenarioKind.SENSITIVE, 4, 5_000, lambda row: SENSITIVE.search(row.path) is not None
    ),
    Scenario(
        ScenarioKind.TRAVERSAL,
        3,
        10_000,
        lambda row: TRAVERSAL.search(row.path) is not None,
    ),
    Scenario(
        ScenarioKind.CRAWL,
        40,
        500,
        lambda row: row.method in {"GET", "HEAD"} and not STATIC.search(row.path),
        distinct=lambda row: row.path.rpartition("/")[2],
    ),
)


@dataclass(slots=True)
class Finding:
    """One address and behaviour: overflows, time range, and evidence."""

    kind: ScenarioKind
    ip: str
    first: int
    last: int
    times: int = 0
    requests: int = 0
    evidence: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Bucket:
    level: float = 0.0
    at: int = 0
    paths: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    first: int = 0

    def empty(self, at: int) -> None:
        """Start again at `at`: an overflow needs a full bucket."""
        self.level, self.paths, self.names, self.first = 0.0, [], set(), at


def findings(rows: Iterable[Request]) -> list[Finding]:
    """Return the findings of `rows` (oldest first), the busiest first."""
    buckets: dict[tuple[str, ScenarioKind], _Bucket] = {}
    found: dict[tuple[str, ScenarioKind], Finding] = {}
    for row in rows:
        for scenario in SCENARIOS:
            if scenario.matches(row):
                _fill_bucket(row, scenario, buckets, found)
    return sorted(found.values(), key=lambda one: (-one.requests, one.ip, one.kind))


def _fill_bucket(
    row: Request,
    scenario: Scenario,
    buckets: dict[tuple[str, ScenarioKind], _Bucket],
    found: dict[tuple[str, ScenarioKind], Finding],
) -> None:
    key = (row.ip, scenario.kind)
    bucket = buckets.setdefault(key, _Bucket(at=row.at_ms, first=row.at_ms))
    bucket.level -= (row.at_ms - bucket.at) / scenario.leak_ms
    bucket.at = row.at_ms
    if bucket.level <= 0:
        bucket.empty(row.at_ms)
    if finding := found.get(key):
        finding.requests += 1
        finding.last = row.at_ms
    if scenario.distinct is not None:
        name = scenario.distinct(row)
        if name in bucket.names:
            return
        bucket.names.add(name)
    bucket.level += 1
    bucket.paths.append(row.path)
    if bucket.level <= scenario.capacity:
        return
    finding = found.setdefault(
        key,
        Finding(scenario.kind, row.ip, bucket.first, row.at_ms, requests=len(bucket.paths)),
    )
    finding.times += 1
    for path in bucket.paths:
        if path not in finding.evidence and len(finding.evidence) < MAX_EVIDENCE:
            finding.evidence.append(path)
    bucket.empty(row.at_ms)
