"""What the statistics tell, whether it is read from roll-ups or counted from rows."""

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
    """None where nobody counted them: see `Source.visited`."""
    bytes: int = 0
    errors: int = 0


class ListOrder(StrEnum):
    """What a list is sorted by, the greatest first."""

    REQUESTS = "requests"
    VISITORS = "visitors"
    BYTES = "bytes"
    ERRORS = "errors"


class FigureSource(Protocol):
    """Where the figures of a page come from."""

    def totals(self, period: Period) -> Totals:
        """Return the sums of a period."""

    def series(self, period: Period) -> list[Point]:
        """Return the points of a period, those of nothing too."""

    def counts_visitors(self, dimension: Dimension) -> bool:
        """Tell whether the visitors of each value of a dimension are known."""

    def top(  # noqa: PLR0913 - what a list is asked for
        self,
        dimension: Dimension,
        period: Period,
        *,
        limit: int,
        offset: int = 0,
        order: ListOrder = ListOrder.REQUESTS,
        counted: bool = True,
    ) -> list[Item]:
        """Return some values of a dimension, the greatest first.

        Where visitors are not known, an order by them is one by requests. `counted` tells
        whether visitors are wanted at all: telling them apart is what takes long.
        """
