"""Draw the history of a clause as a bar of days, of which each state has its own height.

So the bar can be read without colours; the sentence beside it can be read without it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from flask_babel import gettext as _

from neupusti.core.proofs.proof import State
from neupusti.core.proofs.results import DAYS, WORST, worst
from neupusti.core.proofs.shown import LABELS

HEIGHTS = {
    State.HOLDS: 4,
    State.NOTHING: 2,
    State.UNFINISHED: 7,
    State.BLIND: 7,
    State.BROKEN: 10,
}
HEIGHT = 10


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days in a row with the same state; one unit of the drawing is a day."""

    x: int
    width: int
    height: int
    state: str

    @property
    def y(self) -> int:
        """The upper edge."""
        return HEIGHT - self.height


@dataclass(frozen=True, slots=True)
class Bar:
    """The last DAYS of one clause."""

    days: Sequence[State | None]
    """The worst state of each day, the oldest first; None: nothing was looked at."""

    @property
    def stretches(self) -> list[Stretch]:
        """The rectangles to draw."""
        found, at = [], 0
        for state, days in groupby(self.days):
            width = len(list(days))
            if state is not None:
                found.append(Stretch(at, width, HEIGHTS[state], state.value))
            at += width
        return found

    @property
    def sentence(self) -> str:
        """The number of days in each state, the worst first."""
        counts = Counter(self.days)
        told = [f"{LABELS[state]}: {counts[state]}" for state in WORST if counts[state]]
        return ", ".join(told) or str(_("Not checked yet"))


def draw(
    names: Iterable[str], history: Mapping[str, Mapping[date, State]], today: date
) -> Bar:
    """Return the bar of the proofs with these names."""
    known = [history.get(name, {}) for name in names]
    days = (today - timedelta(days=back) for back in reversed(range(DAYS)))
    return Bar([worst([one[day] for one in known if day in one]) for day in days])
