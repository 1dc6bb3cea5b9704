"""Background jobs: one worker runs them."""

from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from neupusti.core import background, clock
from neupusti.core.background import Background, Job, NotYetError
from neupusti.core.data import beats
from neupusti.core.data.beats import JobBeat
from neupusti.core.data.database import db, writing
from neupusti.core.registry import registry
from tests.canary import listening
from tests.times import NOON, Clock

FULL = OSError("the disk is full")


def failing(app: Flask, times: int, error: Exception = FULL) -> tuple[Background, Event]:
    """Return a worker whose job fails so often, and the event it sets afterwards."""
    runs, enough = iter(range(times)), Event()

    def run() -> None:
        if next(runs, None) is None:
            enough.set()
            return
        raise error

    return Background(app, [Job(name="try", every=timedelta(0), run=run)]), enough


def beat_of(app: Flask, name: str = "try") -> JobBeat | None:
    with app.app_context():
        return beats.recorded().get(name)


@pytest.mark.clause("5.6")
def test_a_run_leaves_a_beat_even_if_it_had_nothing_to_do(app: Flask, at: Clock) -> None:
    at(NOON)
    assert beat_of(app) is None
    done = Event()
    work = Background(app, [Job(name="try", every=timedelta(days=1), run=done.set)])
    work.start()
    assert done.wait(30)
    work.stop()
    beat = beat_of(app)
    assert beat is not None
    assert (beat.at, beat.ok) == (NOON, True)


def test_a_failure_and_its_end_are_in_the_beat_at_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []

    def record(_name: str, *, ok: bool, **_: object) -> None:
        told.append(ok)

    monkeypatch.setattr("neupusti.core.background.beats.record", record)
    work, enough = failing(app, 3)
    work.start()
    assert enough.wait(30)
    work.stop()
    assert told == [False, True]


