"""Scenarios: leaky buckets with the thresholds that CrowdSec publishes.

A bucket holds the matching requests of one actor and loses one every few seconds; when it
overflows, that is a finding. https://github.com/crowdsecurity/hub has those of the same
names; storms of errors are ours.
"""

from dataclasses import dataclass, field

from neupusti.access.ingest.findings.kinds import Kind
from neupusti.access.recording.line import Entry

MAX_ENTRIES = 500
"""Requests that a bucket remembers; one path again and again fills none."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of behaviour, and its bucket."""

    kind: Kind
    capacity: int
    leak_ms: int
    distinct: bool = True
    """Whether a path counts once as long as it is in the bucket."""

    @property
    def drained_ms(self) -> int:
        """After so long without a request a full bucket is empty."""
        return self.capacity * self.leak_ms


PROBING = Scenario(Kind.PROBING, 10, 10_000)
BRUTE_FORCE = Scenario(Kind.BRUTE_FORCE, 5, 10_000, distinct=False)
SENSITIVE = Scenario(Kind.SENSITIVE, 4, 5_000)
TRAVERSAL = Scenario(Kind.TRAVERSAL, 3, 10_000)
CRAWL = Scenario(Kind.CRAWL, 40, 500)
STORM = Scenario(Kind.STORM, 10, 10_000, distinct=False)
LONGEST_MS = PROBING.drained_ms
"""No bucket holds a request for longer after the last one."""


@dataclass(slots=True)
class Bucket:
    """The requests of one actor that have not leaked yet."""

    level: float = 0.0
    at: int = 0
    entries: list[Entry] = field(default_factory=list)
    names: set[str] = field(default_factory=set)

    def pour(self, entry: Entry, name: str, scenario: Scenario) -> list[Entry]:
        """Add a request; return all of the bucket if it overflows, and empty it."""
        # An import may bring lines out of order: time does not run backwards.
        if entry.at > self.at:
            self.level = max(self.level - (entry.at - self.at) / scenario.leak_ms, 0.0)
            self.at = entry.at
        if self.level <= 0 and self.entries:
            self.clear()
        if len(self.entries) < MAX_ENTRIES:
            self.entries.append(entry)
        if scenario.distinct:
            if name in self.names:
                return []
            self.names.add(name)
        self.level += 1
        if self.level <= scenario.capacity:
            return []
        entries = self.entries
        self.clear()
        return entries

    def clear(self) -> None:
        """Start again: an overflow needs a full bucket."""
        self.level, self.entries, self.names = 0.0, [], set()
