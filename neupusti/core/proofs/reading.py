"""Connections for proofs: the database itself refuses their writes.

Read-only is a property of the session, not of a transaction: else the statement after a
rollback could write. A check sees one state of each database. Nothing is pooled, so no
other user inherits a limit of a proof.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from neupusti.core.data import postgresql
from neupusti.core.data.database import ACCESS, db
from neupusti.core.data.waiting import BUSY_SECONDS
from neupusti.core.proofs.proof import Looking

REFUSALS = {"25006", "42501"}
"""The SQLSTATE of a write in a read-only transaction, and of one without the right to."""


class WritableError(RuntimeError):
    """A connection for proofs could write."""


@contextmanager
def looking() -> Iterator[Looking]:
    """Open both databases for a block, each after a write to it was refused.

    Raise WritableError, or DBAPIError where a database does not answer.
    """
    main, access = (_read_only(db.engines[name]) for name in (None, ACCESS))
    with main.connect() as first, access.connect() as second:
        for connection in (first, second):
            if not _refuses_writes(connection):
                raise WritableError
        yield Looking(first, second)


def _refuses_writes(connection: Connection) -> bool:
    """Try to write; whatever comes of it is rolled back."""
    try:
        connection.execute(text("CREATE TABLE proof_guard (id INTEGER)"))
    except DBAPIError as error:
        driver: Any = error.orig
        if isinstance(driver, sqlite3.Error):
            code = driver.sqlite_errorcode & 0xFF  # no mutation: of several bits one is set
            refused = code == sqlite3.SQLITE_READONLY
        else:
            refused = driver.sqlstate in REFUSALS  # no mutation: PostgreSQL's
        if not refused:
            raise
        return True
    finally:
        connection.rollback()  # no mutation: PostgreSQL needs it
    return False


SET_UP = b"""SET default_transaction_read_only = on;
SET default_transaction_isolation = 'repeatable read'"""
_ENGINES: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()


def _read_only(of: Engine) -> Engine:
    """Return the engine for proofs of the database of another one."""
    if of not in _ENGINES:
        _ENGINES[of] = _of_sqlite(of) if of.dialect.name == "sqlite" else _of_postgresql(of)
    return _ENGINES[of]


def _of_postgresql(of: Engine) -> Engine:
    engine = _engine(of.url)  # no mutation: PostgreSQL's
    postgresql.prepare(engine)  # no mutation: PostgreSQL's

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        # Not while it connects: a URL that asks for a server that writes would find none.
        connection.execute(SET_UP)  # no mutation: PostgreSQL's
        connection.commit()  # no mutation: PostgreSQL's

    return engine  # no mutation: PostgreSQL's


def _engine(url: URL) -> Engine:
    """Return an engine that pools nothing, and whose errors quote no values."""
    return create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,  # no mutation: proofs bind no values of people
    )


def _of_sqlite(of: Engine) -> Engine:
    path = quote(str(of.url.database))
    url = of.url.set(database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    engine = _engine(url)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        wait = BUSY_SECONDS * 1000  # no mutation: no test waits
        for pragma in ("query_only=ON", f"busy_timeout={wait}"):
            # A second lock beside that of the file.
            connection.execute(f"PRAGMA {pragma}").close()  # no mutation: the file is shut

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine
