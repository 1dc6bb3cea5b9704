"""What a batch of requests adds to the findings, and what is known before."""

from dataclasses import dataclass, field

from neupusti.access.ingest.agents import DECLARED, parse_agent
from neupusti.access.ingest.findings.kinds import SCANNING, Kind, Scope
from neupusti.access.recording.line import Entry

MAX_EVIDENCE = 5
MAX_MEMBERS = 10_000
Place = tuple[str, Kind, Scope, str]
"""Of a finding: day, kind, scope and who it is about."""


def succeeded(entry: Entry, kind: Kind) -> bool:
    """Return whether a request of this kind got what it asked for."""
    if kind is Kind.BRUTE_FORCE:
        # A right password is answered with a redirect.
        return entry.status < 400  # noqa: PLR2004 - lowest status of errors
    return kind in {Kind.SENSITIVE, Kind.TRAVERSAL} and entry.status // 100 == 2  # noqa: PLR2004


@dataclass(slots=True)
class Addition:
    """What the requests of a batch add to one finding."""

    first: Entry
    last: Entry
    requests: int = 0
    errors: int = 0
    answered: int = 0
    new_members: int = 0
    paths: dict[str, bool] = field(default_factory=dict)
    """A few paths, and whether each was answered."""

    def add(self, entry: Entry, kind: Kind) -> None:
        """Count one request."""
        if entry.at < self.first.at:
            self.first = entry
        if entry.at > self.last.at:
            self.last = entry
        self.requests += 1
        self.errors += entry.status >= 400  # noqa: PLR2004 - lowest status of errors
        answered = succeeded(entry, kind)
        self.answered += answered
        answered = answered and kind is not Kind.BRUTE_FORCE
        if len(self.paths) < MAX_EVIDENCE or (answered and entry.path not in self.paths):
            self.paths[entry.path] = self.paths.get(entry.path, False) or answered


@dataclass(slots=True)
class Verdict:
    """The findings of a batch, and the addresses that it makes scanners."""

    additions: dict[Place, Addition] = field(default_factory=dict)
    scanners: dict[tuple[str, str], Place] = field(default_factory=dict)
    """(day, address) -> the first finding that says so."""

    def add(self, place: Place, entries: list[Entry]) -> None:
        """Add requests to a finding."""
        kind = place[1]
        if (addition := self.additions.get(place)) is None:
            addition = self.additions[place] = Addition(entries[0], entries[0])
        for entry in entries:
            addition.add(entry, kind)
            if kind in SCANNING and not _only_reads(entry, kind):
                self.scanners.setdefault((entry.day, entry.ip), place)


def _only_reads(entry: Entry, kind: Kind) -> bool:
    """Return whether a robot that says so does nothing worse than to read fast."""
    return kind is Kind.CRAWL and parse_agent(entry.user_agent).bot == DECLARED
