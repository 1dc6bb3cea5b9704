"""Write batches into the access database: rows, roll-ups and cursor in one transaction.

Statements go straight to the driver, for speed: a batch has thousands of rows.
"""

import logging
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, cast

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite

from neupusti.access import calendar
from neupusti.access.counters import SUMS, TOTALS
from neupusti.access.ingest import partitions
from neupusti.access.ingest.agents import SCANNER
from neupusti.access.ingest.batch import Batch, Row
from neupusti.access.ingest.statements import placeholders, upsert
from neupusti.access.models import Cursor, Finding
from neupusti.core import clock

logger = logging.getLogger(__name__)

RECORD_COLUMNS = (
    "at", "ip", "method", "path", "route", "status", "duration_us", "bytes", "referrer",
    "source", "user_agent", "browser", "os", "device", "bot", "bot_reason", "country",
    "cookies", "granted", "visitor", "request_id",
)  # fmt: skip
MALFORMED, LOST, STARTED = "malformed", "lost", "started"
"""Dimensions that count events instead of requests."""
LOCK_ID = 3_303_302
"""PostgreSQL's advisory lock of the ingest: one writer at a time in all processes."""
TURN_SECONDS = 60
"""How long to wait for the ingest of another machine; its lines wait in its own spool."""
SILENT_SECONDS = 30
"""After so long without a statement PostgreSQL ends a transaction: a machine that was
stopped in the middle of its turn would keep all others out."""
KEYS_PER_QUERY = 400
CACHE_KIB = 8 * 1024
FINDING = ("day", "key")
"""The key of a finding."""


@contextmanager
def ingesting(engine: Engine, *, silent_seconds: int | None = None) -> Iterator[Connection]:
    """Open the one write transaction of the access log; commit at its end.

    On PostgreSQL all machines take turns, so that each sees what the one before has
    counted, and none meets another in a deadlock.
    """
    with engine.connect() as opened:
        connection = opened.execution_options(begin_immediate=True)
        with connection.begin():
            if connection.dialect.name == "postgresql":
                _take_turn(connection, silent_seconds or SILENT_SECONDS)
            yield connection


def _take_turn(connection: Connection, silent_seconds: int) -> None:
    connection.exec_driver_sql(
        f"SELECT set_config('lock_timeout', '{TURN_SECONDS}s', true),"
        f" set_config('idle_in_transaction_session_timeout', '{silent_seconds}s', true)"
    )
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK_ID})")
    partitions.limit_lock_wait(connection)


