"""How often one address may do a thing: counted in this process, kept nowhere."""

import time
from collections import OrderedDict
from threading import Lock

KEYS = 10_000
"""How many addresses are remembered at once; the longest unseen is forgotten first."""


class Limit:
    """At most `times` in any fixed stretch of `seconds`, for each key."""

    def __init__(self, times: int, seconds: int) -> None:
        self.times, self.seconds = times, seconds
        self.counts: OrderedDict[tuple[str, int], int] = OrderedDict()
        self.lock = Lock()

    def take(self, key: str) -> int:
        """Count one use; return 0, or how many seconds to wait where that is too many."""
        now = time.monotonic()
        stretch = int(now // self.seconds)
        with self.lock:
            count = self.counts[key, stretch] = self.counts.pop((key, stretch), 0) + 1
            while len(self.counts) > KEYS:
                self.counts.popitem(last=False)
        return 0 if count <= self.times else int((stretch + 1) * self.seconds - now) + 1
