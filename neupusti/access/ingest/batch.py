"""Enrich a batch of entries and count it in memory, before it is written."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

from neupusti.access import calendar
from neupusti.access.counters import Sums, Totals, bucket
from neupusti.access.ingest import geo
from neupusti.access.ingest.agents import NONE, SCANNER, Agent, as_scanner, parse_agent
from neupusti.access.ingest.findings.judge import Judge, Scanners
from neupusti.access.ingest.geo import Countries, LookUp
from neupusti.access.ingest.referrers import OWN, Referrers
from neupusti.access.ingest.visits import (
    Visit,
    is_no_page,
    is_page_view,
    is_socket,
    visitor_digest,
)
from neupusti.access.models import of_scanners
from neupusti.access.recording.line import (
    AGENT_LIMIT,
    REFERRER_LIMIT,
    STATIC_ROUTE,
    Entry,
)

INDEXED_BYTES = 1000
"""PostgreSQL cannot index longer values."""
NOT_FOUND = 404
UNKNOWN_ROUTE = "(unknown)"
OF_ALL = frozenset({"bot", "reason", "loyalty"})
"""Dimensions in which scanners stand beside people and robots."""
PATH, STATIC = "path", "static"
"""The dimensions of pages and of static files, which are listed apart."""
Row = tuple[object, ...]


def _sums() -> defaultdict[Any, Sums]:
    return defaultdict(Sums)


@dataclass(slots=True)
class Batch:
    """Rows and counts of some entries. Filled by `add`, completed by `resolve_visitors`."""

    countries: LookUp
    referrers: LookUp
    scanners: Scanners | None = None
    """Given where all entries are of scanners, which are counted apart."""
    rows: list[Row] = field(default_factory=list)
    hours: dict[int, Totals] = field(default_factory=lambda: defaultdict(Totals))
    days: dict[str, Totals] = field(default_factory=lambda: defaultdict(Totals))
    visits: dict[tuple[str, str, str], Visit] = field(default_factory=dict)
    """By day, address and user agent."""
    agents: dict[tuple[str, Agent], Sums] = field(default_factory=_sums)
    addresses: dict[tuple[str, str], Sums] = field(default_factory=_sums)
    places: dict[tuple[str, str], Sums] = field(default_factory=_sums)
    paths: dict[tuple[str, str, str], Sums] = field(default_factory=_sums)
    """By day, dimension (page or static file) and path."""
    referring: dict[tuple[str, str, str], Sums] = field(default_factory=_sums)
    """By day, class of the referrer, and referrer."""
    shapes: dict[tuple[int, int, str, str, str, str], Sums] = field(default_factory=_sums)
    """By hour, status, method, granted categories, robot, and page or static file."""
    others: dict[tuple[str, str, str], Sums] = field(default_factory=_sums)
    latency: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    ids: dict[tuple[str, str], int] = field(default_factory=dict)
    keys: list[tuple[str, bytes]] = field(default_factory=list)
    """The day and digest of each visitor of `visits`, then of `ids`."""

    def __getstate__(self) -> tuple[None, dict[str, object]]:
        """Pickle the counts without the look-up tables, which grow with the log."""
        state = {one.name: getattr(self, one.name) for one in fields(self)}
        del state["countries"], state["referrers"]
        state["scanners"] = None if self.scanners is None else {}
        return None, state

    def add(self, entries: Iterable[Entry]) -> None:
        """Enrich and count `entries`."""
        for entry in entries:
            self._add(entry)

    def active_days(self) -> set[str]:
        """Return the days of its entries."""
        counted = {calendar.day_and_hour(hour)[0] for hour, *_ in self.shapes}
        return counted | {day for day, *_ in self.visits}

    def take_rows(self) -> list[Row]:
        """Return the rows so far, and keep only their counts."""
        rows, self.rows = self.rows, []
        return rows

    def take_visits(self, most: int) -> Iterator["Batch"]:
        """Yield visits in batches of their own, and keep at most `most` of them.

        All of them together count as this one would have. They are in the order of the
        table of addresses: in any other, each batch would touch all of its pages.
        """
        keys = sorted(self.visits)
        for at in range(0, len(keys) - most, most):
            some = {key: self.visits.pop(key) for key in keys[at : at + most]}
            yield Batch(self.countries, self.referrers, self.scanners, visits=some)

    def _visit(self, day: str, ip: str, text: str) -> Visit:
        """Return the visit of a day, an address and a user agent that is seen first."""
        agent = self._agent(ip, text)
        if self.scanners is not None:
            agent = as_scanner(agent, self.scanners[day, ip])
        visit = self.visits[day, ip, text] = Visit(agent, self.countries.of(ip))
        return visit

    def _agent(self, ip: str, text: str) -> Agent:
        agent = parse_agent(text)
        return agent if agent.bot == NONE else geo.verify_crawler(text, agent, ip)

    def _add(self, entry: Entry) -> None:
        hour = entry.at // calendar.HOUR
        day, clock_hour = calendar.day_and_hour(hour)
        ip, path, status, size = entry.ip, entry.path, entry.status, entry.bytes
        text, referrer = entry.user_agent[:AGENT_LIMIT], entry.referrer[:REFERRER_LIMIT]
        source = self.referrers.of(referrer)
        dimension = STATIC if entry.route == STATIC_ROUTE else PATH
        visit = self.visits.get((day, ip, text)) or self._visit(day, ip, text)
        agent, from_ = visit.agent, (day, source, referrer)
        counted = (
            visit,
            self.paths[day, dimension, path],
            self.referring[from_],
            self.shapes[hour, status, entry.method, entry.granted, agent.bot, dimension],
        )
        for sums in counted:
            sums.requests += 1
            sums.bytes += size
        if status >= 400:  # noqa: PLR2004 - lowest status of that class
            for sums in counted:
                sums.errors += 1
        if entry.duration_us is not None and not is_socket(entry):
            self.latency[day, entry.route or UNKNOWN_ROUTE, bucket(entry.duration_us)] += 1
        if status == NOT_FOUND:
            # What people miss is a broken link; what robots miss is mostly their guess.
            for missing in ("missing", "broken" if agent.bot == NONE else "robot_404"):
                self.others[day, missing, f"{path}\t{referrer}"].requests += 1
        if not 400 <= status < 500:  # noqa: PLR2004 - GoAccess's definition of a visitor
            if not visit.hours:
                visit.referrer = from_
                visit.path = "" if dimension is STATIC or is_no_page(entry) else path
            visit.hours |= 1 << clock_hour
            if entry.visitor:
                self.ids[day, entry.visitor] = 1 << clock_hour
        self.rows.append((
            entry.at, ip, entry.method, path, entry.route, status, entry.duration_us, size,
            referrer, source, text, agent.browser, agent.os, agent.device, agent.bot,
            agent.reason, visit.country, entry.cookies, entry.granted, entry.visitor,
            entry.request_id,
        ))  # fmt: skip

    def digest_visitors(self, salts: dict[str, bytes]) -> None:
        """Compute the digest of each visitor, given the salt of each day."""
        for (day, ip, text), visit in self.visits.items():
            if visit.hours:
                key = visitor_digest(salts[day], f"{ip}\n{text}")
                self.keys.append((day, key))
        for day, visitor in self.ids:
            self.keys.append((day, visitor_digest(salts[day], f"id\n{visitor}")))

    def resolve_visitors(self, known: dict[tuple[str, bytes], int]) -> list[Row]:
        """Count new visitors, given the hours in which each key was seen before.

        Return the rows of `access_seen` to write: (day, key, hours).
        """
        self._count_hours()
        changed: dict[tuple[str, bytes], int] = {}
        keys = iter(self.keys)
        for (day, ip, _), visit in self.visits.items():
            counted = (
                self.agents[day, visit.agent],
                self.addresses[day, ip],
                self.places[day, visit.country],
            )
            for sums in counted:
                sums.requests += visit.requests
                sums.bytes += visit.bytes
                sums.errors += visit.errors
            if not visit.hours:
                continue
            before = known.get(key := next(keys), 0)
            if new_hours := visit.hours & ~before:
                changed[key] = before | visit.hours
                self._count_visitor_hours(day, new_hours, visit.agent)
            if not before:
                self._count_visitor(day, visit, counted)
        for ((day, visitor), hours), key in zip(self.ids.items(), keys, strict=True):
            if key not in known:
                changed[key] = hours
                kind = "new" if visitor[:8] == day.replace("-", "") else "returning"
                self.others[day, "loyalty", kind].visitors += 1
        for hour, totals in self.hours.items():
            self.days[calendar.day_and_hour(hour)[0]].add_hour(totals)
        return [(*key, hours) for key, hours in changed.items()]

    def _count_hours(self) -> None:
        for (hour, status, method, _, bot, dimension), sums in self.shapes.items():
            totals = self.hours[hour]
            totals.requests += sums.requests
            totals.bytes += sums.bytes
            if bot == SCANNER:
                totals.scanners += sums.requests
            elif bot != NONE:
                totals.robots += sums.requests
            elif dimension == PATH and is_page_view(method, status):
                totals.views += sums.requests
            if status >= 500:  # noqa: PLR2004 - lowest status of that class
                totals.server_errors += sums.requests
            elif status >= 400:  # noqa: PLR2004 - lowest status of that class
                totals.client_errors += sums.requests
            if status == NOT_FOUND:
                totals.not_found += sums.requests

    def _count_visitor_hours(self, day: str, new_hours: int, agent: Agent) -> None:
        start = calendar.start_of(day) // calendar.HOUR
        person = agent.bot == NONE
        while new_hours:
            totals = self.hours[start + new_hours.bit_length() - 1]
            totals.visitors += 1
            totals.people += person
            new_hours &= ~(1 << new_hours.bit_length() - 1)

    def _count_visitor(self, day: str, visit: Visit, counted: Iterable[Sums]) -> None:
        totals = self.days[day]
        totals.visitors += 1
        for sums in (*counted, self.referring[visit.referrer]):
            sums.visitors += 1
        if visit.agent.bot == NONE:
            totals.people += 1
            if visit.path:
                entry = self.others[day, "entry", visit.path]
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
        for (day, country), sums in self.places.items():
            merged["country", country, day].add(sums)
        for (day, source, referrer), sums in self.referring.items():
            listed = "own_page" if source == OWN else "referrer"
            merged[listed, truncate_for_index(referrer), day].add(sums)
            merged["source", source, day].add(sums)
        for (day, dimension, path), sums in self.paths.items():
            merged[dimension, truncate_for_index(path), day].add(sums)
        for (hour, status, method, granted, *_), sums in self.shapes.items():
            day, _ = calendar.day_and_hour(hour)
            merged["status", str(status), day].add(sums)
            merged["method", method, day].add(sums)
            merged["consent", granted, day].add(sums)
        for (day, dimension, value), sums in self.others.items():
            merged[dimension, truncate_for_index(value), day].add(sums)
        return [
            (self._dimension(name), value, day, *sums.row())
            for (name, value, day), sums in merged.items()
        ]

    def _dimension(self, name: str) -> str:
        """Return where to count: lists leave out what scanners did."""
        return name if self.scanners is None or name in OF_ALL else of_scanners(name)


class Enrichment:
    """The look-up tables that a batch needs, and the judge; made once per process."""

    def __init__(self, countries: Countries, referrers: Referrers) -> None:
        self.countries, self.referrers = countries, referrers
        self.judge = Judge()

    def batch(
        self, entries: Iterable[Entry] = (), scanners: Scanners | None = None
    ) -> Batch:
        """Return `entries` as a counted batch; with `scanners` all of them are theirs."""
        batch = Batch(self.countries, self.referrers, scanners)
        batch.add(entries)
        return batch


def truncate_for_index(value: str) -> str:
    """Return `value`, truncated to the bytes that an index takes."""
    if len(value) * 4 <= INDEXED_BYTES or len(value.encode()) <= INDEXED_BYTES:
        return value
    return value.encode()[:INDEXED_BYTES].decode("utf-8", "ignore")