def enlarge_cache(connection: Connection) -> None:
    """Let SQLite keep more pages: new rows touch the whole index of addresses."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size = -{CACHE_KIB}")


def salts(connection: Connection, days: Iterable[str]) -> dict[str, bytes]:
    """Return the salt of each of `days`; create missing ones."""
    found: dict[str, bytes] = {}
    for day in sorted(days):
        query = placeholders(connection, "SELECT salt FROM access_salt WHERE day = ?")
        salt = connection.exec_driver_sql(query, (day,)).scalar()
        if salt is None:
            salt = secrets.token_bytes(16)
            insert = placeholders(
                connection, "INSERT INTO access_salt (day, salt) VALUES (?, ?)"
            )
            connection.exec_driver_sql(insert, (day, salt))
        found[day] = bytes(salt)
    return found


def write(connection: Connection, *batches: Batch) -> None:
    """Write the rows and counts of some batches."""
    for batch in batches:
        if batch.visits:
            _write(connection, batch)


def _write(connection: Connection, batch: Batch) -> None:
    days = batch.active_days()
    _make_room(connection, days)  # an import may write the rows of a day only afterwards
    write_rows(connection, batch.rows)
    batch.digest_visitors(salts(connection, days))
    _save_seen(connection, batch)
    hour_rows = [
        ("hour", hour * calendar.HOUR, *totals.row())
        for hour, totals in batch.hours.items()
    ]
    day_rows = [
        ("day", calendar.start_of(day), *totals.row()) for day, totals in batch.days.items()
    ]
    upsert(connection, "access_total", ("unit", "start"), TOTALS, [*hour_rows, *day_rows])
    addresses = [(ip, day, *sums.row()) for (day, ip), sums in batch.addresses.items()]
    # In the order of the table: in any other, each row is on another page of it.
    addresses.sort()
    upsert(connection, "access_address", ("ip", "day"), SUMS, addresses)
    upsert(
        connection, "access_rollup", ("dimension", "value", "day"), SUMS, batch.rollups()
    )
    latency = [(*key, requests) for key, requests in batch.latency.items()]
    upsert(connection, "access_latency", ("day", "route", "bucket"), ("requests",), latency)


def write_rows(connection: Connection, rows: list[Row]) -> None:
    """Write rows of a batch whose counts follow in the same transaction."""
    hours = {cast("int", row[0]) // calendar.HOUR for row in rows}
    _make_room(connection, {calendar.day_and_hour(hour)[0] for hour in hours})
    _insert_rows(connection, rows)


def forgotten_days(connection: Connection, days: Iterable[str]) -> set[str]:
    """Return which of `days` were counted, and their visitors forgotten since."""
    there = placeholders(connection, "SELECT 1 FROM access_salt WHERE day = ?")
    counted = placeholders(
        connection, "SELECT 1 FROM access_total WHERE unit = 'day' AND start = ?"
    )
    return {
        day
        for day in days
        if connection.exec_driver_sql(there, (day,)).scalar() is None
        and connection.exec_driver_sql(counted, (calendar.start_of(day),)).scalar()
    }


def remember(connection: Connection, batch: Batch) -> None:
    """Mark the visitors of a batch as seen, without counting anything of it again."""
    days = batch.active_days()
    _make_room(connection, days)
    batch.digest_visitors(salts(connection, days))
    _save_seen(connection, batch)


def mark_seen(connection: Connection, seen: dict[str, dict[bytes, int]]) -> None:
    """Mark visitors as seen: day -> digest -> hours, beside those they were seen in."""
    _make_room(connection, seen)
    for day, hours in seen.items():
        known = {bytes(key): old for key, old in _hours(connection, day, list(hours))}
        rows = [(day, key, new | known.get(key, 0)) for key, new in hours.items()]
        upsert(connection, "access_seen", ("day", "key"), ("hours",), rows, replace=True)


def _save_seen(connection: Connection, batch: Batch) -> None:
    """Tell new visitors from known ones, and save in which hours they were seen."""
    changed = batch.resolve_visitors(_known_visitors(connection, batch))
    # In the order of the table: in any other, each row is on another page of it.
    changed.sort()
    upsert(connection, "access_seen", ("day", "key"), ("hours",), changed, replace=True)


def _make_room(connection: Connection, days: Iterable[str]) -> None:
    if connection.dialect.name == "postgresql":
        partitions.ensure(connection, map(date.fromisoformat, sorted(days)))


def add_counts(connection: Connection, totals: list[Row], rollups: list[Row]) -> None:
    """Add to totals and roll-ups, also negative numbers; nothing of zeros is left."""
    upsert(connection, "access_total", ("unit", "start"), TOTALS, totals)
    upsert(connection, "access_rollup", ("dimension", "value", "day"), SUMS, rollups)
    query = placeholders(
        connection,
        "DELETE FROM access_rollup WHERE dimension = ? AND day = ? AND requests = 0"
        " AND visitors = 0",
    )
    for dimension, day in {(row[0], row[2]) for row in rollups}:
        connection.exec_driver_sql(query, (dimension, day))


def save_findings(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Insert findings, or replace what they were so far."""
    if not rows:
        return
    on_postgresql = connection.dialect.name == "postgresql"
    insert = postgresql.insert(Finding) if on_postgresql else sqlite.insert(Finding)
    changed = {name: insert.excluded[name] for name in rows[0] if name not in FINDING}
    connection.execute(
        insert.on_conflict_do_update(index_elements=FINDING, set_=changed), rows
    )


