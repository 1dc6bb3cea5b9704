"""PostgreSQL keeps no samples of personal columns.

Its statistics hold values of a column and outlive the rows they were taken from: what was
destroyed could still be read in `pg_stats`. Which columns these are follows from their
classification. Changing the type of a column to the same type (and collation) drops its
samples and writes no table anew; setting its target to 0 lets no new ones be taken.
"""

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.exc import NotSupportedError, OperationalError

from neupusti.core.data.classification import classification
from neupusti.core.data.database import db

logger = logging.getLogger(__name__)
LOCK_SECONDS = 3
"""How long to wait for readers of a table: longer would stop its writers."""
RELATIONS = """
    SELECT c.oid::regclass::text, a.attname,
        format_type(a.atttypid, a.atttypmod) || CASE
            WHEN a.attcollation <> t.typcollation
            THEN ' COLLATE ' || a.attcollation::regcollation::text ELSE '' END,
        a.attstattarget IS DISTINCT FROM 0, c.relispartition, EXISTS (
            SELECT FROM pg_stats s
            WHERE s.schemaname = n.nspname AND s.tablename = c.relname
                AND s.attname = a.attname
        )
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = ANY(%(columns)s)
    JOIN pg_type t ON t.oid = a.atttypid
    WHERE c.oid = %(table)s::regclass
        OR c.oid IN (SELECT relid FROM pg_partition_tree(%(table)s::regclass))
"""


def unsampled(table: Table) -> tuple[str, ...]:
    """Return the columns of `table` of which no samples may be taken."""
    marks = {column.name: classification(column) for column in table.columns}
    return tuple(
        name for name, mark in marks.items() if mark and (mark.personal or mark.secret)
    )


def forget() -> None:
    """Drop the samples of such columns of both databases, and let none be taken.

    It locks a table only where there is something to do. A table that is in use for longer,
    or that staff read through a view just now, is logged and left for the next call.
    """
    for bind, engine in db.engines.items():
        if engine.dialect.name == "postgresql":
            _forget_of(engine, db.metadatas[bind].sorted_tables)


def _forget_of(engine: Engine, tables: Iterable[Table]) -> None:
    for table in tables:
        if columns := unsampled(table):
            try:
                # One after the other: what staff read keeps only the second from it.
                for step in (_take_none, _drop):
                    with engine.begin() as connection:
                        step(connection, _found(connection, table.name, columns))
            except (OperationalError, NotSupportedError) as error:
                fields = {"table": table.name, "reason": type(error.orig).__name__}
                logger.warning("samples are kept", extra={"fields": fields})


def _found(connection: Connection, table: str, columns: tuple[str, ...]) -> Sequence[Any]:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS * 1000:.0f}ms'")
    values = {"table": table, "columns": list(columns)}
    return connection.exec_driver_sql(RELATIONS, values).all()


def _take_none(connection: Connection, found: Sequence[Any]) -> None:
    for relation, column, _kind, targeted, _partition, _samples in found:
        if targeted:
            connection.exec_driver_sql(
                f'ALTER TABLE {relation} ALTER "{column}" SET STATISTICS 0'
            )


def _drop(connection: Connection, found: Sequence[Any]) -> None:
    # The type of a partition's column is that of its table, which passes it on.
    sampled = {column for _r, column, *_rest, samples in found if samples}
    for relation, column, kind, _targeted, partition, _samples in found:
        if column in sampled and not partition:
            connection.exec_driver_sql(
                f'ALTER TABLE {relation} ALTER "{column}" TYPE {kind}'
            )
