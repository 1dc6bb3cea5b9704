"""Jobs of two machines on one PostgreSQL: one runs them, and the other takes over."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, current_thread

import pytest
from flask import Flask
from sqlalchemy import delete, text
from sqlalchemy.exc import DBAPIError

from neupusti.config.settings import Settings
from neupusti.core import background, clock, sweeping
from neupusti.core.background import Background, Job, Scope
from neupusti.core.data import beats, election, machine, postgresql
from neupusti.core.data.beats import JobBeat
from neupusti.core.data.database import db, writing
from tests.core.data.test_silence import no_thread_left
from tests.lending import opened
from tests.machines import TRIES, counted, elsewhere, holder, started
from tests.site.test_server import eventually
from tests.times import NOON, Clock

pytestmark = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
NAME = "try"
SOON = timedelta(seconds=0.02)
CUT = text("SELECT pg_terminate_backend(:pid)")
HEARD = text(
    "SELECT state_change - xact_start > make_interval(secs => :seconds)"
    " FROM pg_stat_activity WHERE pid = :pid"
)


class Runs:
    """Runs of a job, which last until they are let go."""

    def __init__(self, *, held: bool = False) -> None:
        self.number, self.began, self.go = 0, Event(), Event()
        if not held:
            self.go.set()

    def __call__(self) -> None:
        self.number += 1
        self.began.set()
        self.go.wait(60)

    def several(self) -> None:
        """Wait for more of them."""
        before = self.number
        eventually(lambda: self.number > before + TRIES)


@pytest.fixture
def other(settings: Settings, tmp_path: Path) -> Iterator[Flask]:
    """Another machine with the same databases."""
    folder = tmp_path / "other"
    folder.mkdir()
    with opened(replace(settings, instance=folder)) as app:
        yield app


def jobs_of(app: Flask, run: Callable[[], None], scope: Scope = Scope.SITE) -> Background:
    return Background(app, [Job(name=NAME, every=SOON, run=run, scope=scope)])


def test_a_run_that_has_lost_its_lock_is_the_last(app: Flask, other: Flask) -> None:
    first, second = Runs(held=True), Runs()
    with started(jobs_of(app, first)):
        assert first.began.wait(30)
        with started(jobs_of(other, second)):
            pid = holder(NAME)
            with db.engine.connect() as connection:
                connection.execute(CUT, {"pid": pid})
            assert second.began.wait(60)
            assert holder(NAME) not in {None, pid}
            first.go.set()
            second.several()
            assert first.number == 1


def test_a_long_run_keeps_its_lock(
    app: Flask, other: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server hears of its process, though the job says nothing."""
    monkeypatch.setattr(election, "PING_SECONDS", 0.1)
    monkeypatch.setattr(election, "IDLE_SECONDS", 1.0)
    monkeypatch.setattr(background, "ELECTION_SECONDS", 0.1)
    first, second, tries = Runs(held=True), Runs(), counted(monkeypatch)
    with started(jobs_of(app, first)):
        assert first.began.wait(30)
        values = {"pid": holder(NAME), "seconds": 3 * election.IDLE_SECONDS}

        def heard() -> bool:
            with db.engine.connect() as connection:
                return bool(connection.execute(HEARD, values).scalar_one())

        with started(jobs_of(other, second)):
            eventually(heard)
            assert tries[NAME] > TRIES
            assert not second.number
        first.go.set()
    assert holder(NAME) is None


