"""Background jobs: one worker runs them."""

from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest
from flask import Flask

from neupusti.core.background import Background, Job
from neupusti.core.data.database import db
from tests.canary import listening


def failing(app: Flask, times: int) -> tuple[Background, Event]:
    """Return a worker whose job fails so often, and the event it sets afterwards."""
    runs, enough = iter(range(times)), Event()

    def run() -> None:
        if next(runs, None) is None:
            enough.set()
            return
        raise OSError("the disk is full")

    return Background(app, [Job(name="try", every=timedelta(0), run=run)]), enough


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
