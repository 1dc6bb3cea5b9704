"""Recognise one attacker behind many addresses: the same agent, the same paths in order."""

from neupusti.access.ingest.findings.kinds import Kind
from neupusti.access.recording.line import Entry

ALIKE = {1: 10, 2: 5}
"""By the length of the trail, how many addresses with the same one are a behaviour: a
single path is asked for by chance more often than two in the same order."""
MAX_LENGTH = 5
MAX_TRAILS = 20_000
Trail = tuple[str, Kind, str, tuple[str, ...]]
"""Day, kind, agent, and the paths in the order in which they were first asked for."""


class Trails:
    """The suspicious paths of each address that is in no finding, in their order."""

    def __init__(self) -> None:
        self.trails: dict[tuple[str, Kind, str, str], list[Entry]] = {}
        self.followers: dict[Trail, set[str]] = {}

    def add(self, entry: Entry, kind: Kind) -> list[Entry]:
        """Add a request; return those of all its kind if they are too many to be chance."""
        day, agent = entry.day, entry.user_agent
        trail = self.trails.setdefault((day, kind, agent, entry.ip), [])
        if len(trail) >= MAX_LENGTH or any(one.path == entry.path for one in trail):
            return []
        trail.append(entry)
        paths = tuple(one.path for one in trail)
        followers = self.followers.setdefault((day, kind, agent, paths), set())
        followers.add(entry.ip)
        if len(followers) < ALIKE.get(len(paths), ALIKE[2]):
            return []
        found = [
            one
            for ip in sorted(followers)
            for one in self.trails.pop((day, kind, agent, ip), ())
        ]
        del self.followers[day, kind, agent, paths]
        return found

    def prune(self) -> None:
        """Forget the oldest where there are too many."""
        if len(self.trails) > MAX_TRAILS:
            for key in list(self.trails)[: -MAX_TRAILS // 2]:
                del self.trails[key]
            self.followers = {}
