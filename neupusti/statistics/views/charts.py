"""Draw series as columns of an SVG; its view box is one unit wide per point, 100 high."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, pairwise

from neupusti.access.counters import Totals
from neupusti.statistics.queries.figures import Point
from neupusti.statistics.queries.period import Unit
from neupusti.statistics.views import labels

HEIGHT = 100.0
GAP = 0.2
"""The part of a column's width that stays empty."""
MAX_INTERVALS, MAX_DATES = 4, 7
"""The most intervals between the grid lines, and the most labels of the time axis."""
LARGE, HUGE = 10, 100

Figures = dict[str, Callable[[Totals], int]]
PEOPLE: Figures = {"people": lambda sums: sums.people}
REQUESTS: Figures = {
    "people": lambda sums: sums.by_people,
    "robots": lambda sums: sums.robots,
    "scanners": lambda sums: sums.scanners,
}
ERRORS: Figures = {
    "clients": lambda sums: sums.client_errors,
    "faults": lambda sums: sums.server_errors,
}
"""The figures that are stacked in a chart, from the bottom up, by their CSS classes."""


@dataclass(frozen=True, slots=True)
class Label:
    """A text at a place of the time axis, in per cent of its length."""

    x: float
    text: str
    minor: bool = False
    """Whether it is left out on a narrow screen."""


@dataclass(frozen=True, slots=True)
class Mark:
    """An event or a fault at a place of the time axis."""

    x: float
    text: str
    size: int = 1


@dataclass(frozen=True, slots=True)
class Chart:
    """The columns of stacked figures."""

    width: int
    grid: list[str]
    """The figures of the grid lines, which are evenly spaced, from the top down."""
    paths: dict[str, str]
    """The outline of all columns of a figure, by its CSS class."""
    faults: list[Mark]

    @property
    def lines(self) -> list[float]:
        """The places of the grid lines, in per cent from the top."""
        last = len(self.grid) - 1
        return [round(HEIGHT * at / last, 2) for at in range(len(self.grid))]


def draw(points: Sequence[Point], unit: Unit, figures: Figures) -> Chart:
    """Return the chart of some figures of a series."""
    stacks = [[figure(point.totals) for figure in figures.values()] for point in points]
    grid = grid_figures(max(map(sum, stacks), default=0))
    scale = HEIGHT / grid[0]
    outlines: dict[str, list[str]] = {name: [] for name in figures}
    for at, stack in enumerate(stacks):
        bottom = 0
        for name, figure in zip(figures, stack, strict=True):
            if figure:
                outlines[name].append(_column(at, bottom * scale, figure * scale))
            bottom += figure
    return Chart(
        width=len(points),
        grid=[labels.number(figure) for figure in grid],
        paths={name: "".join(parts) for name, parts in outlines.items() if parts},
        faults=list(_faults(points, unit)),
    )


def grid_figures(most: int) -> list[int]:
    """Return round figures in equal steps, from the first that covers `most` down to 0."""
    steps = (base * 10**power for power in count() for base in (1, 2, 5))
    step = next(size for size in steps if size * MAX_INTERVALS >= most)
    intervals = max(-(-most // step), 1)
    return [step * at for at in range(intervals, -1, -1)]


def time_axis(points: Sequence[Point], unit: Unit) -> list[Label]:
    """Return evenly spaced labels below the middles of their columns."""
    every = max(-(-len(points) // MAX_DATES), 1)
    return [
        Label(_middle(at, len(points)), labels.tick(point.start, unit), bool(number % 2))
        for number, (at, point) in enumerate(list(enumerate(points))[::every])
    ]


def place(points: Sequence[Point], at: datetime) -> float | None:
    """Return where a moment is on the time axis, in per cent; None outside of it."""
    starts = [point.start for point in points]
    length = starts[-1] - starts[-2] if len(starts) > 1 else timedelta(days=1)
    for number, (begin, end) in enumerate(pairwise([*starts, starts[-1] + length])):
        if begin <= at < end:
            return round(HEIGHT * (number + (at - begin) / (end - begin)) / len(points), 2)
    return None


def _column(at: int, bottom: float, height: float) -> str:
    """Return the outline of one rectangle."""
    left, low, top = at + GAP / 2, HEIGHT - bottom, HEIGHT - bottom - height
    return f"M{left:g} {low:.1f}V{top:.1f}h{1 - GAP:g}V{low:.1f}z"


def _faults(points: Sequence[Point], unit: Unit) -> Iterable[Mark]:
    for at, point in enumerate(points):
        if faults := point.totals.server_errors:
            size = 1 + (faults >= LARGE) + (faults >= HUGE)
            text = f"{labels.start(point.start, unit)}: {labels.number(faults)}"
            yield Mark(_middle(at, len(points)), text, size)


def _middle(at: int, number: int) -> float:
    return round(HEIGHT * (at + 0.5) / number, 2)
