"""Draw a series as bars in an SVG view box of 100 by 100."""

from dataclasses import dataclass

from neupusti.access.counters import Totals
from neupusti.statistics.queries.figures import Point
from neupusti.statistics.queries.period import Unit
from neupusti.statistics.views import labels

HEIGHT = 100.0
GAP = 0.2


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of one point of a series, and the parts of it."""

    x: float
    width: float
    height: float
    robots: float
    errors: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn series."""

    bars: list[Bar]
    line: str
    """The visitors, as points of a polyline."""
    most: int
    first: str
    middle: str
    last: str

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self.most == 0


def draw_chart(points: list[Point], unit: Unit) -> Chart:
    """Return the chart of a series of requests."""
    most = max((point.totals.requests for point in points), default=0)
    scale = HEIGHT / most if most else 0.0
    step = 100 / max(len(points), 1)
    bars, line = [], []
    names = [labels.start(point.start, unit) for point in points]
    for at, (point, name) in enumerate(zip(points, names, strict=True)):
        totals = point.totals
        bars.append(
            Bar(
                x=round(at * step + step * GAP / 2, 2),
                width=round(step * (1 - GAP), 2),
                height=round(totals.requests * scale, 2),
                robots=round(totals.robots * scale, 2),
                errors=round(totals.errors * scale, 2),
                label=f"{name}: {labels.number(totals.requests)}",
            )
        )
        y = round(HEIGHT - totals.visitors * scale, 2)
        line.append(f"{round((at + 0.5) * step, 2)},{y}")
    middle = names[len(names) // 2] if len(names) > 2 else ""  # noqa: PLR2004
    last = names[-1] if len(names) > 1 else ""
    first = names[0] if names else ""
    return Chart(bars, " ".join(line), most, first, middle, last)


def draw_errors(points: list[Point], unit: Unit) -> Chart:
    """Return the chart of a series of errors: all of them, and server errors."""
    return draw_chart(
        [
            Point(
                point.start,
                Totals(
                    requests=point.totals.errors,
                    client_errors=0,
                    server_errors=point.totals.server_errors,
                    robots=point.totals.not_found,
                ),
            )
            for point in points
        ],
        unit,
    )
