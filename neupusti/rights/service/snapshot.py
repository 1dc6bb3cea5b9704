"""Both databases as they are at one moment, for a read of many statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from neupusti.core.data.database import ACCESS, db


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A connection to each database, in a transaction that writes nothing."""

    main: Connection
    access: Connection


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """Open a snapshot for a block: what others commit meanwhile is not in it.

    SQLite keeps the state of the first read of a transaction; PostgreSQL must be asked to.
    """
    options = {}
    if db.engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with (
        db.engine.connect().execution_options(**options) as main,
        db.engines[ACCESS].connect().execution_options(**options) as access,
    ):
        yield Snapshot(main, access)
        main.rollback()
        access.rollback()
