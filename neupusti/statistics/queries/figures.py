"""The figures of the statistics, read from roll-ups or counted from rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from neupusti.access.counters import Totals
from neupusti.statistics.queries.filters import Dimension
from neupusti.statistics.queries.period import Period


@dataclass(frozen=True, slots=True)
class Point:
    """One hour, day or month of a series, in Almaty."""

    start: datetime
    totals: Totals


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a dimension and its sums."""

    value: str
    requests: int = 0
    visitors: int | None = 0
    """None where they are not counted: see `FigureSource.counts_visitors`."""
    bytes: int = 0
    errors: int = 0


class ListOrder(StrEnum):
    """What a list is sorted by, descending."""

    REQUESTS = "requests"
    VISITORS = "visitors"
    BYTES = "bytes"
    ERRORS = "errors"


@dataclass(frozen=True, slots=True)
class ListPart:
    """The rows of a list to return."""

    limit: int
    offset: int = 0
    order: ListOrder = ListOrder.REQUESTS
    with_visitors: bool = True
    """Without it they need not be counted, which is slow."""

    @property
    def end(self) -> int:
        """How many rows the list must have up to the last of these."""
        return self.offset + self.limit


class FigureSource(Protocol):
    """A source of the figures of a page."""

    def totals(self, *periods: Period) -> list[Totals]:
        """Return the sums of each period."""

    def series(self, period: Period) -> list[Point]:
        """Return the points of a period, including empty ones."""

    def people_by_hour_of_week(self, period: Period) -> dict[int, int]:
        """Return the people of each hour of a week in Almaty (0: Monday, 0:00), summed."""

    def counts_visitors(self, dimension: Dimension) -> bool:
        """Return whether visitors are counted for each value of a dimension."""

    def tops(
        self, period: Period, parts: Mapping[Dimension, ListPart]
    ) -> dict[Dimension, list[Item]]:
        """Return some values of each dimension, in descending order.

        Where visitors are not counted, they are ordered by requests instead.
        """
