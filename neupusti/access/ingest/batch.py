"""Enrich a batch of entries and count it in memory, before it is written."""

import gc
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import blake2b
from math import log

from neupusti.access import calendar
from neupusti.access.counters import Sums, Totals
from neupusti.access.ingest import geo
from neupusti.access.ingest.agents import NONE, Agent, parse_agent
from neupusti.access.ingest.geo import Countries
from neupusti.access.ingest.referrers import Referrers
from neupusti.access.models import BUCKET_RATIO
from neupusti.access.recording.line import AGENT_LIMIT, REFERRER_LIMIT, Entry

INDEXED_BYTES = 1000
"""PostgreSQL cannot index longer values."""
BUCKETS_PER_E = 1 / log(BUCKET_RATIO)
UNKNOWN_ROUTE = "(unknown)"
Row = tuple[object, ...]


@contextmanager
def garbage_collection_paused() -> Iterator[None]:
    """Pause garbage collection: a batch makes many objects and no cycles.

    Otherwise it takes a third of the time.
    """
    resting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if resting:
            gc.enable()


@dataclass(slots=True)
class FirstRequest:
    """What is counted of a visitor's first request of a day."""

    agent: Agent
    path: str
    referrer: str
    hours: int


def _sums() -> defaultdict[tuple[str, str], Sums]:
    return defaultdict(Sums)


@dataclass(slots=True)
class Batch:
    """Rows and counts of some entries. Filled by `add`, completed by `resolve_visitors`."""

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
    shapes: dict[tuple[str, int, str, str], Sums] = field(
        default_factory=lambda: defaultdict(Sums)
    )
    """By day, status, method and granted categories: three dimensions in one key."""
    others: dict[tuple[str, str, str], Sums] = field(
        default_factory=lambda: defaultdict(Sums)
    )
    latency: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    visitors: dict[tuple[str, str, str], FirstRequest] = field(default_factory=dict)
    ids: dict[tuple[str, str], int] = field(default_factory=dict)
    keys: dict[tuple[str, ...], bytes] = field(default_factory=dict)
    """The digest of each visitor, computed once per batch."""

    def add(self, entries: Iterable[Entry]) -> None:
        """Enrich and count `entries`. Each of their days must have a salt."""
        for entry in entries:
            self._add(entry)
        for day, ip, text in self.visitors:
            self.keys[day, ip, text] = _visitor_digest(self.salts[day], f"{ip}\n{text}")
        for day, visitor in self.ids:
            self.keys[day, visitor] = _visitor_digest(self.salts[day], f"id\n{visitor}")

    def _agent(self, text: str, ip: str) -> Agent:
        found = parse_agent(text)
        return found if found.bot == NONE else geo.verify_crawler(text, found, ip)

    def _add(self, entry: Entry) -> None:
        hour = entry.at // calendar.HOUR
        day, clock_hour = calendar.day_and_hour(hour)
        ip, path, status, size = entry.ip, entry.path, entry.status, entry.bytes
        text, referrer = entry.user_agent[:AGENT_LIMIT], entry.referrer[:REFERRER_LIMIT]
        found = self._agent(text, ip)
        totals = self.hours[hour]
        counted = (
            totals,
            self.agents[day, found],
            self.addresses[day, ip],
            self.paths[day, path],
            self.referring[day, referrer],
            self.shapes[day, status, entry.method, entry.granted],
        )
        for sums in counted:
            sums.requests += 1
            sums.bytes += size
        if found.bot != NONE:
            totals.robots += 1
        else:
            totals.views += is_page_view(entry.method, status)
        if status >= 400:  # noqa: PLR2004 - lowest status of that class
            for sums in counted[1:]:
                sums.errors += 1
            self._count_error(totals, entry, day, referrer)
        if entry.duration_us is not None:
            self.latency[day, entry.route or UNKNOWN_ROUTE, bucket(entry.duration_us)] += 1
        if not 400 <= status < 500:  # noqa: PLR2004 - GoAccess's definition of a visitor
            if (first := self.visitors.get((day, ip, text))) is None:
                first = FirstRequest(found, path, referrer, 1 << clock_hour)
                self.visitors[day, ip, text] = first
            else:
                first.hours |= 1 << clock_hour
            if entry.visitor:
                self.ids[day, entry.visitor] = 1 << clock_hour
        self.rows.append((
            entry.at, ip, entry.method, path, entry.route, status, entry.duration_us, size,
            referrer, self.referrers.of(referrer), text, found.browser, found.os,
            found.device, found.bot, found.reason, self.countries.of(ip), entry.cookies,
            entry.granted, entry.visitor, entry.request_id,
        ))  # fmt: skip

    def _count_error(self, totals: Totals, entry: Entry, day: str, referrer: str) -> None:
        if entry.status >= 500:  # noqa: PLR2004 - lowest status of that class
            totals.server_errors += 1
            return
        totals.client_errors += 1
        if entry.status == 404:  # noqa: PLR2004 - Not Found
            totals.not_found += 1
            self.others[day, "missing", f"{entry.path}\t{referrer}"].requests += 1

    def resolve_visitors(self, known: dict[tuple[str, bytes], int]) -> list[Row]:
        """Count new visitors, given the hours in which each key was seen before.

        Return the rows of `access_seen` to write: (day, key, hours).
        """
        changed: dict[tuple[str, bytes], int] = {}
        for (day, ip, text), first in self.visitors.items():
            key = (day, self.keys[day, ip, text])
            before = known.get(key, 0)
            if new_hours := first.hours & ~before:
                changed[key] = before | first.hours
                self._count_hours(day, new_hours, first.agent.bot == NONE)
            if not before:
                self._count_visitor(day, ip, first)
        for (day, visitor), hours in self.ids.items():
            key = (day, self.keys[day, visitor])
            if key not in known:
                changed[key] = hours
                kind = "new" if visitor[:8] == day.replace("-", "") else "returning"
                self.others[day, "loyalty", kind].visitors += 1
        for hour, totals in self.hours.items():
            self.days[calendar.day_and_hour(hour)[0]].add_hour(totals)
        return [(*key, hours) for key, hours in changed.items()]

    def _count_hours(self, day: str, new_hours: int, person: bool) -> None:  # noqa: FBT001
        hour = calendar.start_of(day) // calendar.HOUR
        while new_hours:
            if new_hours & 1:
                totals = self.hours[hour]
                totals.visitors += 1
                totals.people += person
            new_hours >>= 1
            hour += 1

    def _count_visitor(self, day: str, ip: str, first: FirstRequest) -> None:
        totals = self.days[day]
        totals.visitors += 1
        self.agents[day, first.agent].visitors += 1
        self.addresses[day, ip].visitors += 1
        self.referring[day, first.referrer].visitors += 1
        if first.agent.bot == NONE:
            totals.people += 1
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
                    merged[dimension, value, day].add(sums)
        for (day, ip), sums in self.addresses.items():
            merged["country", self.countries.of(ip), day].add(sums)
        for (day, referrer), sums in self.referring.items():
            merged["referrer", truncate_for_index(referrer), day].add(sums)
            merged["source", self.referrers.of(referrer), day].add(sums)
        for (day, path), sums in self.paths.items():
            merged["path", truncate_for_index(path), day].add(sums)
        for (day, status, method, granted), sums in self.shapes.items():
            merged["status", str(status), day].add(sums)
            merged["method", method, day].add(sums)
            merged["consent", granted, day].add(sums)
        for (day, dimension, value), sums in self.others.items():
            merged[dimension, truncate_for_index(value), day].add(sums)
        return [(*key, *sums.row()) for key, sums in merged.items()]


