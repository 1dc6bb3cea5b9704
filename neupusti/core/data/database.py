"""The two databases: `main` (people, orders, policy) and `access` (the access log).

A table joins `access` by deriving from `AccessBase`; everything else is `main`.
"""

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from flask import has_request_context
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    CheckConstraint,
    Connection,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    NullPool,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from neupusti.core.data import postgresql
from neupusti.core.data.reading import WRITING, RoutedSession
from neupusti.core.data.waiting import BUSY_SECONDS, writer_slot

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
}
ACCESS = "access"
MAX_CHECKPOINTS, CHECKPOINT_MILLISECONDS = 20, 100
"""How often a checkpoint is tried, and how long it waits for readers each time."""
RETRY_SECONDS = 0.001, 0.004
"""Shortest and longest pause between two attempts to begin."""


class Base(DeclarativeBase):
    """Every table of the main database."""

    metadata = MetaData(naming_convention=NAMING)


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    """Return the constraint that `column` holds one of `values`."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class AccessBase(DeclarativeBase):
    """Every table of the access log's own database."""

    metadata = MetaData(naming_convention=NAMING, info={"bind_key": ACCESS})


db = SQLAlchemy(
    metadata=Base.metadata,
    session_options={"class_": RoutedSession},
    # For both databases. Errors do not quote the values of a statement: personal data.
    engine_options={"pool_pre_ping": True, "hide_parameters": True},
)
db.metadatas[ACCESS] = AccessBase.metadata


class Utc(TypeDecorator[datetime]):
    """An aware moment, stored in UTC, since SQLite drops the time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - their signature
    ) -> datetime | None:
        """Return UTC; raise ValueError for a naive moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - their signature
    ) -> datetime | None:
        """Return an aware moment in UTC, regardless of the driver."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


@contextmanager
def writing() -> Iterator[Session]:
    """Open one write transaction of the main database; commit at its end, or roll back.

    SQLite fails at once when a transaction that began by reading wants to write: hence
    BEGIN IMMEDIATE. On PostgreSQL a request waits a few seconds: another's lock may last.
    """
    session = db.session()
    if WRITING in session.info or session.new or session.dirty or session.deleted:
        raise RuntimeError("a write transaction must begin before its changes")
    session.rollback()
    brief = on_postgresql(session) and has_request_context()
    most = postgresql.WRITE_SECONDS if brief else BUSY_SECONDS
    with writer_slot(most) as stood, ExitStack() as stack:
        if brief:
            left = postgresql.left_to_write(stood)
            stack.enter_context(postgresql.limited(left + postgresql.ANSWER_SECONDS))
        session.info[WRITING] = True
        try:
            connection = session.connection(execution_options={"begin_immediate": True})
            postgresql.limit_idle(connection)
            if brief:
                postgresql.limit_locks(connection, left)
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            del session.info[WRITING]


def on_postgresql(session: Session) -> bool:
    """Return whether the main database is one that several machines may share."""
    return session.get_bind().dialect.name == "postgresql"


def insert(session: Session, table: type[DeclarativeBase]) -> pg.Insert | sqlite.Insert:
    """Return an insert that supports `ON CONFLICT`.

    Of two concurrent writers one is late: what it looked up before may have changed.
    """
    return pg.insert(table) if on_postgresql(session) else sqlite.insert(table)


def truncate_wal() -> bool:
    """Truncate SQLite's write-ahead log, which still contains the old pages.

    For after a destruction: `secure_delete` overwrites only the database itself. Return
    whether the log is empty now: while another connection reads, it cannot be.
    """
    if db.engine.dialect.name != "sqlite":
        return True
    db.session.rollback()
    with db.engine.connect() as connection:
        raw: Any = connection.connection.dbapi_connection
        # A checkpoint that waits for readers makes writers wait too: so not for long.
        raw.execute(f"PRAGMA busy_timeout={CHECKPOINT_MILLISECONDS}").close()
        try:
            return any(_checkpoint(raw) for _ in range(MAX_CHECKPOINTS))
        finally:
            raw.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}").close()


def _checkpoint(raw: Any) -> bool:
    busy: int = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    return not busy


def make_private() -> None:
    """Give each SQLite file mode 0600, also one that is not there yet. Raise OSError.

    SQLite gives its journals the mode of the file.
    """
    for engine in db.engines.values():
        if engine.dialect.name == "sqlite" and engine.url.database:
            for name in ("", "-wal", "-shm"):
                path = Path(engine.url.database + name)
                if not name:
                    path.touch(mode=0o600)
                if path.exists():
                    path.chmod(0o600)


def prepare(engine: Engine, *, synchronous: str) -> None:
    """Configure every connection of `engine`.

    Of SQLite `synchronous` is FULL where no commit may be lost in a power cut, else NORMAL.
    """
    if engine.dialect.name != "sqlite":
        postgresql.prepare(engine)
        return

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's own BEGIN, below
        for pragma in (
            f"busy_timeout={BUSY_SECONDS * 1000}",
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            "secure_delete=ON",
            "recursive_triggers=ON",  # so that REPLACE meets the guards of DELETE
        ):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("begin_immediate"):
            _begin_immediate(connection)
        else:
            connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    """Begin a write transaction of SQLite; wait at most BUSY_SECONDS for another writer.

    SQLite's own busy handler retries less often the longer it has waited: late writers
    overtake, and one in a thousand waits for seconds. Here all retry equally often.
    """
    raw: Any = connection.connection.dbapi_connection
    deadline = time.monotonic() + BUSY_SECONDS
    raw.execute("PRAGMA busy_timeout=0").close()
    try:
        while not _try_begin(raw) and time.monotonic() < deadline:
            time.sleep(random.uniform(*RETRY_SECONDS))  # noqa: S311 - no secret
        if not raw.in_transaction:
            # Fails again, this time with the library's own exception.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        raw.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}").close()


def _try_begin(raw: Any) -> bool:
    """Try to begin; return False only where another writer holds the lock."""
    try:
        raw.execute("BEGIN IMMEDIATE").close()
    except sqlite3.OperationalError as error:
        return error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY
    return True


def beside(engine: Engine) -> Engine:
    """Return an engine of the same database, each of whose connections is a new one.

    For what a thread may look up while it holds a connection: where all that the pool has
    are held by threads that wait for it, it would wait for one of them.
    """
    other = create_engine(engine.url, poolclass=NullPool, hide_parameters=True)
    prepare(other, synchronous="FULL")
    return other


def prepare_all(engines: dict[str | None, Engine]) -> None:
    """Prepare the engines of one app: the main database durable, the log fast."""
    for name, engine in engines.items():
        prepare(engine, synchronous="NORMAL" if name == ACCESS else "FULL")