def test_a_job_that_runs_each_second_beats_once_a_minute(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[datetime] = []
    monkeypatch.setattr(
        "neupusti.core.background.beats.record", lambda *_, **__: told.append(clock.now())
    )
    seconds, enough = iter(range(130)), Event()

    def run() -> None:
        if (second := next(seconds, None)) is None:
            enough.set()
        else:
            at(NOON + timedelta(seconds=second))

    work = Background(app, [Job(name="try", every=timedelta(0), run=run)])
    work.start()
    assert enough.wait(30)
    work.stop()
    assert told == [NOON + timedelta(minutes=minute) for minute in range(3)]


def test_a_job_that_cannot_beat_still_runs(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a full disk the last beat grows old, which says so."""

    def record(*_: str, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr("neupusti.core.background.beats.record", record)
    runs, enough = iter(range(3)), Event()
    work = Background(
        app,
        [
            Job(
                name="try",
                every=timedelta(0),
                run=lambda: None if next(runs, None) is not None else enough.set(),
            )
        ],
    )
    work.start()
    assert enough.wait(30)
    work.stop()


def test_a_job_that_stands_still_is_named(app: Flask, at: Clock) -> None:
    at(NOON)
    every = {"never": 1, "slow": 60, "late": 60, "failed": 60, "sound": 60}
    background.install(
        app,
        [
            Job(name=name, every=timedelta(minutes=minutes), run=print)
            for name, minutes in every.items()
        ],
    )
    for name in ("slow", "late"):
        beats.record(name, ok=True, milliseconds=0)
    at(NOON + timedelta(seconds=1))
    beats.record("slow", ok=True, milliseconds=0)
    at(NOON + timedelta(hours=2, seconds=1))
    beats.record("failed", ok=False, milliseconds=0)
    beats.record("sound", ok=True, milliseconds=0)
    assert background.standing_still() == {
        "never": "has never run",
        "late": "last ran at 2026-11-22 12:00 UTC",
        "failed": "failed at 2026-11-22 14:00 UTC",
    }


def test_every_job_of_the_site_is_known(app: Flask) -> None:
    names = {job.name for job in background.jobs()}
    assert names == {"mail", *(job.name for job in registry().jobs)}
    with writing() as session:
        session.execute(delete(JobBeat))
    assert set(background.standing_still()) == names


@pytest.mark.slow
def test_one_of_two_workers_runs_a_job_and_the_other_takes_over(app: Flask) -> None:
    """The kernel releases the lock with the process."""
    turns: list[str] = []
    begun = {"a": Event(), "b": Event()}

    def job(name: str) -> Job:
        def turn() -> None:
            turns.append(name)
            begun[name].set()

        return Job(name="try", every=timedelta(0), run=turn)

    first, second = Background(app, [job("a")]), Background(app, [job("b")])
    first.start()
    assert begun["a"].wait(30)
    second.start()
    first.stop()
    assert begun["b"].wait(30)
    second.stop()
    assert "a" not in turns[turns.index("b") :]


def test_repeated_failures_are_logged_once_a_minute(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(0, 1000, 25))
    monkeypatch.setattr("neupusti.core.background.monotonic", lambda: next(seconds))
    work, enough = failing(app, 8)
    with listening() as captured:
        work.start()
        assert enough.wait(30)
        work.stop()
    assert sum("event=job job=try" in line for line in captured.lines) == 3


@pytest.mark.parametrize(("times", "errors"), [(5, 0), (6, 1)])
def test_what_could_not_end_at_once_is_a_fault_only_if_it_lasts(
    app: Flask, times: int, errors: int
) -> None:
    work, enough = failing(app, times, NotYetError("somebody reads"))
    with listening() as captured:
        work.start()
        assert enough.wait(30)
        work.stop()
    told = 'level=info logger=neupusti.core.background event="job is tried again" job=try'
    calm = [line for line in captured.lines if told in line]
    assert [line.endswith('why="somebody reads"') for line in calm] == [True] * 5
    assert sum("event=job job=try" in line for line in captured.lines) == errors


def test_what_ends_in_between_is_never_a_fault(app: Flask) -> None:
    runs, enough = iter(range(20)), Event()

    def run() -> None:
        turn = next(runs, None)
        if turn is None:
            enough.set()
        elif turn % 2:
            raise NotYetError

    work = Background(app, [Job(name="try", every=timedelta(0), run=run)])
    with listening() as captured:
        work.start()
        assert enough.wait(30)
        work.stop()
    assert not any("level=error" in line for line in captured.lines)


def test_a_failed_election_is_retried(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file descriptor, or no folder: the thread survives."""
    monkeypatch.setattr("neupusti.core.background.ELECTION_SECONDS", 0.0)
    logged, done = Event(), Event()
    work = Background(app, [Job(name="try", every=timedelta(0), run=done.set)])
    log_failure = work.log_failure

    def captured(job: Job, error: Exception) -> None:
        log_failure(job, error)
        logged.set()

    monkeypatch.setattr(work, "log_failure", captured)
    lock = Path(app.instance_path) / "try.lock"
    lock.mkdir()
    work.start()
    assert logged.wait(30)
    assert not done.is_set()
    lock.rmdir()
    assert done.wait(30)
    work.stop()


def test_an_election_without_a_thread_is_retried(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock of the site is held by a thread of its own, which may not start."""
    monkeypatch.setattr("neupusti.core.background.ELECTION_SECONDS", 0.0)
    done, tries = Event(), iter(range(2))
    work = Background(app, [Job(name="try", every=timedelta(0), run=done.set)])
    elected = work._elected  # noqa: SLF001 - what the thread calls

    def starved(*given: Any) -> Any:
        if next(tries, None) is not None:
            raise RuntimeError("can't start new thread")
        return elected(*given)

    monkeypatch.setattr(work, "_elected", starved)
    work.start()
    assert done.wait(30)
    work.stop()


def test_a_job_is_retried_if_its_cleanup_fails(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Removing the session may fail as well."""
    remove, failed, again = db.session.remove, Event(), Event()

    def failing() -> None:
        remove()
        if not failed.is_set():
            failed.set()
            raise OSError("the connection is lost")

    def run() -> None:
        if failed.is_set():
            again.set()

    work = Background(app, [Job(name="try", every=timedelta(0), run=run)])
    with monkeypatch.context() as patched:
        patched.setattr(db.session, "remove", failing)
        work.start()
        assert again.wait(30)
        work.stop()


def test_a_job_is_retried_after_a_thousand_failures(app: Flask) -> None:
    """The pause must not overflow a float."""
    work, enough = failing(app, 1100)
    work.start()
    assert enough.wait(120)
    work.stop()
