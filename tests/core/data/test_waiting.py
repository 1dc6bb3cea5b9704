"""A pool of connections that a rush has emptied."""

from collections.abc import Callable
from dataclasses import dataclass
from sqlite3 import connect

import pytest
from sqlalchemy.exc import OperationalError, TimeoutError  # noqa: A004 - of a pool

from neupusti.core.data import waiting
from neupusti.core.data.waiting import POOL_SECONDS, MovingPool

SERVED_SECONDS, TICK_SECONDS = 12.0, 0.25


@dataclass
class Clock:
    """A while passes with every look at it; something happens then."""

    happens: Callable[[float], None]
    now: float = 0.0

    def monotonic(self) -> float:
        self.happens(self.now)
        self.now += TICK_SECONDS
        return self.now


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> MovingPool:
    """A pool of one connection."""
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 0.0)
    return MovingPool(lambda: connect(":memory:"), pool_size=1, max_overflow=0)


def test_who_waits_while_others_are_served_is_served_in_the_end(
    pool: MovingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = [pool.connect()]

    def happens(now: float) -> None:
        if now < SERVED_SECONDS:
            pool.progress.moved_at = now
        elif held:
            held.pop().close()

    monkeypatch.setattr(waiting, "time", clock := Clock(happens))
    pool.connect().close()
    assert clock.now > SERVED_SECONDS > POOL_SECONDS


@pytest.mark.parametrize("gets_stuck", [False, True])
def test_who_waits_while_nobody_is_served_is_told_soon(
    pool: MovingPool, monkeypatch: pytest.MonkeyPatch, *, gets_stuck: bool
) -> None:
    held = pool.connect()

    def happens(now: float) -> None:
        if gets_stuck:
            pool.progress.moved_at = pool.progress.stuck_at = now + TICK_SECONDS

    monkeypatch.setattr(waiting, "time", clock := Clock(happens))
    with pytest.raises(TimeoutError):
        pool.connect()
    assert POOL_SECONDS <= clock.now <= POOL_SECONDS + 4 * TICK_SECONDS
    held.close()


def test_a_connection_that_comes_back_is_progress_unless_it_is_unusable(
    pool: MovingPool,
) -> None:
    pool.connect().close()
    assert pool.progress.moved_at > pool.progress.stuck_at == 0
    moved = pool.progress.moved_at
    pool.connect().invalidate()
    assert pool.progress.stuck_at >= pool.progress.moved_at == moved


def test_a_pool_that_is_made_again_waits_alike(pool: MovingPool) -> None:
    again = pool.recreate()
    assert isinstance(again, MovingPool)
    assert again.timeout() == pool.timeout()


@pytest.mark.parametrize(
    ("ends", "is_served"),
    [
        (LookupError(), True),
        (OperationalError("", (), Exception()), False),
        (TimeoutError(), False),
    ],
)
def test_a_writer_that_is_refused_is_served_and_one_without_a_lock_is_not(
    monkeypatch: pytest.MonkeyPatch, ends: Exception, *, is_served: bool
) -> None:
    monkeypatch.setattr(waiting._jobs, "progress", progress := waiting.Progress())  # noqa: SLF001
    with pytest.raises(type(ends)), waiting.writer_slot():
        raise ends
    assert (progress.moved_at > 0) == is_served == (progress.stuck_at == 0)
