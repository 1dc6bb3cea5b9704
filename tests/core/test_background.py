"""Work beside the requests: one worker does it."""

from datetime import timedelta
from threading import Event

import pytest
from flask import Flask

from neupusti.core.background import Background, Job
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
