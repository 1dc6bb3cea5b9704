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

from neupusti.consent.models import ALL, ChoiceOutcome, ConsentCount, UndeclaredCookie
from neupusti.core import clock
from neupusti.core.feature import Category

STRAYS = 100
"""How many undeclared names one process tells apart."""
NAME_CHARACTERS = 120


class Tally:
    """What one process saw and has not written yet."""

    def __init__(self) -> None:
        self.shown: Counter[date] = Counter()
        self.undeclared: Counter[str] = Counter()
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

    def undeclared_one(self, name: str) -> bool:
        """Count an undeclared cookie that was dropped; tell whether its name is new."""
        name = name[:NAME_CHARACTERS]
        with self.lock:
            new = name not in self.undeclared
            if not new or len(self.undeclared) < STRAYS:
                self.undeclared[name] += 1
            return new

    def take(self) -> "Seen":
        """Return what was seen since the last time, and forget it."""
        with self.lock:
            seen = Seen(self.shown, self.undeclared)
            self.shown, self.undeclared = Counter(), Counter()
        return seen

    def give_back(self, seen: "Seen") -> None:
        """Remember again what could not be written."""
        with self.lock:
            self.shown.update(seen.shown)
            self.undeclared.update(seen.undeclared)


@dataclass(frozen=True, slots=True)
class Seen:
    """Pages that asked, by day, and undeclared names, each with its number."""

    shown: Counter[date]
    undeclared: Counter[str]

    def write(self, session: Session, categories: Iterable[Category]) -> None:
        """Add it to the counts; the caller's transaction has the writers' lock."""
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
    asked: tuple[Category, ...],
    before: frozenset[Category],
    after: frozenset[Category],
) -> None:
    """Count one choice: for the whole of it, and for each category."""
    today = clock.today()
    if before - after:
        whole = ChoiceOutcome.WITHDRAWN
    elif not after:
        whole = ChoiceOutcome.REJECTED
    else:
        whole = ChoiceOutcome.ACCEPTED if after >= set(asked) else ChoiceOutcome.PARTLY
    add(session, today, ALL, whole, 1)
    for category in asked:
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
    """Add `number` to one count; the caller's transaction has the writers' lock."""
    key = {"day": day, "category": str(category), "outcome": outcome.value}
    row = session.get(ConsentCount, key)
    if row is None:
        session.add(ConsentCount(**key, number=number))
        session.flush()
    else:
        row.number += number
