"""A server that was silent once costs a request no second wait, and stores nothing late."""

from collections.abc import Callable
from contextlib import ExitStack
from threading import Event
from typing import Any, Never

import pytest
from flask import Flask, request
from sqlalchemy import Engine, QueuePool, create_engine, select, text
from sqlalchemy.exc import (
    OperationalError,
    TimeoutError,  # noqa: A004 - of a pool
)

from neupusti.core import clock
from neupusti.core.data import looks, postgresql, waiting
from neupusti.core.data.beats import JobBeat
from neupusti.core.data.database import db, writing
from neupusti.core.data.looks import Look
from tests.conftest import SQLITE
from tests.core.data.test_postgresql import (
    PID,
    POSTGRESQL,
    Queue,
    beside,
    impatient,
    stopped,
)
from tests.site.test_server import eventually

__all__ = ["impatient"]


class AtOnce:
    """Stands for a thread, and runs before it is waited for."""

    def __init__(self, target: Callable[[], None], *, daemon: bool) -> None:
        assert daemon
        self.target = target

    def start(self) -> None:
        """Do the work of the thread."""
        self.target()


def no_thread_left(**_: object) -> Never:
    raise RuntimeError("can't start new thread")


@POSTGRESQL
@pytest.mark.usefixtures("impatient")
def test_a_commit_without_an_answer_stores_nothing_later(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "Thread", AtOnce)
    beat = JobBeat(name="late", at=clock.now(), milliseconds=1, ok=True)
    with app.test_request_context():
        db.session.add(beat)
        db.session.flush()
        pid = db.session.scalar(PID)
        assert pid is not None
        with stopped(pid), pytest.raises(OperationalError, match="in time"):
            db.session.commit()
        db.session.remove()
    alive = text("SELECT 1 FROM pg_stat_activity WHERE pid = :pid").bindparams(pid=pid)
    with beside(db.engine) as other:

        def is_gone() -> bool:
            other.rollback()
            return other.scalar(alive) is None

        eventually(is_gone)
    assert db.session.scalar(select(JobBeat).filter_by(name="late")) is None


@POSTGRESQL
@pytest.mark.usefixtures("impatient")
def test_a_connection_that_is_to_end_another_has_to_answer(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "END_SECONDS", 0.1)
    with ExitStack() as stack:
        connection = stack.enter_context(db.engine.connect())
        driver: Any = connection.connection.dbapi_connection
        another = driver.another

        def frozen() -> Any:
            other = another()
            stack.enter_context(stopped(other.info.backend_pid))
            return other

        driver.another = frozen
        driver._end_process()  # noqa: SLF001 - what its thread does
    assert not postgresql._ending.locked()  # noqa: SLF001 - the next one waits for it
    with beside(db.engine) as other:
        assert other.scalar(PID)


@POSTGRESQL
@pytest.mark.usefixtures("impatient")
def test_a_request_waits_once_for_a_silent_server(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "LEAST_SECONDS", 0.05)
    with app.test_request_context(), db.engine.connect() as connection:
        assert postgresql._limit() == postgresql.REQUEST_SECONDS  # noqa: SLF001 - no other way
        pid = connection.scalar(PID)
        assert pid is not None
        with stopped(pid), pytest.raises(OperationalError, match="in time"):
            connection.execute(text("SELECT 1"))
        assert postgresql.SILENT in request.environ
        assert postgresql._limit() == 0.05  # noqa: SLF001 - as above
    with app.test_request_context():
        assert postgresql._limit() == postgresql.REQUEST_SECONDS  # noqa: SLF001 - as above


@POSTGRESQL
def test_a_connection_of_the_pool_answers_soon_or_goes(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "PING_SECONDS", 0.1)
    with db.engine.connect() as connection:
        pid = connection.scalar(PID)
    assert pid is not None
    # Without a limit of its own this command would wait for good.
    with stopped(pid), db.engine.connect() as again:
        assert again.scalar(PID) != pid


