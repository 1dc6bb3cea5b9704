"""Wipe what the databases and the disk still hold of rows that are gone."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from neupusti.core.data import files as data_files
from neupusti.core.data import samples
from neupusti.core.data.classification import personal_columns
from neupusti.core.data.database import Base, db, truncate_wal
from neupusti.core.data.file_table import FilePart, partitions
from neupusti.erasure.models import ErasureFile

SMALL = 200 * 1024 * 1024
"""Bytes of a table that PostgreSQL may write anew at once; it is locked meanwhile."""


def files(erasure: int) -> bool:
    """Destroy the files that an erasure named; return True. A second run is harmless."""
    named = select(ErasureFile.path).where(ErasureFile.erasure == erasure)
    for path in db.session.scalars(named).all():
        data_files.destroy(*path.split("/"))
    return True


def forget(session: Session, erasure: int) -> int:
    """Delete the names of destroyed files in the open transaction; return how many.

    Only once they are wiped: whoever is killed before that finds them again.
    """
    gone = session.execute(delete(ErasureFile).where(ErasureFile.erasure == erasure))
    return gone.rowcount  # type: ignore[attr-defined,no-any-return]


def database(names: Iterable[str], kinds: Iterable[str] = ()) -> bool:
    """Wipe the pages of rows and files that are gone; return whether no copy can be left.

    SQLite overwrites them at once, and its log is truncated here. PostgreSQL writes small
    tables and the files of `kinds` anew, and forgets what it sampled; a table that is in
    use waits for the next run. What went of a large table lies there until new rows come.
    """
    if db.engine.dialect.name == "sqlite":
        return truncate_wal()
    db.session.rollback()
    tables = [table for table in Base.metadata.sorted_tables if table.name in {*names}]
    with db.engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        try:
            wiped = {table.name for table in tables if personal_columns(table)}
            # Of files only the partitions of the kinds: the photos of goods are large.
            wiped.discard(FilePart.__tablename__)
            for name in sorted(wiped):
                _vacuum(connection, name)
            for name in sorted(partitions(connection, kinds)):
                connection.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {name}")
        except OperationalError:
            return False
    samples.forget()
    return True


def _vacuum(connection: Connection, table: str) -> None:
    size = connection.scalar(select(func.pg_total_relation_size(table)))
    full = "FULL, " if (size or 0) <= SMALL else ""
    connection.exec_driver_sql(f"VACUUM ({full}ANALYZE) {table}")
