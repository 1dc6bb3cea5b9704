"""A batch of entries on its way into the database: enriched, and counted in memory."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from math import log

from neupusti.access.queries import calendar
from neupusti.access.service import places
from neupusti.access.service.agents import NONE, Agent, agent
from neupusti.access.service.line import AGENT_LIMIT, REFERRER_LIMIT, Entry
from neupusti.access.service.places import Countries, Referrers

VALUE_BYTES = 1000
"""A longer value would not fit into an index of PostgreSQL."""
STEP = 1.1
"""Two neighbouring steps of the histogram differ by so much: percentiles within 5 %."""
UNKNOWN = "(unknown)"
Row = tuple[object, ...]


@dataclass(slots=True)
class Sums:
    """What is added up for each value of a dimension."""

    requests: int = 0
    visitors: int = 0
    bytes: int = 0
    errors: int = 0

    def row(self) -> Row:
        """Return the sums in the order of the columns."""
        return self.requests, self.visitors, self.bytes, self.errors


@dataclass(slots=True)
class Totals:
    """What is added up for each hour and each day."""

    requests: int = 0
    visitors: int = 0
    people: int = 0
    bytes: int = 0
    robots: int = 0
    not_found: int = 0
    client_errors: int = 0
    server_errors: int = 0

    def row(self) -> Row:
        """Return the totals in the order of the columns."""
        return (
            self.requests, self.visitors, self.people, self.bytes, self.robots,
            self.not_found, self.client_errors, self.server_errors,
        )  # fmt: skip


@dataclass(slots=True)
class First:
    """What a visitor's first request of the day tells, should it be the first."""

    agent: Agent
    ip: str
    path: str
    referrer: str
    visitor: str
    hours: int


def _sums() -> defaultdict[tuple[str, str], Sums]:
    return defaultdict(Sums)


