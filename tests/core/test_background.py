"""Work beside the requests: one worker does it."""

from datetime import timedelta
from threading import Event

from flask import Flask

from neupusti.core.background import Background, Job


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