def test_a_run_that_hangs_gives_its_locks_away(
    app: Flask, other: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(election, "PING_SECONDS", 0.1)
    monkeypatch.setattr(election, "LONGEST_RUN_SECONDS", 0.0)
    hung = Runs(held=True)
    with started(jobs_of(app, hung)):
        assert hung.began.wait(30)
        # Another machine, then another process of the same one.
        for site in (other, app):
            with started(jobs_of(site, next_ := Runs())):
                assert next_.began.wait(60)
        assert hung.number == 1
        hung.go.set()


def test_a_long_run_that_takes_its_steps_does_not_hang(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each batch of a sweep is a step; half of the longest time passes in each."""
    now, looks, holders = 0.0, 0, list[int | None]()

    def time() -> float:
        nonlocal looks
        looks += current_thread().name == "job locks"
        return now

    def sweep() -> None:
        nonlocal now
        for _ in range(4):
            with sweeping.writing_beside_blocks():
                now += election.LONGEST_RUN_SECONDS / 2
            before = looks
            # The second look begins when the first one is over.
            eventually(lambda before=before: looks >= before + 2)  # type: ignore[misc]
        holders.append(holder(NAME))

    monkeypatch.setattr(election, "monotonic", time)
    monkeypatch.setattr(election, "PING_SECONDS", 0.1)
    with started(jobs_of(app, sweep)):
        eventually(lambda: bool(holders))
    assert holders[0] is not None


def test_a_server_that_says_nothing_is_no_lock(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(election, "ANSWER_SECONDS", 0.5)
    locks = jobs_of(app, print).locks
    assert locks is not None
    assert locks.take(NAME)
    pid = holder(NAME)
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        assert not locks.holds(NAME)
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: holder(NAME) is None)
    assert locks.take(NAME)
    locks.close()


def test_locks_that_no_thread_keeps_are_not_taken(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    locks = jobs_of(app, print).locks
    assert locks is not None
    with monkeypatch.context() as patched:
        patched.setattr(election, "Thread", no_thread_left)
        for _time in range(2):
            with pytest.raises(RuntimeError, match="thread"):
                locks.take(NAME)
    assert locks.take(NAME)
    locks.close()


def run_elsewhere(settings: Settings, log: Path) -> None:
    """Be another machine, whose job writes a letter each time."""

    def run() -> None:
        with log.open("a") as out:
            out.write("x")

    with opened(settings) as app:
        jobs_of(app, run).start()
        Event().wait()


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGSTOP, signal.SIGKILL])
def test_a_machine_that_stands_still_or_dies_hands_on(
    app: Flask,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    end: signal.Signals,
) -> None:
    log, runs, tries = tmp_path / "log", Runs(), counted(monkeypatch)
    with elsewhere(run_elsewhere, settings, log) as child:
        eventually(lambda: log.exists() and log.stat().st_size > TRIES)
        with started(jobs_of(app, runs)):
            eventually(lambda: tries[NAME])
            assert child.pid is not None
            os.kill(child.pid, end)
            before, asked = log.stat().st_size, tries[NAME]
            assert runs.began.wait(60)
            assert tries[NAME] - asked <= TRIES
            os.kill(child.pid, signal.SIGCONT)
            runs.several()
            # What it was about when it stood still, and no more.
            assert log.stat().st_size <= before + 1


def test_what_belongs_to_a_machine_runs_on_each(app: Flask, other: Flask) -> None:
    mine, theirs = Runs(held=True), Runs(held=True)
    with (
        started(jobs_of(app, mine, Scope.MACHINE)),
        started(jobs_of(other, theirs, Scope.MACHINE)),
    ):
        assert mine.began.wait(30)
        assert theirs.began.wait(30)
        assert holder(NAME) is None
        mine.go.set()
        theirs.go.set()


def test_each_machine_has_a_beat_of_its_own(app: Flask, other: Flask, at: Clock) -> None:
    at(NOON)
    job = Job(name=NAME, every=timedelta(minutes=1), run=print, scope=Scope.MACHINE)
    for site in (app, other):
        background.install(site, [job])
    with writing() as session:
        session.execute(delete(JobBeat))
    assert background.standing_still() == {NAME: "has never run"}
    beats.record(NAME, ok=True, milliseconds=1)  # of a version without machines
    theirs = beats.name(NAME, machine.name())
    Background(other, [job])._run(job)  # noqa: SLF001 - one run, without its thread
    with app.app_context():
        assert background.ages() == {NAME: "has never run"}
        at(clock.now() + timedelta(hours=2))
        Background(app, [job])._run(job)  # noqa: SLF001
        assert background.ages() == {NAME: "ran 0 s ago"}
        assert background.standing_still() == {theirs: "last ran at 2026-11-22 12:00 UTC"}
        assert background.have_run()
        at(clock.now() + beats.GONE)
        Background(app, [job])._run(job)  # noqa: SLF001
        assert background.standing_still() == {}


def test_a_write_that_stands_still_lets_its_locks_go(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "IDLE_SECONDS", 0.1)

    def stand_still() -> None:
        with writing() as session:
            session.execute(delete(JobBeat))
            pid = session.scalar(text("SELECT pg_backend_pid()"))
            eventually(lambda: not is_there(pid))
            session.execute(text("SELECT 1"))

    before = len(beats.recorded())
    with pytest.raises(DBAPIError) as ended, postgresql.limited(60):
        stand_still()
    assert ended.value.connection_invalidated
    db.session.remove()
    assert len(beats.recorded()) == before


def is_there(pid: int | None) -> bool:
    found = text("SELECT 1 FROM pg_stat_activity WHERE pid = :pid")
    with db.engine.connect() as connection:
        return connection.scalar(found, {"pid": pid}) is not None


def test_a_command_may_stand_still_while_it_writes(app: Flask) -> None:
    with writing() as session:
        shown = text("SHOW idle_in_transaction_session_timeout")
        assert session.scalar(shown) == "0"


def test_who_sets_the_site_up_holds_a_lock_that_a_bouncer_keeps(app: Flask) -> None:
    states = text(
        "SELECT state FROM pg_stat_activity JOIN pg_locks USING (pid)"
        " WHERE locktype = 'advisory' AND granted"
    )
    with postgresql.alone(db.engine), db.engine.connect() as other:
        assert other.scalars(states).all() == ["idle in transaction"]
    with db.engine.connect() as other:
        assert other.scalars(states).all() == []
