"""Connections on which blocked rows are not there (6.2.4).

On each a temporary view stands before each table, under the same name, so unchanged code,
raw SQL and joins find only what is in use. A name with its schema escapes; the site writes
none. A proxy that shares connections between transactions would lose the views: the site
speaks to PostgreSQL itself.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Flask
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Table,
    and_,
    case,
    create_engine,
    event,
    null,
    or_,
    select,
    text,
)
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.sql.operators import is_not

from neupusti.core.blocking.conditions import (
    CONTESTABLE,
    blocked,
    contested,
    is_any,
    is_covered,
)
from neupusti.core.data import database, finding, postgresql
from neupusti.core.data.classification import classification
from neupusti.core.data.database import db
from neupusti.core.data.reading import EXTENSION
from neupusti.core.data.waiting import MovingPool

POOL = {"pool_size": 2, "max_overflow": 8, "pool_pre_ping": True}
"""Few stay open: staff and jobs read little, compared with visitors."""

READER = f"{postgresql.NAME} reading"
"""What a server of PostgreSQL shows these connections as."""
DENIED = "42501"
"""What a temporary schema is that a crash left, for any but a superuser."""
OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND usename = current_user AND pid <> pg_backend_pid() AND application_name <> :name"
)
LEFT = text(
    r"""SELECT format('%I.%I', s.nspname, v.relname)
    FROM pg_class v JOIN pg_namespace s ON s.oid = v.relnamespace
    WHERE v.relkind = 'v' AND s.nspname LIKE 'pg\_temp\_%'"""
)


def install(app: Flask, tables: Sequence[Table]) -> None:
    """Give the site of `app` an engine that shows of `tables` what is in use."""
    with app.app_context():
        main = db.engine
    reading = reading_engine(main, tables)
    # Whoever closes the connections of the database closes these, too.
    event.listen(main, "engine_disposed", lambda _engine: reading.dispose())
    app.extensions[EXTENSION] = main, reading


def reading_engine(main: Engine, tables: Sequence[Table], **options: Any) -> Engine:
    """Return an engine of the database of `main` that reads what is in use."""
    on_server = main.dialect.name == "postgresql"
    pool = {"poolclass": MovingPool} if on_server else {}
    made = create_engine(main.url, hide_parameters=True, **(options or POOL | pool))
    database.prepare(made, synchronous="FULL")
    hidden = [table for table in tables if is_covered(table)]

    @event.listens_for(made, "connect")
    def connect(connection: Any, _record: Any) -> None:
        (_on_sqlite if made.dialect.name == "sqlite" else _on_postgresql)(
            connection, hidden, made.dialect
        )

    return made


def clear(connection: Connection) -> bool:
    """Drop the views of connections that a crash ended; return whether no view is left.

    A column that a view shows can neither go nor change on PostgreSQL, whoever's it is. The
    views of a copy of the site that is running stay. Before version 16 a server does not
    tell whose a view is: any connection may have it that is not one of ours that write.
    Raise SystemExit where only a superuser can drop one.
    """
    if connection.dialect.name != "postgresql":
        return True
    views = connection.scalars(LEFT).all()
    if views and connection.scalar(OTHERS, {"name": postgresql.NAME}):
        return False
    for view in views:
        try:
            connection.exec_driver_sql(f"DROP VIEW {view}")
        except ProgrammingError as error:
            if postgresql.sqlstate(error) != DENIED:
                raise
            schema = view.partition(".")[0]
            raise SystemExit(
                "A crash of the server left views that are in the way: as its superuser "
                f"run DROP SCHEMA {schema} CASCADE in this database, then start again."
            ) from None
    return True


def statement(table: Table, schema: str, dialect: Dialect) -> str:
    """Return the statement that lays a view over `table`."""
    # With the word TRUE (`true()` is 1 there) SQLite ends at the first part that decides,
    # and beside blocks adds a third of the time to a scan instead of doubling it.
    hidden = finding.own(table, blocked()).self_group(is_not)
    # Where nothing is blocked, no row is asked about.
    rows = select(*_columns(table)).where(or_(~is_any(), hidden.op("IS NOT")(text("TRUE"))))
    query = rows.compile(
        dialect=dialect,
        schema_translate_map={None: schema},
        render_schema_translate=True,
        compile_kwargs={"literal_binds": True},
    )
    return f"CREATE TEMP VIEW {table.name} AS {query}"


def _columns(table: Table) -> Iterator[ColumnElement[Any]]:
    """Yield the columns of a view: a contested value is not used, so it is not there."""
    for column in table.columns:
        if fields := _sources(column):
            is_contested = table.c.id.in_(contested(table, *fields))
            yield case(
                (and_(is_any(field=True), is_contested), null()), else_=column
            ).label(column.name)
        else:
            yield column


def _sources(column: Column[Any]) -> list[str]:
    """Return the contestable columns whose values a column holds, or is derived from.

    A derived column, such as what staff search by, has the clause of its sources.
    """
    fields, mark = column.table.info.get(CONTESTABLE, ()), classification(column)
    if column.name in fields:
        return [column.name]
    if mark is None or not mark.derived:
        return []
    clauses = {name: classification(column.table.c[name]) for name in fields}
    return [name for name, one in clauses.items() if one and one.clause == mark.clause]


def _on_sqlite(connection: Any, tables: Sequence[Table], dialect: Dialect) -> None:
    for table in tables:
        connection.execute(statement(table, "main", dialect)).close()
    connection.execute("PRAGMA query_only=ON").close()


def _on_postgresql(connection: Any, tables: Sequence[Table], dialect: Dialect) -> None:
    """Lay the views; raise psycopg's error where a table is not made yet.

    The connection is closed then: in the pool it would go on without them.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_schema()")
            [schema] = cursor.fetchone()
            for table in tables:
                cursor.execute(statement(table, schema, dialect))
            cursor.execute(f"SET application_name = '{READER}'")
            cursor.execute("SET default_transaction_read_only = on")
        connection.commit()
    except BaseException:
        connection.close()
        raise
