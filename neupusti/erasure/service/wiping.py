"""Wipe what the databases and the disk still hold of rows that are gone."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.exc import OperationalError

from neupusti.core.data import files as data_files
from neupusti.core.data import samples
from neupusti.core.data.classification import personal_columns
from neupusti.core.data.database import Base, db, truncate_wal, writing
from neupusti.erasure.models import ErasureFile

SMALL = 200 * 1024 * 1024
"""Bytes of a table that PostgreSQL may write anew at once; it is locked meanwhile."""


def files(erasure: int) -> int:
    """Destroy the files that an erasure named; return how many. A second run is harmless.

    Each is unlinked before its name goes: whoever is killed between finds it again.
    """
    home = data_files.home()
    named = select(ErasureFile).filter_by(erasure=erasure)
    rows = [(row.id, row.path) for row in db.session.scalars(named)]
    for _number, path in rows:
        (home / path).unlink(missing_ok=True)
    if rows:
        with writing() as session:
            gone = delete(ErasureFile).where(ErasureFile.id.in_([row[0] for row in rows]))
            session.execute(gone)
    return len(rows)


def database(names: Iterable[str]) -> bool:
    """Wipe the pages of rows that are gone; return whether no copy can be left.

    SQLite overwrites them at once, and its log is truncated here. PostgreSQL writes small
    tables anew and forgets what it sampled; a table that is in use waits for the next run.
    """
    if db.engine.dialect.name == "sqlite":
        return truncate_wal()
    db.session.rollback()
    tables = [table for table in Base.metadata.sorted_tables if table.name in {*names}]
    with db.engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        try:
            for table in tables:
                if personal_columns(table):
                    _vacuum(connection, table.name)
        except OperationalError:
            return False
    samples.forget()
    return True


def _vacuum(connection: Connection, table: str) -> None:
    size = connection.scalar(select(func.pg_total_relation_size(table)))
    full = "FULL, " if (size or 0) <= SMALL else ""
    connection.exec_driver_sql(f"VACUUM ({full}ANALYZE) {table}")
