"""Judge the requests of one stream, and tell those of scanners from all others."""

from collections.abc import Iterable, Mapping

from neupusti.access.ingest.findings.detector import Detector
from neupusti.access.ingest.findings.identity import finding_key
from neupusti.access.ingest.findings.kinds import Kind
from neupusti.access.ingest.findings.verdict import Place, Verdict
from neupusti.access.recording.line import Entry

Who = tuple[str, str]
"""A day and an address."""
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

    def split(
        self, entries: list[Entry], verdict: Verdict
    ) -> tuple[list[Entry], list[Entry]]:
        """Add to `verdict` what is found; return those of all others, and of scanners."""
        self.detector.judge(entries, verdict, self._is_stored)
        for who, place in verdict.scanners.items():
            self.scanners.setdefault(who, place[1].value)
        if not self.scanners:
            return entries, []
        ips = frozenset(ip for _, ip in self.scanners)
        others: list[Entry] = []
        theirs: list[Entry] = []
        for entry in entries:
            one = entry.ip in ips and (entry.day, entry.ip) in self.scanners
            (theirs if one else others).append(entry)
        return others, theirs

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