class Enrichment:
    """The look-up tables that a batch needs; made once per process."""

    def __init__(self, countries: Countries, referrers: Referrers) -> None:
        self.countries, self.referrers = countries, referrers

    def batch(self, entries: list[Entry], salts: dict[str, bytes]) -> Batch:
        """Return `entries` as a counted batch."""
        batch = Batch(self.countries, self.referrers, salts)
        batch.add(entries)
        return batch


def days_of(entries: Iterable[Entry]) -> list[str]:
    """Return the distinct days of `entries`, sorted."""
    return sorted(
        {calendar.day_and_hour(entry.at // calendar.HOUR)[0] for entry in entries}
    )


def _visitor_digest(salt: bytes, text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16, key=salt).digest()


def truncate_for_index(value: str) -> str:
    """Return `value`, truncated to the bytes that an index takes."""
    if len(value) * 4 <= INDEXED_BYTES or len(value.encode()) <= INDEXED_BYTES:
        return value
    return value.encode()[:INDEXED_BYTES].decode("utf-8", "ignore")


def is_page_view(method: str, status: int) -> bool:
    """Return whether a request showed a page: redirects and errors show none."""
    return method == "GET" and (status < 300 or status == 304)  # noqa: PLR2004


def bucket(microseconds: int) -> int:
    """Return the bucket of the latency histogram that holds a duration."""
    return int(log(microseconds) * BUCKETS_PER_E) if microseconds > 1 else 0
