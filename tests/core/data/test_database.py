import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Barrier, Thread
from unittest import mock

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Column, MetaData, Table, insert, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from neupusti.core.data import database, postgresql, waiting
from neupusti.core.data.database import ACCESS, Utc, db, writing
from neupusti.policy.models import Edition
from tests import fast
from tests.people import AIGERIM

BOTH = pytest.mark.parametrize("bind", [None, ACCESS], ids=["main", "access"])
FULL, NORMAL = 2, 1
WRITERS, TURNS, CROWD = 4, 10, 24


@pytest.mark.parametrize(
    ("pragma", "main", "access"),
    [
        ("journal_mode", "wal", "wal"),
        ("synchronous", FULL, NORMAL),
        ("foreign_keys", 1, 1),
        ("secure_delete", 1, 1),
        ("busy_timeout", 30_000, 30_000),
    ],
)
def test_every_connection_to_sqlite_has_its_settings(
    made: Callable[..., Flask],
    monkeypatch: pytest.MonkeyPatch,
    pragma: str,
    main: object,
    access: object,
) -> None:
    monkeypatch.setattr(database, "prepare", fast.PREPARE)
    with made().app_context():
        for bind, wanted in ((None, main), (ACCESS, access)):
            with db.engines[bind].connect() as connection:
                assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == wanted


@BOTH
def test_an_error_quotes_no_values_of_its_statement(app: Flask, bind: str | None) -> None:
    query = text("SELECT * FROM nowhere WHERE email = :email")
    with db.engines[bind].connect() as connection, pytest.raises(DBAPIError) as failed:
        connection.execute(query, {"email": AIGERIM.email})
    assert AIGERIM.email not in str(failed.value)


@pytest.fixture
def scratch(app: Flask) -> Table:
    """A table of one moment in the main database."""
    table = Table("scratch", MetaData(), Column("at", Utc))
    table.create(db.engine)
    return table


def test_a_moment_comes_back_aware_and_in_utc(scratch: Table) -> None:
    almaty = timezone(timedelta(hours=5))
    moments = [
        datetime(2026, 11, 22, 1, 30, 15, 123456, tzinfo=almaty),
        datetime(2026, 11, 21, 20, 30, 15, 123456, tzinfo=UTC),
        None,
    ]
    with writing() as session:
        session.execute(insert(scratch), [{"at": moment} for moment in moments])
    stored = db.session.scalars(select(scratch.c.at)).all()
    assert stored == [moments[1], moments[1], None]
    assert {at.utcoffset() for at in stored if at} == {timedelta(0)}


def test_a_moment_without_a_zone_is_refused(scratch: Table) -> None:
    naive = datetime(2026, 11, 22)  # noqa: DTZ001 - deliberately naive
    with pytest.raises(StatementError, match="without a time zone"), writing() as session:
        session.execute(insert(scratch).values(at=naive))


def test_moments_compare_in_the_database_as_they_do_in_python(scratch: Table) -> None:
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    earlier = datetime(2026, 11, 22, 16, 59, tzinfo=timezone(timedelta(hours=5)))
    with writing() as session:
        session.execute(insert(scratch), [{"at": noon}, {"at": earlier}])
    found = db.session.scalars(select(scratch.c.at).where(scratch.c.at < noon)).all()
    assert found == [earlier]


def test_a_writer_locks_sqlite_at_begin(bare: Flask, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "main.sqlite", timeout=0, isolation_level=None)
    with bare.app_context():
        with writing(), pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")
    other.close()


@dataclass
class FakeTime:
    """Records each pause; after `attempts` of them the other writer rolls back."""

    other: sqlite3.Connection
    attempts: int
    waits: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return sum(self.waits)

    def sleep(self, wait: float) -> None:
        self.waits.append(wait)
        if len(self.waits) == self.attempts:
            self.other.execute("ROLLBACK")