@POSTGRESQL
def test_a_page_that_is_ready_outlives_its_connection(app: Flask) -> None:
    with beside(db.engine) as other, app.test_request_context():
        pid = db.session.scalar(PID)
        other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        db.session.remove()
    assert isinstance(db.engine.pool, QueuePool)
    assert db.engine.pool.checkedout() == 0
    assert db.session.scalar(PID) not in {None, pid}


@POSTGRESQL
@pytest.mark.parametrize("prepared", ["on", "off"])
def test_a_connection_knows_its_process_also_without_prepared_statements(
    app: Flask, prepared: str
) -> None:
    """What it was asked may be stored after all, unless its process is ended."""
    engine = create_engine(
        db.engine.url.update_query_dict({"prepared_statements": prepared})
    )
    postgresql.prepare(engine)
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        assert driver.own_process == connection.scalar(PID)
    engine.dispose()


class Stuck(Queue):
    """A queue in which others get on, and writers get stuck."""

    def acquire(self, timeout: float) -> bool:
        """Let a writer get stuck before the look."""
        self.progress.stuck_at = self.monotonic() + timeout
        return super().acquire(timeout)


def test_a_writer_waits_shortly_in_a_queue_with_one_that_is_stuck(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    queue = Stuck(moves=True, free_after=80)
    monkeypatch.setattr(waiting, "_jobs", queue)
    monkeypatch.setattr(waiting, "time", queue)
    with pytest.raises(TimeoutError), waiting.writer_slot(postgresql.WRITE_SECONDS):
        pass
    assert queue.monotonic() == postgresql.WRITE_SECONDS


@POSTGRESQL
@pytest.mark.usefixtures("impatient")
def test_a_writer_that_gets_no_lock_is_stuck(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting._jobs, "progress", progress := waiting.Progress())  # noqa: SLF001
    with beside(db.engine) as other:
        other.execute(text("LOCK TABLE job_beat IN ACCESS EXCLUSIVE MODE"))
        with pytest.raises(OperationalError), writing() as session:
            session.execute(text("DELETE FROM job_beat"))
    assert progress.stuck_at > 0


def held(engine: Engine, release: Event) -> tuple[Look, list[int]]:
    """Return a look that lasts until its release, and what it counts."""
    looked: list[int] = []

    def act() -> None:
        looked.append(1)
        release.wait()

    return Look(engine, act), looked


@POSTGRESQL
def test_a_page_waits_for_no_look_that_hangs(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "WAIT_SECONDS", 0.0)
    release = Event()
    look, looked = held(db.engine, release)
    look.take(whole=False)
    eventually(lambda: bool(looked))
    look.take(whole=False)
    assert looked == [1]
    release.set()
    eventually(lambda: not look.lock.locked())
    look.take(whole=True)
    assert looked == [1, 1]


@POSTGRESQL
def test_a_look_without_a_thread_is_left_to_the_next_page(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = Event()
    release.set()
    look, looked = held(db.engine, release)
    with monkeypatch.context() as patched:
        patched.setattr(looks, "Thread", no_thread_left)
        look.take(whole=False)
    assert not look.lock.locked()
    look.take(whole=True)
    assert looked == [1]


@POSTGRESQL
def test_a_silent_server_is_told_of_without_a_thread(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "Thread", no_thread_left)
    with db.engine.connect() as connection:
        pid = connection.scalar(PID)
        assert pid is not None
        with (
            stopped(pid),
            postgresql.limited(0.1),
            pytest.raises(OperationalError, match="in time"),
        ):
            connection.execute(text("SELECT 1"))


@SQLITE
def test_on_sqlite_a_page_looks_itself(app: Flask) -> None:
    release = Event()
    release.set()
    look, looked = held(db.engine, release)
    look.take(whole=False)
    assert looked == [1]
    assert not look.lock.locked()
