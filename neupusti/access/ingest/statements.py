"""Statements of both databases that go straight to the driver, for speed."""

from collections.abc import Sequence

from sqlalchemy import Connection

from neupusti.access.counters import SUMS, TOTALS
from neupusti.access.ingest.batch import Row

TYPES = {
    "start": "bigint", "day": "date", "key": "bytea", "hours": "int", "bucket": "smallint",
    **dict.fromkeys((*SUMS, *TOTALS), "bigint"),
}  # fmt: skip


def upsert(  # noqa: PLR0913 - a statement has so many parts
    connection: Connection,
    table: str,
    keys: tuple[str, ...],
    values: tuple[str, ...],
    rows: Sequence[Row],
    *,
    replace: bool = False,
) -> None:
    """Insert `rows`; add to, or replace, the values of existing ones."""
    if not rows:
        return
    columns = (*keys, *values)
    onto = ", ".join(
        f"{name} = excluded.{name}"
        if replace
        else f"{name} = {table}.{name} + excluded.{name}"
        for name in values
    )
    insert = f"INSERT INTO {table} ({', '.join(columns)})"
    conflict = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {onto}"
    if connection.dialect.name == "postgresql":
        arrays = ", ".join(f"%s::{TYPES.get(name, 'text')}[]" for name in columns)
        if table == "access_cursor":
            arrays = "%s::text[], %s::bigint[], %s::timestamptz[]"
        connection.exec_driver_sql(
            f"{insert} SELECT * FROM unnest({arrays}) {conflict}",  # noqa: S608
            tuple(list(column) for column in zip(*rows, strict=True)),
        )
        return
    marks = ", ".join("?" * len(columns))
    connection.exec_driver_sql(f"{insert} VALUES ({marks}) {conflict}", list(rows))


def placeholders(connection: Connection, query: str) -> str:
    """Return a query with the marks of the driver, for one written with `?`."""
    return query.replace("?", "%s") if connection.dialect.name == "postgresql" else query
