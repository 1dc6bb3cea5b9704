"""Work beside the requests: one worker does it."""

from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from flask import Flask

from neupusti.core.background import Background, Job
from neupusti.core.data.database import db
from tests.canary import listening


def test_one_worker_of_two_works_and_the_other_takes_over(app: Flask) -> None:
    """The lock is the kernel's: it goes with the process, however that ends."""
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


def test_a_job_that_fails_again_and_again_is_told_once_a_minute(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(0, 1000, 25))
    monkeypatch.setattr("neupusti.core.background.monotonic", lambda: next(seconds))
    turns, enough = iter(range(8)), Event()

    def failing() -> None:
        if next(turns, None) is None:
            enough.set()
            return
        raise OSError("the disk is full")

    work = Background(app, [Job(name="try", every=timedelta(0), run=failing)])
    with listening() as heard:
        work.start()
        assert enough.wait(30)
        work.stop()
    assert sum("event=job job=try" in line for line in heard.lines) == 3


def test_a_job_that_cannot_even_be_elected_is_tried_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full table of files, a folder that is away: its thread outlives that."""
    monkeypatch.setattr("neupusti.core.background.ELECTION_SECONDS", 0.0)
    logged, done = Event(), Event()
    work = Background(app, [Job(name="try", every=timedelta(0), run=done.set)])
    log_failure = work.log_failure

    def heard(job: Job, error: Exception) -> None:
        log_failure(job, error)
        logged.set()

    monkeypatch.setattr(work, "log_failure", heard)
    lock = Path(app.instance_path) / "try.lock"
    lock.mkdir()
    work.start()
    assert logged.wait(30)
    assert not done.is_set()
    lock.rmdir()
    assert done.wait(30)
    work.stop()


def test_a_job_whose_end_fails_is_tried_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Giving the session back talks to the database, and may fail as the job may."""
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


def test_a_job_that_failed_a_thousand_times_is_tried_again(app: Flask) -> None:
    """The pause does not grow beyond what a float can hold: a day without a database."""
    turns, enough = iter(range(1100)), Event()

    def failing() -> None:
        if next(turns, None) is None:
            enough.set()
            return
        raise OSError("the disk is full")

    work = Background(app, [Job(name="try", every=timedelta(0), run=failing)])
    work.start()
    assert enough.wait(120)
    work.stop()
