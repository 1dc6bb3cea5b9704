"""Mask addresses and destroy rows at the end of their retention (3.3, 5.1).

No trace may remain in any file: SQLite overwrites what it deletes, the file is rewritten
and the write-ahead log truncated; on PostgreSQL the partition of the day is dropped.
"""

import time
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Engine, delete, insert
from sqlalchemy.exc import SQLAlchemyError

from neupusti.access import calendar
from neupusti.access.ingest import partitions, store
from neupusti.access.ingest.findings.identity import V4_PREFIX, V6_PREFIX, mask_address
from neupusti.access.models import Cursor, Sweep
from neupusti.access.recording import tally
from neupusti.access.retention.terms import RetentionCutoffs
from neupusti.core import clock

MAX_CHECKPOINTS = 20


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a run has destroyed, or would destroy."""

    masked: int
    """Rows whose address was shortened and whose user agent was dropped."""
    destroyed: int
    """Rows destroyed."""
    day_rows: int
    """Rows of the day tables (addresses, visitors' digests, findings) destroyed."""
    complete: bool = True

    @property
    def any_rows(self) -> bool:
        """Whether any row is due."""
        return bool(self.masked or self.destroyed or self.day_rows)


def due(engine: Engine, terms: RetentionCutoffs) -> SweepResult:
    """Return what a sweep would do now."""
    with engine.connect() as connection:
        return _due(connection, terms)


def sweep(engine: Engine, terms: RetentionCutoffs) -> SweepResult:
    """Mask and destroy what is due; record the run in `access_sweep`."""
    began = time.monotonic()
    with store.ingesting(engine) as connection:
        swept = _due(connection, terms)
        if swept.any_rows:
            if connection.dialect.name == "postgresql":
                _sweep_partitions(connection, terms)
            else:
                _sweep_rows(connection, terms)
    complete = (
        _clear_files(engine) if swept.any_rows or _last_was_incomplete(engine) else True
    )
    swept = SweepResult(swept.masked, swept.destroyed, swept.day_rows, complete)
    _record_sweep(engine, terms, swept, round((time.monotonic() - began) * 1000))
    return swept


def _due(connection: Connection, terms: RetentionCutoffs) -> SweepResult:
    old, gone = _cutoff_millis(terms)
    mark = "%s" if connection.dialect.name == "postgresql" else "?"

    def number(query: str, *values: object) -> int:
        found = connection.exec_driver_sql(query.replace("?", mark), values).scalar()
        return int(found or 0)

    records = "SELECT count(*) FROM access_record WHERE at < ?"
    kept = "SELECT count(*) FROM access_record WHERE at >= ? AND at < ?"
    return SweepResult(
        masked=number(f"{kept} AND user_agent IS NOT NULL", gone, old),
        destroyed=number(records, gone),
        day_rows=sum(
            number(
                f"SELECT count(*) FROM {table} WHERE day < ?",  # noqa: S608 - constant names
                before.isoformat(),
            )
            for table, before in _day_tables(terms).items()
        ),
    )


def _day_tables(terms: RetentionCutoffs) -> dict[str, date]:
    """Return the tables whose rows belong to a day, and the first day that is kept."""
    with_addresses = ("access_address", "access_seen", "access_salt")
    return {
        **dict.fromkeys(with_addresses, terms.masked_before),
        # Findings name masked addresses only, and stay as long as masked rows.
        "access_finding": terms.destroyed_before,
    }


def _cutoff_millis(terms: RetentionCutoffs) -> tuple[int, int]:
    return (
        calendar.start_of(terms.masked_before.isoformat()),
        calendar.start_of(terms.destroyed_before.isoformat()),
    )


def _sweep_rows(connection: Connection, terms: RetentionCutoffs) -> None:
    old, gone = _cutoff_millis(terms)
    connection.exec_driver_sql("DELETE FROM access_record WHERE at < ?", (gone,))
    connection.connection.create_function("masked", 1, mask_address, deterministic=True)
    connection.exec_driver_sql(
        "UPDATE access_record SET ip = masked(ip), user_agent = NULL"
        " WHERE at < ? AND user_agent IS NOT NULL",
        (old,),
    )
    for table, before in _day_tables(terms).items():
        connection.exec_driver_sql(
            f"DELETE FROM {table} WHERE day < ?",  # noqa: S608 - constant names
            (before.isoformat(),),
        )


def _sweep_partitions(connection: Connection, terms: RetentionCutoffs) -> None:
    for table, before in _day_tables(terms).items():
        if table not in partitions.TABLES:
            connection.exec_driver_sql(
                f"DELETE FROM {table} WHERE day < %s",  # noqa: S608 - constant names
                (before,),
            )
            continue
        for partition, day in partitions.existing(connection, table).items():
            if day < before:
                connection.exec_driver_sql(f"DROP TABLE {partition}")
    for partition, day in partitions.existing(connection, "access_record").items():
        if day < terms.destroyed_before:
            connection.exec_driver_sql(f"DROP TABLE {partition}")
        elif day < terms.masked_before:
            _mask_partition(connection, partition, day)


MASKED_IP = f"""CASE WHEN ip = 'unknown' THEN ip
    WHEN family(ip::inet) = 4 THEN host(network(set_masklen(ip::inet, {V4_PREFIX})))
    ELSE host(network(set_masklen(ip::inet, {V6_PREFIX}))) END"""


def _mask_partition(connection: Connection, partition: str, day: date) -> None:
    """Copy a day without its addresses, and drop the old partition with its files."""
    query = f"SELECT 1 FROM {partition} WHERE user_agent IS NOT NULL LIMIT 1"  # noqa: S608
    if connection.exec_driver_sql(query).scalar() is None:
        return
    columns = ", ".join(("id", *store.RECORD_COLUMNS))
    values = ", ".join(
        {"ip": MASKED_IP, "user_agent": "NULL"}.get(name, name)
        for name in ("id", *store.RECORD_COLUMNS)
    )
    for statement in (
        (
            f"CREATE TABLE {partition}_masked"
            " (LIKE access_record INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        ),
        f"INSERT INTO {partition}_masked ({columns}) SELECT {values} FROM {partition}",  # noqa: S608
        f"DROP TABLE {partition}",
        f"ALTER TABLE {partition}_masked RENAME TO {partition}",
        f"ALTER TABLE access_record ATTACH PARTITION {partition} "
        + partitions.bounds("access_record", day),
    ):
        connection.exec_driver_sql(statement)
    partitions.disable_statistics(connection, "access_record", partition)


def _clear_files(engine: Engine) -> bool:
    """Remove traces of deleted rows from the files; return whether that succeeded."""
    if engine.dialect.name != "sqlite":
        return True
    try:
        with engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 - a new connection has one
            driver.execute("VACUUM").close()
            for _ in range(MAX_CHECKPOINTS):
                busy = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                if not busy:
                    return True
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error):
        # A full disk or a slow reader: the next run tries again.
        return False
    return False


def _last_was_incomplete(engine: Engine) -> bool:
    with engine.connect() as connection:
        query = "SELECT complete FROM access_sweep ORDER BY id DESC LIMIT 1"
        return connection.exec_driver_sql(query).scalar() == 0


def _record_sweep(
    engine: Engine, terms: RetentionCutoffs, swept: SweepResult, milliseconds: int
) -> None:
    with store.ingesting(engine) as connection:
        # Of lines that were read before, none could be stored any more.
        past = Cursor.at < clock.midnight(terms.destroyed_before)
        # A tally lives as long as its worker, however long ago that lost a line.
        connection.execute(delete(Cursor).where(past, ~Cursor.file.endswith(tally.LOST)))
        connection.execute(
            insert(Sweep).values(
                at=clock.now(),
                masked_before=terms.masked_before,
                destroyed_before=terms.destroyed_before,
                masked=swept.masked,
                destroyed=swept.destroyed,
                forgotten=swept.day_rows,
                complete=swept.complete,
                milliseconds=milliseconds,
            )
        )
