"""Triggers that refuse to write rows about who is blocked or destroyed (6.2.4, 6.1.3).

They are made from the manifests, never by hand: each migration of the database takes them
off before it begins and makes them anew at its end (`migrations/env.py`), and so does each
start where a manifest has changed without one. Raw SQL meets them, too.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    Column,
    Connection,
    Dialect,
    Table,
    and_,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.sql import ColumnElement
from sqlalchemy.sql.visitors import replacement_traverse

from neupusti.core.blocking.conditions import is_covered, untouchable
from neupusti.core.blocking.errors import GONE, REFUSED
from neupusti.core.blocking.models import Reach, Tombstone
from neupusti.core.data import finding
from neupusti.core.data.finding import Among

PREFIX = "guard_"
"""What every trigger and function begins with; its table follows."""
FOUND_ON_SQLITE = text(
    "SELECT name, tbl_name, sql FROM sqlite_master "
    r"WHERE type = 'trigger' AND name LIKE 'guard\_%' ESCAPE '\'"
)
FOUND_ON_POSTGRESQL = text(
    r"""SELECT t.tgname, t.tgrelid::regclass::text,
    CASE WHEN t.tgenabled IN ('O', 'A') THEN p.prosrc ELSE '' END
    FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND t.tgname LIKE 'guard\_%'
    AND c.relnamespace = current_schema()::regnamespace"""
)


class Guard(NamedTuple):
    """A trigger."""

    name: str
    table: str
    body: str
    """Its statement on SQLite, the source of its function on PostgreSQL."""


def guards(tables: Mapping[Table, bool], dialect: Dialect) -> Iterator[Guard]:
    """Yield the guards that `tables` should have: {table: whether a block covers it}."""
    on_sqlite = dialect.name == "sqlite"
    make = _on_sqlite if on_sqlite else _on_postgresql
    make_for_the_gone = _gone_on_sqlite if on_sqlite else _only_gone_on_postgresql
    for table, blockable in tables.items():
        if is_covered(table):
            yield from (make if blockable else make_for_the_gone)(table, dialect)


def standing(connection: Connection) -> list[Guard]:
    """Return the guards that the database has."""
    on_sqlite = connection.dialect.name == "sqlite"
    query = FOUND_ON_SQLITE if on_sqlite else FOUND_ON_POSTGRESQL
    return [Guard(*row) for row in connection.execute(query)]


def remove(connection: Connection) -> None:
    """Take every guard off."""
    on_sqlite = connection.dialect.name == "sqlite"
    for guard in standing(connection):
        of = "" if on_sqlite else f" ON {guard.table}"
        connection.exec_driver_sql(f"DROP TRIGGER {guard.name}{of}")
        if not on_sqlite:
            connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {guard.name}()")


def renew(connection: Connection, tables: Mapping[Table, bool]) -> None:
    """Make the guards of `tables` anew where one is missing, or has another text."""
    wanted = sorted(guards(tables, connection.dialect))
    if sorted(standing(connection)) != wanted:
        remove(connection)
        make(connection, tables)


def make(connection: Connection, tables: Mapping[Table, bool]) -> None:
    """Make the guards of `tables`; there must be none."""
    for guard in guards(tables, connection.dialect):
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(guard.body)
            continue
        connection.execute(
            text(
                f"CREATE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql "
                f"AS $guard${guard.body}$guard$"
            )
        )
        when = (
            "TRUNCATE ON {} FOR EACH STATEMENT"
            if guard.name.endswith(TRUNCATE)
            else "INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW"
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER {guard.name} BEFORE {when.format(guard.table)} "
            f"EXECUTE FUNCTION {guard.name}()"
        )


TRUNCATE = "_truncate"


def _on_sqlite(table: Table, dialect: Dialect) -> Iterator[Guard]:
    new, old = (_sql(_is_blocked(table, row), dialect) for row in ("new", "old"))
    # `INSERT OR REPLACE` deletes the row of the same key without a DELETE.
    taken = _sql(_takes_over(table), dialect)
    yield _trigger(table, "insert", f"{new} OR {taken}")
    yield _trigger(table, "update", old)
    yield _trigger(table, "update", new, of=_owners(table))
    yield _trigger(table, "delete", old)
    yield from _gone_on_sqlite(table, dialect)


def _gone_on_sqlite(table: Table, dialect: Dialect) -> Iterator[Guard]:
    if subjects := [column.name for column in finding.subjects(table)]:
        gone = _sql(_is_gone(table), dialect)
        moved = " OR ".join(f"new.{name} IS NOT old.{name}" for name in subjects)
        yield _trigger(table, "insert", gone, words=GONE)
        yield _trigger(table, "update", f"({moved}) AND {gone}", of=subjects, words=GONE)


def _trigger(
    table: Table, act: str, refused: str, *, of: Iterable[str] = (), words: str = REFUSED
) -> Guard:
    name = f"{PREFIX}{table.name}_{act}"
    name += ("_of" if of else "") + ("_gone" if words == GONE else "")
    columns = " OF " + ", ".join(f'"{one}"' for one in of) if of else ""
    statement = (
        f"CREATE TRIGGER {name} BEFORE {act.upper()}{columns} ON {table.name} "
        f"WHEN {refused} BEGIN SELECT RAISE(ABORT, '{words}'); END"
    )
    return Guard(name, table.name, statement)


def _owners(table: Table) -> list[str]:
    """Return the columns that say whose a row is: only these make it another's."""
    named = [c for clause in finding.CLAUSES for c in finding.contacts(table, clause)]
    named += [*finding.subjects(table), *table.primary_key.columns]
    named += [key.parent for key in finding.parents(table)]
    return sorted({column.name for column in named})


