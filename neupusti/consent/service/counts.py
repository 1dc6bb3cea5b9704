"""Counts by day and category: how often asked, how answered. No row ever for a reader.

A GET never writes. What was shown is counted in the memory of the process and written
with the next choice this process keeps; so the staff page's "shown" is a lower bound.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock

from sqlalchemy.orm import Session

from neupusti.consent.models import ALL, ConsentCount, ConsentStray, Outcome
from neupusti.core import clock
from neupusti.core.feature import Category

STRAYS = 100
"""How many undeclared names one process tells apart."""
NAME_CHARACTERS = 120


class Tally:
    """What one process saw and has not written yet."""

    def __init__(self) -> None:
        self.shown: Counter[date] = Counter()
        self.strays: Counter[str] = Counter()
        self.lock = Lock()
        self._turn(clock.now())

    def show(self) -> None:
        """Count one page that asked for a choice."""
        now = clock.now()
        with self.lock:
            if not self.begins <= now < self.ends:
                self._turn(now)
            self.shown[self.today] += 1

    def _turn(self, now: datetime) -> None:
        # Once a day: what day it is in Almaty takes longer than all the rest.
        self.today = now.astimezone(clock.ALMATY).date()
        self.begins = clock.midnight(self.today)
        self.ends = clock.midnight(self.today + timedelta(days=1))

    def stray(self, name: str) -> bool:
        """Count an undeclared cookie that was dropped; tell whether its name is new."""
        name = name[:NAME_CHARACTERS]
        with self.lock:
            new = name not in self.strays
            if not new or len(self.strays) < STRAYS:
                self.strays[name] += 1
            return new

    def take(self) -> "Seen":
        """Return what was seen since the last time, and forget it."""
        with self.lock:
            seen = Seen(self.shown, self.strays)
            self.shown, self.strays = Counter(), Counter()
        return seen

    def give_back(self, seen: "Seen") -> None:
        """Remember again what could not be written."""
        with self.lock:
            self.shown.update(seen.shown)
            self.strays.update(seen.strays)


@dataclass(frozen=True, slots=True)
class Seen:
    """Pages that asked, by day, and undeclared names, each with its number."""

    shown: Counter[date]
    strays: Counter[str]

    def write(self, session: Session, categories: Iterable[Category]) -> None:
        """Add it to the counts; the caller's transaction has the writers' lock."""
        names = [ALL, *categories]
        for day, number in self.shown.items():
            for name in names:
                add(session, day, name, Outcome.SHOWN, number)
        for name, number in self.strays.items():
            row = session.get(ConsentStray, name)
            if row is None:
                row = ConsentStray(name=name, number=0)
                session.add(row)
            row.number += number
            row.last_at = clock.now()


def answer(
    session: Session,
    asked: tuple[Category, ...],
    before: frozenset[Category],
    after: frozenset[Category],
) -> None:
    """Count one choice: for the whole of it, and for each category."""
    today = clock.today()
    if before - after:
        whole = Outcome.WITHDRAWN
    elif not after:
        whole = Outcome.REJECTED
    else:
        whole = Outcome.ACCEPTED if after >= set(asked) else Outcome.PARTLY
    add(session, today, ALL, whole, 1)
    for category in asked:
        if category in after:
            outcome = Outcome.ACCEPTED
        else:
            outcome = Outcome.WITHDRAWN if category in before else Outcome.REJECTED
        add(session, today, category, outcome, 1)


def add(session: Session, day: date, category: str, outcome: Outcome, number: int) -> None:
    """Add `number` to one count; the caller's transaction has the writers' lock."""
    key = {"day": day, "category": str(category), "outcome": outcome.value}
    row = session.get(ConsentCount, key)
    if row is None:
        session.add(ConsentCount(**key, number=number))
        session.flush()
    else:
        row.number += number