def mark_scanners(connection: Connection, rows: list[Row]) -> None:
    """Mark addresses as scanners of a day: (key of the finding, day, address)."""
    query = "UPDATE access_address SET finding = ? WHERE day = ? AND ip = ?"
    _execute_many(connection, query, rows)


def label_scanners(connection: Connection, rows: list[Row]) -> None:
    """Label earlier requests as a scanner's: (kind, address, since, until), in ms."""
    query = (
        "UPDATE access_record SET bot = ?, bot_reason = ? WHERE ip = ? AND at >= ?"
        " AND at < ? AND bot <> ? AND user_agent IS NOT NULL"
    )
    values = [(SCANNER, *row, SCANNER) for row in rows]
    _execute_many(connection, query, values)


def _execute_many(connection: Connection, query: str, rows: Sequence[Row]) -> None:
    if rows:
        connection.exec_driver_sql(placeholders(connection, query), list(rows))


def count_events(connection: Connection, dimension: str, counts: dict[str, int]) -> None:
    """Add counts of events that are no requests to today's roll-up of `dimension`."""
    today = clock.today().isoformat()
    rows = [(dimension, value, today, n, 0, 0, 0) for value, n in counts.items() if n]
    upsert(connection, "access_rollup", ("dimension", "value", "day"), SUMS, rows)


def position(connection: Connection, file: str) -> int:
    """Return how far a spool file has been read."""
    query = placeholders(connection, "SELECT position FROM access_cursor WHERE file = ?")
    return connection.exec_driver_sql(query, (file,)).scalar() or 0


def save_position(connection: Connection, file: str, to: int) -> None:
    """Store the position (in bytes) up to which a spool file has been read."""
    row = (file, to, clock.now().replace(tzinfo=None).isoformat(" "))
    upsert(connection, "access_cursor", ("file",), ("position", "at"), [row], replace=True)


def delete_cursors(connection: Connection, files: Sequence[str]) -> None:
    """Delete the cursors of removed files."""
    query = placeholders(connection, "DELETE FROM access_cursor WHERE file = ?")
    for file in files:
        connection.exec_driver_sql(query, (file,))


def cursors(connection: Connection, files: Sequence[str]) -> dict[str, int]:
    """Return how far each of these files has been read, as far as it was."""
    found: dict[str, int] = {}
    # At least once: a database that is not migrated shall say so without a file, too.
    for at in range(0, max(len(files), 1), KEYS_PER_QUERY):
        some = Cursor.file.in_(files[at : at + KEYS_PER_QUERY])
        rows = select(Cursor.file, Cursor.position).where(some)
        found |= {row.file: row.position for row in connection.execute(rows)}
    return found


def _known_visitors(connection: Connection, batch: Batch) -> dict[tuple[str, bytes], int]:
    by_day: dict[str, list[bytes]] = {}
    for day, key in batch.keys:
        by_day.setdefault(day, []).append(key)
    known = {}
    for day, keys in by_day.items():
        for key, hours in _hours(connection, day, sorted(keys)):
            known[day, bytes(key)] = hours
    return known


def _hours(connection: Connection, day: str, keys: list[bytes]) -> Iterator[Any]:
    select = "SELECT key, hours FROM access_seen WHERE day = "
    if connection.dialect.name == "postgresql":
        query = select + "%s AND key = ANY(%s::bytea[])"
        yield from connection.exec_driver_sql(query, (day, keys))
        return
    for at in range(0, len(keys), KEYS_PER_QUERY):
        some = keys[at : at + KEYS_PER_QUERY]
        query = select + f"? AND key IN ({','.join('?' * len(some))})"
        yield from connection.exec_driver_sql(query, (day, *some))


def _insert_rows(connection: Connection, rows: list[Row]) -> None:
    if not rows:
        return
    columns = ", ".join(RECORD_COLUMNS)
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with (
            driver.cursor() as cursor,
            cursor.copy(f"COPY access_record ({columns}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(RECORD_COLUMNS))
    connection.exec_driver_sql(
        f"INSERT INTO access_record ({columns}) VALUES ({marks})",  # noqa: S608 - our names
        rows,
    )
