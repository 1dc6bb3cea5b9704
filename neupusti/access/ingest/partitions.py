"""Manage PostgreSQL's daily partitions of the tables that hold addresses."""

from collections.abc import Iterable, Iterator
from datetime import date

from sqlalchemy import Connection

from neupusti.access import calendar
from neupusti.access.models import Address, Finding, Record, SeenVisitor
from neupusti.core import clock
from neupusti.core.data.samples import unsampled

TABLES = {
    model.__tablename__: unsampled(model.metadata.tables[model.__tablename__])
    for model in (Record, Address, SeenVisitor, Finding)
}
"""The partitioned tables, and their columns that must not be sampled."""
LOCK_SECONDS = 3
"""How long to wait for readers of a table whose partitions change: otherwise a slow
download of the log would block all later writes."""
DAYS_AHEAD = 3
"""How many days in advance partitions are created."""


def partition_name(table: str, day: date) -> str:
    """Return the name of a day's partition."""
    return f"{table}_{day:%Y%m%d}"


def bounds(table: str, day: date) -> str:
    """Return the bounds clause of a day's partition."""
    if table != "access_record":
        return f"FOR VALUES IN ('{day.isoformat()}')"
    start = calendar.start_of(day.isoformat())
    end = calendar.start_of(calendar.after(day).isoformat())
    return f"FOR VALUES FROM ({start}) TO ({end})"


def existing(connection: Connection, table: str) -> dict[str, date]:
    """Return the partitions of `table`: name -> day."""
    rows = connection.exec_driver_sql(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = %s::regclass",
        (table,),
    )
    return {
        row[0]: date.fromisoformat(row[0].rpartition("_")[2])
        for row in rows
        if row[0].rpartition("_")[2].isdigit()
    }


def ensure(connection: Connection, days: Iterable[date]) -> None:
    """Create the missing partitions of `days`."""
    wanted = list(days)
    for table in TABLES:
        present = existing(connection, table)
        for day in wanted:
            partition = partition_name(table, day)
            if partition not in present:
                connection.exec_driver_sql(
                    f"CREATE TABLE {partition} PARTITION OF {table} {bounds(table, day)}"
                )
                disable_statistics(connection, table, partition)


def disable_statistics(connection: Connection, table: str, partition: str) -> None:
    """Disable sampling of the columns that are destroyed in time."""
    columns = ", ".join(f"ALTER {column} SET STATISTICS 0" for column in TABLES[table])
    connection.exec_driver_sql(f"ALTER TABLE {partition} {columns}")


def limit_lock_wait(connection: Connection) -> None:
    """Make this transaction fail if it waits too long for a lock; callers try again."""
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")


def ahead() -> Iterator[date]:
    """Return today and the next days, whose partitions are created in advance."""
    today = clock.today()
    return (calendar.after(today, days) for days in range(DAYS_AHEAD + 1))
