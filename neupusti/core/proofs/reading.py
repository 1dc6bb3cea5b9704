"""Connections for proofs: the database itself refuses their writes.

Read-only is a property of the session, not of a transaction: else the statement after a
rollback could write. Nothing is pooled, so no other user inherits a limit of a proof.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from neupusti.core.data.database import ACCESS, BUSY_SECONDS, db
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
            refused = driver.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY
        else:
            refused = driver.sqlstate in REFUSALS
        if not refused:
            raise
        return True
    finally:
        connection.rollback()
    return False


_ENGINES: WeakKeyDictionary[Engine, Engine] = WeakKeyDictionary()


def _read_only(of: Engine) -> Engine:
    """Return the engine for proofs of the database of another one."""
    if of not in _ENGINES:
        _ENGINES[of] = _of_sqlite(of) if of.dialect.name == "sqlite" else _of_postgresql(of)
    return _ENGINES[of]


def _of_postgresql(of: Engine) -> Engine:
    options = {"options": "-c default_transaction_read_only=on"}
    return create_engine(
        of.url, poolclass=NullPool, connect_args=options, hide_parameters=True
    )


def _of_sqlite(of: Engine) -> Engine:
    path = quote(str(of.url.database))
    url = of.url.set(database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's own BEGIN, below
        for pragma in ("query_only=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine
