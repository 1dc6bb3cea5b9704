"""Detect findings among new requests, with buckets that live from batch to batch.

A request belongs to the finding of its address, else to that of its network, else to that
of all addresses that behave alike; it fills their buckets as long as there is none.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable
from itertools import takewhile
from operator import attrgetter

from neupusti.access.ingest.findings import scenarios
from neupusti.access.ingest.findings.identity import UNKNOWN, network_of
from neupusti.access.ingest.findings.kinds import Kind, Scope
from neupusti.access.ingest.findings.paths import Traits, traits
from neupusti.access.ingest.findings.scenarios import Bucket, Scenario
from neupusti.access.ingest.findings.trails import Trails
from neupusti.access.ingest.findings.verdict import (
    MAX_MEMBERS,
    Place,
    Verdict,
)
from neupusti.access.ingest.geo import is_genuine_crawler
from neupusti.access.recording.line import Entry

READING = frozenset({"GET", "HEAD"})
MISSING = frozenset({400, 403, 404})
REFUSED = frozenset({401, 403, 422, 429})
SERVER_ERROR = 500
STORM_PAUSE_MS = 600_000
"""Faults after a longer pause are another storm."""
MAX_EXPOSED = 20
"""Files of one day that are reported alone: some sites answer everything with 200."""
Known = Callable[[Place], bool]
"""Tells whether a finding is stored already."""


class Detector:
    """Judges the requests of one stream, oldest first."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything, as after a transaction that was rolled back."""
        self.fresh = True
        """Whether it has seen nothing yet, and wants the requests before."""
        self.buckets: dict[tuple[Kind, Scope, str], Bucket] = {}
        self.trails = Trails()
        self.members: dict[Place, set[str]] = {}
        """The findings of which it knows, and the addresses counted in each."""
        self.crawlers: set[str] = set()
        """Addresses that read fast, all of whose requests are looked at."""
        self.storm: tuple[Place, int] | None = None
        self.exposed: dict[str, int] = {}

    def judge(
        self,
        entries: Iterable[Entry],
        verdict: Verdict,
        known: Known,
    ) -> None:
        """Add to `verdict` what is found among `entries`."""
        # An import may bring lines out of order.
        ordered = sorted(
            (entry for entry in entries if entry.ip != UNKNOWN), key=attrgetter("at")
        )
        if ordered:
            batch = _Batch(self, known, verdict, self._busy(ordered) | self.crawlers)
            busy = batch.busy
            for entry in ordered:
                path = traits(entry.path)
                if entry.status >= 400 or not path.plain or entry.ip in busy:  # noqa: PLR2004
                    batch.judge(entry, path)
            self._prune(ordered[-1].at)
        self.fresh = False

    def _busy(self, ordered: list[Entry]) -> set[str]:
        """Return the addresses whose reading must be looked at, one by one.

        Others cannot fill a bucket in this batch: no 41 of their requests, or of their
        network's, are as near to each other as a bucket takes to run empty. What they leave
        in it is gone before the next batch.
        """
        full, drained = scenarios.CRAWL.capacity, scenarios.CRAWL.drained_ms
        since = ordered[-1].at - drained
        recent = takewhile(lambda entry: entry.at > since, reversed(ordered))
        found = {entry.ip for entry in recent}
        carried = {who[2] for who in self.buckets if who[0] is Kind.CRAWL}
        requests = Counter(map(attrgetter("ip"), ordered))
        readers = {ip: ip for ip in requests if ":" not in ip}
        readers |= {ip: network_of(ip) for ip in requests.keys() - readers.keys()}
        sums: Counter[str] = Counter()
        for ip, number in requests.items():
            sums[readers[ip]] += number
        many = {ip: who for ip, who in readers.items() if sums[who] > full}
        found |= {ip for ip, who in readers.items() if {ip, who} & carried}
        times: dict[str, deque[int]] = defaultdict(lambda: deque(maxlen=full + 1))
        dense: set[str] = set()
        for entry in ordered:
            if (who := many.get(entry.ip)) is not None:
                last = times[who]
                last.append(entry.at)
                if len(last) > full and last[-1] - last[0] <= drained:
                    dense.add(who)
        return found | {ip for ip, who in many.items() if who in dense}

    def _prune(self, newest: int) -> None:
        """Forget buckets that have run empty, and days that are over."""
        since = newest - scenarios.LONGEST_MS
        self.buckets = {
            who: bucket
            for who, bucket in self.buckets.items()
            if bucket.at > (newest - scenarios.CRAWL.drained_ms
                            if who[0] is Kind.CRAWL else since)
        }  # fmt: skip
        self.trails.prune()
        if len(self.crawlers) > MAX_MEMBERS:
            self.crawlers.clear()
        while len(self.members) > MAX_MEMBERS:
            self.members.pop(next(iter(self.members)))


