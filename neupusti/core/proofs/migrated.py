"""The triggers that the migrations make, found by running them beside the live database.

So what is expected stands nowhere a second time. On SQLite they run in memory; on
PostgreSQL, which has no such place, the statements that they would execute are read.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Self

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import Connection, NullPool, create_engine, text

from neupusti.core.data.database import db

ON_SQLITE = text("SELECT tbl_name, name, sql, '' FROM sqlite_master WHERE type = 'trigger'")
ON_POSTGRESQL = text(
    """SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid), p.prosrc
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal
    AND t.tgenabled IN ('O', 'A')"""
)
FUNCTION = re.compile(r"CREATE FUNCTION (\w+)\(\).*?\$\$(.*)\$\$", re.DOTALL)
MADE = re.compile(r"CREATE TRIGGER (\w+) .*? ON (\w+) .*EXECUTE FUNCTION (\w+)", re.DOTALL)
DROPPED = re.compile(r"DROP TRIGGER (\w+) ON (\w+)")
EVENTS = re.compile(r"(?<=BEFORE ).+?(?= ON)")
FREE = re.compile(r'FOR EACH STATEMENT|::\w+|\bpublic\.|[ ()"]')
"""What a server of PostgreSQL writes as it likes when it shows a trigger."""

Triggers = Mapping[str, Mapping[str, str]]
"""Table -> name -> the text of the trigger, and of the function that it calls."""


def standing(connection: Connection) -> Triggers:
    """Return the triggers of a live database that are not disabled."""
    if connection.dialect.name == "sqlite":
        return _by_table(connection.execute(ON_SQLITE))
    rows = connection.execute(ON_POSTGRESQL)
    return _by_table((row[0], row[1], _canonical(row[2]), row[3]) for row in rows)


@cache
def expected(dialect: str) -> Triggers:
    """Return the triggers of the main database after every migration."""
    if dialect == "sqlite":
        with create_engine("sqlite://", poolclass=NullPool).begin() as connection:
            options = {"target_metadata": db.metadatas[None]}
            context = MigrationContext.configure(connection, opts=options)
            _upgrade(Operations(context))
            return standing(connection)
    statements = Statements()
    _upgrade(statements)
    return _by_table(_made(statements.texts))


class Statements:
    """Stands for a new database of PostgreSQL, of which it only notes the statements.

    It stands for the operations and the connection too: it has every attribute, answers
    every call with itself, and holds nothing.
    """

    name = "postgresql"
    """As that of its dialect."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def execute(self, statement: object, *_values: object) -> Self:
        """Note a statement that is given as text."""
        if isinstance(statement, str):
            self.texts.append(" ".join(statement.split()))
        return self

    def __getattr__(self, _name: str) -> Self:
        return self

    def __call__(self, *_arguments: object, **_named: object) -> Self:
        """Do nothing."""
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def __getitem__(self, _index: object) -> Self:
        return self

    def __len__(self) -> int:
        return 0

    def __iter__(self) -> Iterator[Any]:
        return iter(())


def _upgrade(operations: Any) -> None:
    """Run every migration with `operations` in place of those on the live database."""
    scripts = ScriptDirectory(current_app.extensions["migrate"].directory)
    for script in reversed([*scripts.walk_revisions()]):
        vars(script.module)["op"] = operations
        script.module.upgrade("main")


def _made(statements: Iterable[str]) -> Iterator[tuple[str, str, str, str]]:
    """Yield table, name, text and function of each trigger that is left at the end."""
    functions: dict[str, str] = {}
    triggers: dict[tuple[str, str], tuple[str, str]] = {}
    for statement in statements:
        if function := FUNCTION.match(statement):
            functions[function[1]] = function[2]
        elif made := MADE.match(statement):
            triggers[made[2], made[1]] = _canonical(statement), made[3]
        elif dropped := DROPPED.match(statement):
            del triggers[dropped[2], dropped[1]]
    for (table, name), (made_as, function_name) in triggers.items():
        yield table, name, made_as, functions[function_name]


def _canonical(statement: str) -> str:
    """Return the text of a trigger without what each server writes in its own way."""
    events = EVENTS.sub(lambda one: " ".join(sorted(one[0].split(" OR "))), statement)
    return FREE.sub("", events).lower()


def _by_table(rows: Iterable[Any]) -> Triggers:
    found: dict[str, dict[str, str]] = {}
    for table, name, made, function in rows:
        found.setdefault(table, {})[name] = " ".join(f"{made} {function}".split())
    return found
