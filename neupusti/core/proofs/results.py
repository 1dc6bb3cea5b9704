"""What is known of each proof, as pages show it: cached, since runs never change."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from neupusti.core import clock
from neupusti.core.clock import ALMATY
from neupusti.core.data.database import db
from neupusti.core.proofs.models import ProofResult, ProofRun
from neupusti.core.proofs.proof import State
from neupusti.core.records.chain import START

RECHECK_SECONDS = 1.0
DAYS = 90
"""How far back the history of a proof is shown."""
WORST = (State.BROKEN, State.BLIND, State.UNFINISHED, State.NOTHING, State.HOLDS)
"""The states, the worst first."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The last outcome of one proof."""

    state: State
    at: datetime
    looked: int
    wrong: int
    milliseconds: int
    error: str
    caught: bool
    passed: bool
    since: datetime
    """When it was first in this state, without another in between."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the proofs of one database."""

    run: int = 0
    """The number of the newest run; 0: there was none."""
    at: datetime | None = None
    chain: str = START
    """Its chain value."""
    previous: str = START
    """That of the run before it."""
    standings: Mapping[str, Standing] = field(default_factory=dict)
    """The last outcome by the name of the proof."""


def worst(states: Mapping[str, State] | list[State]) -> State | None:
    """Return the worst of some states; None: there are none."""
    found = set(states.values() if isinstance(states, Mapping) else states)
    return next((state for state in WORST if state in found), None)


def known() -> Known:
    """Return what is known, at most a second old; what was cached if that fails."""
    return _CACHES.setdefault(db.engine, _Cache()).get()


def invalidate() -> None:
    """Read anew at the next call."""
    _CACHES.pop(db.engine, None)


def history() -> dict[str, dict[date, State]]:
    """Return proof -> day in Almaty -> its worst state on that day, for the last DAYS."""
    start = clock.midnight(clock.today() - timedelta(days=DAYS - 1))
    rows = db.session.execute(
        select(ProofResult.name, ProofResult.at, ProofResult.state).where(
            ProofResult.at >= start
        )
    )
    found: dict[str, dict[date, State]] = {}
    for name, at, state in rows:
        days = found.setdefault(name, {})
        day = at.astimezone(ALMATY).date()
        days[day] = min(days.get(day, State(state)), State(state), key=WORST.index)
    return found


class _Cache:
    def __init__(self) -> None:
        self.found, self.checked = Known(), float("-inf")
        self.lock = Lock()

    def get(self) -> Known:
        if time.monotonic() - self.checked < RECHECK_SECONDS:
            return self.found
        # While one thread looks, the others use what is known.
        if self.lock.acquire(blocking=self.checked < 0):
            try:
                # A separate connection leaves the session of the request untouched.
                with db.engine.connect() as connection:
                    self.found = _read(connection, self.found)
            except SQLAlchemyError:
                pass  # the pages say what was known before
            finally:
                self.checked = time.monotonic()
                self.lock.release()
        return self.found


def _read(connection: Connection, known: Known) -> Known:
    """Return what is known by now; `known` itself if there was no run since."""
    newest = select(ProofRun.id, ProofRun.at, ProofRun.chain).order_by(ProofRun.id.desc())
    runs = connection.execute(newest.limit(2)).all()
    if not runs or runs[0].id == known.run:
        return known
    previous = runs[1].chain if runs[1:] else START
    last = runs[0]
    return Known(last.id, last.at, last.chain, previous, _standings(connection))


_CACHES: WeakKeyDictionary[Engine, _Cache] = WeakKeyDictionary()


def _standings(connection: Connection) -> dict[str, Standing]:
    newest = select(func.max(ProofResult.id)).group_by(ProofResult.name)
    table = ProofResult.__table__
    rows = connection.execute(select(table).where(table.c.id.in_(newest))).all()
    return {
        row.name: Standing(
            state=State(row.state),
            at=row.at,
            looked=row.looked,
            wrong=row.wrong,
            milliseconds=row.milliseconds,
            error=row.error,
            caught=row.caught,
            passed=row.passed,
            since=_since(connection, row.name, row.state),
        )
        for row in rows
    }


def _since(connection: Connection, name: str, state: str) -> datetime:
    """Return when the state began: the first result after the last of another state."""
    own = ProofResult.name == name
    other = select(func.coalesce(func.max(ProofResult.id), 0)).where(
        own, ProofResult.state != state
    )
    began: datetime = connection.execute(
        select(ProofResult.at)
        .where(own, ProofResult.id > other.scalar_subquery())
        .order_by(ProofResult.id)
        .limit(1)
    ).scalar_one()
    return began