class _Batch:
    """The judgement of one batch."""

    def __init__(
        self, detector: Detector, known: Known, verdict: Verdict, busy: set[str]
    ) -> None:
        self.detector, self.known, self.verdict, self.busy = detector, known, verdict, busy

    def judge(self, entry: Entry, path: Traits) -> None:
        """Judge one request of which something may come."""
        status = entry.status
        if not path.static:
            if entry.ip in self.busy and entry.method in READING:
                self._crawl(entry, path)
            if status in MISSING:
                self._pour(entry, scenarios.PROBING, _own(entry))
        if status >= SERVER_ERROR:
            self._storm(entry)
        if not path.plain:
            self._suspect(entry, path)

    def _suspect(self, entry: Entry, path: Traits) -> None:
        if path.sensitive:
            self._spread(entry, scenarios.SENSITIVE, alike=path.secret)
        if path.traversal:
            self._spread(entry, scenarios.TRAVERSAL, alike=True)
        if path.secret and entry.status // 100 == 2:  # noqa: PLR2004 - success
            self._expose(entry)
        if path.sign_in and entry.method == "POST":
            if entry.status in REFUSED:
                self._pour(entry, scenarios.BRUTE_FORCE, _own(entry))
            elif entry.status < 400:  # noqa: PLR2004 - lowest status of errors
                self._join(entry, _place(entry, Kind.BRUTE_FORCE, *_own(entry)[0]))

    def _crawl(self, entry: Entry, path: Traits) -> None:
        # A /24 may be the customers of a carrier; a /64 is one of them.
        own = _own(entry)
        self._pour(entry, scenarios.CRAWL, own if ":" in entry.ip else own[:1], path.name)

    def _spread(self, entry: Entry, scenario: Scenario, *, alike: bool) -> None:
        """Judge what is suspicious by itself, also where addresses behave alike."""
        agent = (Scope.BEHAVIOUR, entry.user_agent)
        if self._pour(entry, scenario, _own(entry)):
            # What one address does alone is no behaviour of several.
            self.detector.buckets.pop((scenario.kind, *agent), None)
            return
        if not alike:
            return
        if self._pour(entry, scenario, [agent]):
            return
        if entries := self.detector.trails.add(entry, scenario.kind):
            self._found(_place(entry, scenario.kind, *agent), entries)

    def _pour(
        self,
        entry: Entry,
        scenario: Scenario,
        actors: list[tuple[Scope, str]],
        name: str | None = None,
    ) -> bool:
        """Add a request to the finding of an actor, or to the bucket of each.

        Return whether it belongs to a finding now.
        """
        kind = scenario.kind
        for scope, who in actors:
            if self._join(entry, _place(entry, kind, scope, who)):
                return True
        buckets = self.detector.buckets
        for scope, who in actors:
            key = (kind, scope, who)
            if (bucket := buckets.get(key)) is None:
                bucket = buckets[key] = Bucket()
            poured = bucket.pour(entry, name or entry.path, scenario)
            if poured and not _is_welcome(entry, kind):
                self._found(_place(entry, kind, scope, who), poured)
                for other in actors:
                    buckets.pop((kind, *other), None)
                return True
        return False

    def _join(self, entry: Entry, place: Place) -> bool:
        """Add a request to a finding; return whether there is one."""
        if place not in self.detector.members:
            if not self.known(place):
                return False
            self.detector.members[place] = set()
        self._found(place, [entry])
        return True

    def _found(self, place: Place, entries: list[Entry]) -> None:
        self.verdict.add(place, entries)
        if place[1] is Kind.CRAWL:
            self.detector.crawlers.update(entry.ip for entry in entries)
        members = self.detector.members.setdefault(place, set())
        before = len(members)
        if before < MAX_MEMBERS:
            members.update(entry.ip for entry in entries)
        self.verdict.additions[place].new_members += len(members) - before

    def _expose(self, entry: Entry) -> None:
        place = _place(entry, Kind.EXPOSED, Scope.PATH, entry.path)
        number, met = self.detector.exposed.get(place[0], 0), place in self.detector.members
        if not self._join(entry, place):
            if number >= MAX_EXPOSED:
                return
            self._found(place, [entry])
        if not met:
            self.detector.exposed = {place[0]: number + 1}

    def _storm(self, entry: Entry) -> None:
        """Judge a fault of the site: each storm is a finding of its own."""
        storm = self.detector.storm
        if storm and entry.at - storm[1] <= STORM_PAUSE_MS:
            self.detector.storm = (storm[0], entry.at)
            self._found(storm[0], [entry])
            return
        key = (Kind.STORM, Scope.SITE, "")
        bucket = self.detector.buckets.setdefault(key, Bucket())
        if poured := bucket.pour(entry, "", scenarios.STORM):
            place = _place(entry, Kind.STORM, Scope.SITE, str(poured[0].at))
            self.detector.storm = (place, entry.at)
            self._found(place, poured)


def _place(entry: Entry, kind: Kind, scope: Scope, who: str) -> Place:
    return entry.day, kind, scope, who


def _own(entry: Entry) -> list[tuple[Scope, str]]:
    return [(Scope.ADDRESS, entry.ip), (Scope.NETWORK, network_of(entry.ip))]


def _is_welcome(entry: Entry, kind: Kind) -> bool:
    """Return whether a crawler that is what it says reads, or follows old links."""
    return kind in {Kind.CRAWL, Kind.PROBING} and is_genuine_crawler(
        entry.user_agent, entry.ip
    )