@pytest.fixture
def other(bare: Flask, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A connection with an open write transaction on the same SQLite file."""
    with bare.app_context(), db.engine.connect():
        writer = sqlite3.connect(tmp_path / "main.sqlite", isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    yield writer
    writer.close()


def test_the_pause_between_attempts_does_not_grow(
    bare: Flask, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_time = FakeTime(other, attempts=500)
    monkeypatch.setattr(database, "time", fake_time)
    with bare.app_context(), writing() as session:
        assert session.scalar(text("PRAGMA busy_timeout")) == 30_000
    assert len(fake_time.waits) == 500
    assert max(fake_time.waits) <= max(database.RETRY_SECONDS)


def test_a_writer_gives_up_after_the_timeout(
    bare: Flask, other: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_time = FakeTime(other, attempts=0)
    monkeypatch.setattr(database, "time", fake_time)
    with (
        bare.app_context(),
        pytest.raises(OperationalError, match="database is locked"),
        writing(),
    ):
        pass
    assert waiting.BUSY_SECONDS <= fake_time.monotonic() < waiting.BUSY_SECONDS + 1


def test_another_error_is_raised_at_once(
    bare: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "main.sqlite").write_bytes(b"no database at all" * 100)
    monkeypatch.setattr(database, "RETRY_SECONDS", ())
    with bare.app_context(), pytest.raises(DBAPIError, match="not a database"), writing():
        pass


@pytest.fixture
def tally(app: Flask) -> None:
    with writing() as session:
        session.execute(text("CREATE TABLE tally (total INTEGER)"))
        session.execute(text("INSERT INTO tally VALUES (0)"))


@pytest.mark.usefixtures("tally")
def test_writers_at_the_same_time_all_succeed(app: Flask) -> None:
    """Each reads before it writes: where plain BEGIN would fail at once."""
    together = Barrier(WRITERS)
    failures: list[Exception] = []

    def write() -> None:
        together.wait()
        try:
            for _ in range(TURNS):
                with app.app_context(), writing() as session:
                    session.scalar(text("SELECT total FROM tally"))
                    session.execute(text("UPDATE tally SET total = total + 1"))
        except DBAPIError as error:
            failures.append(error)

    threads = [Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert db.session.scalar(text("SELECT total FROM tally")) == WRITERS * TURNS


@pytest.mark.usefixtures("tally")
def test_a_writer_reads_through_a_second_connection_while_a_crowd_waits(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that wait for its lock must not hold all the connections that there are."""
    monkeypatch.setattr(db.engine.pool, "_timeout", 2)
    together = Barrier(CROWD)
    failures: list[Exception] = []

    def write() -> None:
        together.wait()
        try:
            with app.app_context(), writing() as session:
                session.execute(text("UPDATE tally SET total = total + 1"))
                with db.engine.connect() as second:
                    second.execute(select(Edition.id)).all()
        except SQLAlchemyError as error:
            failures.append(error)

    threads = [Thread(target=write) for _ in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_writer_waits_for_a_slot_only_so_long(app: Flask) -> None:
    with app.test_request_context():
        with ExitStack() as stack:
            for _ in range(waiting.WRITERS):
                stack.enter_context(waiting.writer_slot())
            with pytest.raises(PoolTimeout, match="too many writers"):
                stack.enter_context(waiting.writer_slot(0))
        with waiting.writer_slot(0):
            pass


def test_jobs_that_wait_leave_the_visitors_their_turns(app: Flask) -> None:
    with ExitStack() as stack:
        for _ in range(waiting.WRITING_JOBS):
            stack.enter_context(waiting.writer_slot())
        with pytest.raises(PoolTimeout, match="too many writers"):
            stack.enter_context(waiting.writer_slot(0))
        stack.enter_context(app.test_request_context())
        for _ in range(waiting.WRITERS):
            stack.enter_context(waiting.writer_slot(0))


def test_a_writer_that_fails_leaves_nothing(scratch: Table) -> None:
    def fail() -> None:
        with writing() as session:
            session.execute(insert(scratch).values(at=datetime(2026, 11, 22, tzinfo=UTC)))
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert db.session.scalars(select(scratch)).all() == []


def test_a_transaction_inside_another_is_refused(scratch: Table) -> None:
    """It would begin by a rollback, and lose what the outer one has written."""
    with writing() as session:
        session.execute(insert(scratch).values(at=datetime(2026, 11, 22, tzinfo=UTC)))
        with pytest.raises(RuntimeError, match="must begin before"), writing():
            pass
    assert len(db.session.execute(select(scratch)).all()) == 1


def test_changes_made_before_the_transaction_are_refused(app: Flask) -> None:
    db.session.add(Edition())
    with pytest.raises(RuntimeError, match="must begin before"), writing():
        pass


def test_starting_opens_no_database(bare: Flask, tmp_path: Path) -> None:
    assert list(tmp_path.glob("*.sqlite*")) == []


def test_a_migration_that_ended_a_deadlock_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgresql, "sleep", mock.Mock())
    ended = OperationalError("", {}, psycopg.errors.DeadlockDetected())
    migrate = mock.Mock(side_effect=[ended, None])
    postgresql.retried(migrate)
    assert migrate.call_count == 2
