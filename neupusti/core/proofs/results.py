"""What is known of each proof, as pages show it: cached, since runs never change."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from neupusti.core import clock
from neupusti.core.clock import ALMATY
from neupusti.core.data.beats import JobBeat
from neupusti.core.data.database import beside, db
from neupusti.core.data.looks import Look
from neupusti.core.proofs.models import ProofResult, ProofRun
from neupusti.core.proofs.proof import State
from neupusti.core.records.chain import START

RECHECK_SECONDS = 1.0
DAYS = 90
"""How far back the history of a proof is shown."""
SELF_TEST = "proofs-self-test"
"""The job that tries on planted rows whether each proof can fail."""
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
    red_at: datetime | None
    """When its forged item was last found wrong; None: not within what is kept."""


@dataclass(frozen=True, slots=True)
class SelfTest:
    """The last try on planted rows whether every proof can fail."""

    at: datetime
    passed: bool


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
    tested: SelfTest | None = None


def worst(states: Mapping[str, State] | list[State]) -> State | None:
    """Return the worst of some states; None: there are none."""
    found = set(states.values() if isinstance(states, Mapping) else states)
    return next((state for state in WORST if state in found), None)


def known() -> Known:
    """Return what is known, at most a second old; what was cached if that fails."""
    return _cache().get()


def invalidate() -> None:
    """Read anew at the next call."""
    _cache().checked = float("-inf")


def history() -> dict[str, dict[date, State]]:
    """Return proof -> day in Almaty -> its worst state on that day, for the last DAYS."""
    return _cache().history()


def _history(connection: Connection, today: date) -> dict[str, dict[date, State]]:
    start = clock.midnight(today - timedelta(days=DAYS - 1))
    rows = connection.execute(
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
    """Caches what is known of one database.

    Reads beside the pool: the session of the request is untouched and may hold one of its
    connections, and so may every thread that waits here.
    """

    def __init__(self, engine: Engine) -> None:
        self.beside = beside(engine)
        self.found, self.checked, self.tried = Known(), float("-inf"), False
        self.days: tuple[tuple[int, date], dict[str, dict[date, State]]] | None = None
        self.looks = Look(engine, self._look)

    def get(self) -> Known:
        if time.monotonic() - self.checked < RECHECK_SECONDS:
            return self.found
        # While one thread looks, the others use what is known.
        self.looks.take(whole=not self.tried)
        return self.found

    def _look(self) -> None:
        try:
            with self.beside.connect() as connection:
                found, tested = _read(connection, self.found), _tested(connection)
            self.found = replace(found, tested=tested)
        except SQLAlchemyError:
            pass  # the pages say what was known before
        finally:
            self.checked, self.tried = time.monotonic(), True

    def history(self) -> dict[str, dict[date, State]]:
        """Return the history, read once for each run and day."""
        key = self.get().run, clock.today()
        days = self.days
        if days is None or days[0] != key:
            with self.beside.connect() as connection:
                days = self.days = key, _history(connection, key[1])
        return days[1]


def _read(connection: Connection, known: Known) -> Known:
    """Return what is known by now; `known` itself if there was no run since."""
    newest = select(ProofRun.id, ProofRun.at, ProofRun.chain).order_by(ProofRun.id.desc())
    runs = connection.execute(newest.limit(2)).all()
    if not runs or runs[0].id == known.run:
        return known
    previous = runs[1].chain if runs[1:] else START
    last = runs[0]
    if last.id < known.run:  # an older backup was restored
        known = Known()
    return Known(last.id, last.at, last.chain, previous, _standings(connection, known))


def _tested(connection: Connection) -> SelfTest | None:
    beat = select(JobBeat.at, JobBeat.ok).where(JobBeat.name == SELF_TEST)
    row = connection.execute(beat).first()
    return SelfTest(*row) if row else None


_CACHES: WeakKeyDictionary[Engine, _Cache] = WeakKeyDictionary()


def _cache() -> _Cache:
    return _CACHES.get(db.engine) or _CACHES.setdefault(db.engine, _Cache(db.engine))


def _standings(connection: Connection, known: Known) -> dict[str, Standing]:
    """Return the standings after the runs since `known`, of which alone it reads."""
    table = ProofResult.__table__
    later = table.c.run > known.run
    newest = select(func.max(table.c.id)).where(later).group_by(table.c.name)
    rows = connection.execute(select(table).where(table.c.id.in_(newest))).all()
    lasting = _lasting(connection, known)
    found = {
        row.name: Standing(
            state=State(row.state),
            at=row.at,
            looked=row.looked,
            wrong=row.wrong,
            milliseconds=row.milliseconds,
            error=row.error,
            caught=row.caught,
            passed=row.passed,
            since=lasting.get(row.name) or _since(connection, row.name, row.state),
            red_at=row.at if row.caught else _red_at(connection, row.name),
        )
        for row in rows
    }
    return {**known.standings, **found}


def _red_at(connection: Connection, name: str) -> datetime | None:
    caught = select(func.max(ProofResult.at)).where(
        ProofResult.name == name, ProofResult.caught
    )
    return connection.scalar(caught)


def _lasting(connection: Connection, known: Known) -> dict[str, datetime]:
    """Return since when the states last that no run after `known` has changed."""
    if not known.run:
        return {}
    later = ProofResult.run > known.run
    met = select(ProofResult.name, ProofResult.state).where(later).distinct()
    lost = {
        name
        for name, state in connection.execute(met)
        if name not in known.standings or known.standings[name].state.value != state
    }
    return {name: one.since for name, one in known.standings.items() if name not in lost}


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