@dataclass(slots=True)
class Batch:
    """Rows and counts of some entries. Filled by `add`, completed by `meet`."""

    countries: Countries
    referrers: Referrers
    salts: dict[str, bytes]
    rows: list[Row] = field(default_factory=list)
    hours: dict[int, Totals] = field(default_factory=lambda: defaultdict(Totals))
    days: dict[str, Totals] = field(default_factory=lambda: defaultdict(Totals))
    agents: dict[tuple[str, Agent], Sums] = field(default_factory=lambda: defaultdict(Sums))
    addresses: dict[tuple[str, str], Sums] = field(default_factory=_sums)
    paths: dict[tuple[str, str], Sums] = field(default_factory=_sums)
    referring: dict[tuple[str, str], Sums] = field(default_factory=_sums)
    others: dict[tuple[str, str, str], Sums] = field(
        default_factory=lambda: defaultdict(Sums)
    )
    latency: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    visitors: dict[tuple[str, bytes], First] = field(default_factory=dict)
    ids: dict[tuple[str, bytes], tuple[str, int]] = field(default_factory=dict)

    def add(self, entries: Iterable[Entry]) -> None:
        """Enrich and count `entries`; their days must have a salt each."""
        for entry in entries:
            self._add(entry)

    def _add(self, entry: Entry) -> None:
        hour = entry.at // calendar.HOUR
        day, clock_hour = calendar.day_and_hour(hour)
        status, size = entry.status, entry.bytes
        found = agent(entry.user_agent)
        if found.bot != NONE:
            found = places.checked(entry.user_agent, found, entry.ip)
        referrer = entry.referrer[:REFERRER_LIMIT]
        error = status >= 400  # noqa: PLR2004 - HTTP's own border
        for sums in (
            self.agents[day, found],
            self.addresses[day, entry.ip],
            self.paths[day, entry.path],
            self.referring[day, referrer],
            self.others[day, "status", str(status)],
            self.others[day, "method", entry.method],
            self.others[day, "consent", entry.granted],
        ):
            sums.requests += 1
            sums.bytes += size
            sums.errors += error
        for totals in (self.hours[hour], self.days[day]):
            totals.requests += 1
            totals.bytes += size
            totals.robots += found.bot != NONE
            if error:
                _count_error(totals, status)
        if status == 404:  # noqa: PLR2004 - HTTP's own number
            self.others[day, "missing", f"{entry.path}\t{referrer}"].requests += 1
        if entry.duration_us is not None:
            self.latency[day, entry.route or UNKNOWN, bucket(entry.duration_us)] += 1
        if not 400 <= status < 500:  # noqa: PLR2004 - GoAccess's definition of a visitor
            self._note_visitor(entry, day, clock_hour, found)
        self.rows.append((
            entry.at, entry.ip, entry.method, entry.path, entry.route, status,
            entry.duration_us, size, referrer, self.referrers.of(referrer),
            entry.user_agent[:AGENT_LIMIT], found.browser, found.os, found.device,
            found.bot, found.reason, self.countries.of(entry.ip), entry.cookies,
            entry.granted, entry.visitor, entry.request_id,
        ))  # fmt: skip

    def _note_visitor(self, entry: Entry, day: str, hour: int, found: Agent) -> None:
        salt = self.salts[day]
        key = _key(salt, f"{entry.ip}\n{entry.user_agent}")
        if (first := self.visitors.get((day, key))) is None:
            self.visitors[day, key] = First(
                found, entry.ip, entry.path, entry.referrer[:REFERRER_LIMIT], "", 1 << hour
            )
        else:
            first.hours |= 1 << hour
        if entry.visitor:
            self.ids[day, _key(salt, f"id\n{entry.visitor}")] = (entry.visitor, 1 << hour)

    def meet(self, known: dict[tuple[str, bytes], int]) -> list[Row]:
        """Count who is new, given the hours in which each key came before.

        Return the rows of the visitors' table to write: (day, key, hours).
        """
        changed: list[Row] = []
        for (day, key), first in self.visitors.items():
            before = known.get((day, key), 0)
            if fresh := first.hours & ~before:
                changed.append((day, key, before | first.hours))
                self._count_hours(day, fresh, first.agent.bot == NONE)
            if not before:
                self._count_visitor(day, first)
        for (day, key), (visitor, hours) in self.ids.items():
            if not known.get((day, key)):
                changed.append((day, key, hours))
                kind = "new" if visitor[:8] == day.replace("-", "") else "returning"
                self.others[day, "loyalty", kind].visitors += 1
        return changed

    def _count_hours(self, day: str, fresh: int, person: bool) -> None:  # noqa: FBT001
        start = calendar.start_of(day) // calendar.HOUR
        for hour in range(24):
            if fresh >> hour & 1:
                totals = self.hours[start + hour]
                totals.visitors += 1
                totals.people += person

    def _count_visitor(self, day: str, first: First) -> None:
        totals = self.days[day]
        totals.visitors += 1
        totals.people += first.agent.bot == NONE
        self.agents[day, first.agent].visitors += 1
        self.addresses[day, first.ip].visitors += 1
        self.referring[day, first.referrer].visitors += 1
        if first.agent.bot == NONE:
            entry = self.others[day, "entry", first.path]
            entry.visitors += 1
            entry.requests += 1

    def rollups(self) -> list[Row]:
        """Return the rows to add to the roll-up table."""
        merged: dict[tuple[str, str, str], Sums] = defaultdict(Sums)
        for (day, who), sums in self.agents.items():
            for dimension, value in (
                ("browser", who.browser), ("os", who.os), ("device", who.device),
                ("bot", who.bot), ("reason", who.reason),
            ):  # fmt: skip
                if value:
                    _add(merged[dimension, value, day], sums)
        for (day, ip), sums in self.addresses.items():
            _add(merged["country", self.countries.of(ip), day], sums)
        for (day, referrer), sums in self.referring.items():
            _add(merged["referrer", fitting(referrer), day], sums)
            _add(merged["source", self.referrers.of(referrer), day], sums)
        for (day, path), sums in self.paths.items():
            _add(merged["path", fitting(path), day], sums)
        for (day, dimension, value), sums in self.others.items():
            _add(merged[dimension, fitting(value), day], sums)
        return [(*key, *sums.row()) for key, sums in merged.items()]


def _add(into: Sums, sums: Sums) -> None:
    into.requests += sums.requests
    into.visitors += sums.visitors
    into.bytes += sums.bytes
    into.errors += sums.errors


def _count_error(totals: Totals, status: int) -> None:
    if status >= 500:  # noqa: PLR2004 - HTTP's own border
        totals.server_errors += 1
    else:
        totals.client_errors += 1
        totals.not_found += status == 404  # noqa: PLR2004


def _key(salt: bytes, text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16, key=salt).digest()


def fitting(value: str) -> str:
    """Return `value`, cut where its bytes would not fit into an index."""
    if len(value) * 4 <= VALUE_BYTES or len(value.encode()) <= VALUE_BYTES:
        return value
    return value.encode()[:VALUE_BYTES].decode("utf-8", "ignore")


def bucket(microseconds: int) -> int:
    """Return the step of the histogram that holds a duration."""
    return int(log(max(microseconds, 1), STEP)) if microseconds > 0 else 0


def duration_of(step: int) -> float:
    """Return the middle of a step of the histogram, in microseconds."""
    return float(STEP ** (step + 0.5))
