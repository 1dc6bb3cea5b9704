"""How a site of more machines than were measured would answer: a closed queueing model.

Exact mean value analysis of one class (Reiser and Lavenberg, 1980). A station of several
processors is one that is as many times faster, and a wait of the rest of its time
(Seidmann, 1987): right where it is idle and where it is full, a little slow between.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Station:
    """What a request passes: its service time in seconds, and how many processors."""

    name: str
    seconds: float
    processors: int

    @property
    def most(self) -> float:
        """The requests per second at which it is full."""
        return self.processors / self.seconds


@dataclass(frozen=True, slots=True)
class Expected:
    """What a number of clients would see."""

    rate: float
    """Requests per second."""
    seconds: float
    """From sending a request to its answer."""


def expected(stations: Sequence[Station], clients: int, think: float) -> Expected:
    """Return what `clients` see who wait for each answer and `think` seconds after it."""
    queued = [0.0] * len(stations)
    rate, took = 0.0, 0.0
    waits = sum(one.seconds * (1 - 1 / one.processors) for one in stations)
    for number in range(1, clients + 1):
        at = [
            one.seconds / one.processors * (1 + before)
            for one, before in zip(stations, queued, strict=True)
        ]
        took = sum(at) + waits
        rate = number / (think + took)
        queued = [rate * seconds for seconds in at]
    return Expected(rate, took)


def fullest(stations: Sequence[Station]) -> Station:
    """Return the station that is full first."""
    return min(stations, key=lambda one: one.most)
