"""Counts by day and category: how often visitors were asked, and what they answered.

A GET never writes. Banners shown are counted in process memory and written with the next
choice this process records; so the staff page's "shown" is a lower bound.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock

from sqlalchemy.orm import Session

from neupusti.consent.models import ALL, ChoiceOutcome, ConsentCount, UndeclaredCookie
from neupusti.core import clock
from neupusti.core.feature import Category

MAX_UNDECLARED = 100
"""How many distinct undeclared names one process counts."""
NAME_CHARACTERS = 120


class Tally:
    """In-memory counts of one process, not written yet."""

    def __init__(self) -> None:
        self.shown: Counter[date] = Counter()
        self.undeclared: Counter[str] = Counter()
        self.lock = Lock()
        self._start_day(clock.now())

    def count_shown(self) -> None:
        """Count one page that showed the banner."""
        now = clock.now()
        with self.lock:
            if not self.day_start <= now < self.day_end:
                self._start_day(now)
            self.shown[self.today] += 1

    def _start_day(self, now: datetime) -> None:
        # Once a day: computing the date in Almaty costs more than all the rest.
        self.today = now.astimezone(clock.ALMATY).date()
        self.day_start = clock.midnight(self.today)
        self.day_end = clock.midnight(self.today + timedelta(days=1))

    def count_undeclared(self, name: str) -> bool:
        """Count a dropped undeclared cookie; return whether its name is new."""
        name = name[:NAME_CHARACTERS]
        with self.lock:
            new = name not in self.undeclared
            if not new or len(self.undeclared) < MAX_UNDECLARED:
                self.undeclared[name] += 1
            return new

    def take(self) -> "TallySnapshot":
        """Return the counts since the last call, and reset them."""
        with self.lock:
            snapshot = TallySnapshot(self.shown, self.undeclared)
            self.shown, self.undeclared = Counter(), Counter()
        return snapshot

    def restore(self, snapshot: "TallySnapshot") -> None:
        """Add back counts that could not be written."""
        with self.lock:
            self.shown.update(snapshot.shown)
            self.undeclared.update(snapshot.undeclared)


@dataclass(frozen=True, slots=True)
class TallySnapshot:
    """Banners shown by day, and undeclared cookies by name."""

    shown: Counter[date]
    undeclared: Counter[str]

    def write(self, session: Session, categories: Iterable[Category]) -> None:
        """Add these counts to the tables; the caller's transaction holds the write lock."""
        names = [ALL, *categories]
        for day, number in self.shown.items():
            for name in names:
                add(session, day, name, ChoiceOutcome.SHOWN, number)
        for name, number in self.undeclared.items():
            row = session.get(UndeclaredCookie, name)
            if row is None:
                row = UndeclaredCookie(name=name, number=0)
                session.add(row)
            row.number += number
            row.last_at = clock.now()


def answer(
    session: Session,
    optional: tuple[Category, ...],
    before: frozenset[Category],
    after: frozenset[Category],
) -> None:
    """Count one choice, in total and by category."""
    today = clock.today()
    if not after:
        whole = ChoiceOutcome.WITHDRAWN if before else ChoiceOutcome.REJECTED
    else:
        whole = ChoiceOutcome.ACCEPTED if after >= set(optional) else ChoiceOutcome.PARTLY
    add(session, today, ALL, whole, 1)
    for category in optional:
        if category in after:
            outcome = ChoiceOutcome.ACCEPTED
        else:
            outcome = (
                ChoiceOutcome.WITHDRAWN if category in before else ChoiceOutcome.REJECTED
            )
        add(session, today, category, outcome, 1)


def add(
    session: Session, day: date, category: str, outcome: ChoiceOutcome, number: int
) -> None:
    """Add `number` to one count; the caller's transaction holds the write lock."""
    key = {"day": day, "category": str(category), "outcome": outcome.value}
    row = session.get(ConsentCount, key)
    if row is None:
        session.add(ConsentCount(**key, number=number))
        session.flush()
    else:
        row.number += number
