"""Judge the requests of one stream, and tell those of scanners from all others."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter

from neupusti.access.ingest.findings.detector import Detector
from neupusti.access.ingest.findings.identity import finding_key
from neupusti.access.ingest.findings.kinds import Kind
from neupusti.access.ingest.findings.verdict import Place, Verdict
from neupusti.access.recording.line import Entry

Who = tuple[str, str]
"""A day and an address."""
TURN_MS = 1000
"""In this time what was heard is judged before what is new."""
_Turn = tuple[list[Entry], list[Entry]]
Scanners = Mapping[Who, str]
"""Scanners of a day, and the kind of the finding that says so."""


class Judge:
    """A detector, and what is known of the days it judges. It needs no database."""

    def __init__(self) -> None:
        self.detector = Detector()
        self.salts: dict[str, bytes] = {}
        self.keys: set[tuple[str, str]] = set()
        """Day and key of stored findings."""
        self.scanners: dict[Who, str] = {}
        self.newest = 0
        """The number of the newest row it has seen; what follows is of other machines."""
        self.heard: list[Entry] = []
        """Stored requests of other machines, to be judged with its own of the same time."""

    def split(
        self, entries: list[Entry], verdict: Verdict
    ) -> tuple[list[Entry], list[Entry]]:
        """Add to `verdict` what is found; return those of all others, and of scanners."""
        for theirs, own in self._in_turn(entries):
            # They were judged before: only what its own requests add is new.
            self.detector.judge(theirs, Verdict(), self._is_stored)
            self.detector.judge(own, verdict, self._is_stored)
        for who, place in verdict.scanners.items():
            self.scanners.setdefault(who, place[1].value)
        if not self.scanners:
            return entries, []
        ips = frozenset(ip for _, ip in self.scanners)
        others: list[Entry] = []
        scanning: list[Entry] = []
        for entry in entries:
            one = entry.ip in ips and (entry.day, entry.ip) in self.scanners
            (scanning if one else others).append(entry)
        return others, scanning

    def _in_turn(self, entries: list[Entry]) -> Iterator[_Turn]:
        """Yield requests that were heard, and of `entries` those of their time, in turns.

        If one came long after the other, buckets would not lose what they lose meanwhile.
        """
        if not (self.heard and entries):
            yield [], entries
            return
        last = max(entry.at for entry in entries)
        due = [entry for entry in self.heard if entry.at <= last]
        self.heard = [entry for entry in self.heard if entry.at > last]
        seconds = sorted({entry.at // TURN_MS for entry in due})
        turns: dict[int, _Turn] = defaultdict(lambda: ([], []))
        for entry in due:
            turns[bisect_right(seconds, entry.at // TURN_MS)][0].append(entry)
        for entry in entries:
            turns[bisect_right(seconds, entry.at // TURN_MS)][1].append(entry)
        for _, turn in sorted(turns.items(), key=itemgetter(0)):
            yield turn

    def look_back(self, earlier: Iterable[Entry]) -> None:
        """Fill the buckets with requests that are stored already."""
        self.detector.judge(earlier, Verdict(), self._is_stored)
        self.detector.crawlers |= {
            ip for (_, ip), kind in self.scanners.items() if kind == Kind.CRAWL
        }

    def _is_stored(self, place: Place) -> bool:
        day, kind, scope, who = place
        if not self.keys or day not in self.salts:
            return False
        return (day, finding_key(kind, scope, who, self.salts[day])) in self.keys