def _on_postgresql(table: Table, dialect: Dialect) -> Iterator[Guard]:
    new, old = (_sql(_is_blocked(table, row), dialect) for row in ("new", "old"))
    row = f"""
BEGIN
    IF TG_OP <> 'INSERT' THEN
        IF {old} THEN RAISE EXCEPTION '{REFUSED}'; END IF;
        IF TG_OP = 'DELETE' THEN RETURN old; END IF;
        IF NOT ({_differs(_owners(table))}) THEN RETURN new; END IF;
    END IF;
    IF {new} THEN RAISE EXCEPTION '{REFUSED}'; END IF;{_gone_on_postgresql(table, dialect)}
    RETURN new;
END
"""
    yield Guard(f"{PREFIX}{table.name}", table.name, row)
    held = _sql(exists(select(1).select_from(table).where(untouchable(table))), dialect)
    whole = f"""
BEGIN
    IF {held} THEN RAISE EXCEPTION '{REFUSED}'; END IF;
    RETURN NULL;
END
"""
    yield Guard(f"{PREFIX}{table.name}{TRUNCATE}", table.name, whole)


def _only_gone_on_postgresql(table: Table, dialect: Dialect) -> Iterator[Guard]:
    """Yield the guard of a table that no block covers.

    Who writes such a row keeps its person in place until the end of the transaction, as by
    a reference: a destruction, which locks the person first, finds the row.
    """
    names = [column.name for column in finding.subjects(table)]
    kept = "".join(
        f"""
    PERFORM 1 FROM person WHERE id = new."{name}" FOR KEY SHARE;"""
        for name in names
    )
    gone = _gone_on_postgresql(table, dialect)
    body = f"""
BEGIN
    IF TG_OP = 'DELETE' THEN RETURN old; END IF;
    IF TG_OP = 'UPDATE' AND NOT ({_differs(names)}) THEN RETURN new; END IF;{kept}{gone}
    RETURN new;
END
"""
    yield Guard(f"{PREFIX}{table.name}", table.name, body)


def _gone_on_postgresql(table: Table, dialect: Dialect) -> str:
    subjects = [column.name for column in finding.subjects(table)]
    if not subjects:
        return ""
    return f"""
    IF (TG_OP = 'INSERT' OR {_differs(subjects)})
        AND {_sql(_is_gone(table), dialect)} THEN
        RAISE EXCEPTION '{GONE}';
    END IF;"""


def _differs(columns: Iterable[str]) -> str:
    return " OR ".join(f'new."{one}" IS DISTINCT FROM old."{one}"' for one in columns)


def _is_blocked(table: Table, row: str) -> ColumnElement[bool]:
    return _about(table, row, untouchable(table, of_one_row=True))


def _is_gone(table: Table) -> ColumnElement[bool]:
    gone = cast("Table", Tombstone.__table__)
    among = Among(
        person=select(gone.c.person).where(text(f"scope = '{Reach.ALL.value}'")),
        email_key=select(gone.c.id),
        of_one_row=True,
    )
    about = or_(*(among.has(one, among.person) for one in finding.subjects(table)))
    return _about(table, "new", about)


def _takes_over(table: Table) -> ColumnElement[bool]:
    keys = table.primary_key.columns
    same = and_(*(key == literal_column(f'new."{key.name}"') for key in keys))
    refused = untouchable(table, of_one_row=True)
    return exists(select(1).select_from(table).where(same, refused))


def _about(table: Table, row: str, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return `condition` about the row that a trigger knows as `row`; never NULL."""

    def of_row(element: Any, **_kw: Any) -> Any:
        if isinstance(element, Column) and element.table is table:
            # Not a column of an alias, which would join the FROM of each subquery.
            return literal_column(f'{row}."{element.name}"', element.type)
        return None

    return func.coalesce(replacement_traverse(condition, {}, of_row), text("false"))


def _sql(condition: Any, dialect: Dialect) -> str:
    compiled = condition.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    return " ".join(str(compiled).split())
