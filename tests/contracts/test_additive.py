"""Copies of the version before go on serving while a migration runs, or it says why not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import Engine, NullPool, event, text

from neupusti.config.values import ROOT
from neupusti.core.blocking import shadows
from neupusti.core.data import postgresql
from neupusti.core.data.database import db
from neupusti.core.data.migration import STOPS_COPIES
from neupusti.core.registry import registry
from tests.contracts.additive import refused

POSTGRESQL = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
BASE = "0033"
"""The last migration that was run while the site was stopped."""


@contextmanager
def heard() -> Iterator[list[str]]:
    """Collect the statements of every engine."""
    found: list[str] = []

    def captured(*args: Any) -> None:
        found.append(args[2])

    event.listen(Engine, "before_cursor_execute", captured)
    yield found
    event.remove(Engine, "before_cursor_execute", captured)


@POSTGRESQL
def test_each_migration_only_adds_or_says_why_it_stops_the_copies(app: Flask) -> None:
    scripts = ScriptDirectory(str(ROOT / "migrations")).walk_revisions(BASE, "head")
    newer = [one for one in scripts if one.revision != BASE]
    assert len(newer) >= 3
    db.session.remove()
    flask_migrate.downgrade(revision=BASE)
    for script in reversed(newer):
        with heard() as statements:
            flask_migrate.upgrade(revision=script.revision)
        assert statements
        why = getattr(script.module, STOPS_COPIES, "")
        assert why or not refused(statements), (script.path, refused(statements))


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE person DROP COLUMN phone",
        "ALTER TABLE person ALTER COLUMN phone TYPE VARCHAR(9)",
        "ALTER TABLE person ALTER COLUMN phone SET NOT NULL",
        "ALTER TABLE person RENAME COLUMN phone TO mobile",
        "ALTER TABLE person RENAME TO people",
        "ALTER TABLE person ADD COLUMN age INTEGER NOT NULL",
        "ALTER TABLE person ADD CONSTRAINT ck_age CHECK (age > 0)",
        "CREATE UNIQUE INDEX uq_person_phone ON person (phone)",
        "DROP TABLE person",
        "DROP INDEX ix_person_phone",
        "DROP TRIGGER journal_fixed ON journal",
        "DELETE FROM person",
        "TRUNCATE person",
    ],
)
def test_what_takes_something_away_is_refused(statement: str) -> None:
    assert refused([statement]) == [statement]


@pytest.mark.parametrize(
    "statements",
    [
        ["ALTER TABLE person ADD COLUMN age INTEGER"],
        ["ALTER TABLE person ADD COLUMN age INTEGER DEFAULT 0 NOT NULL"],
        ["CREATE TABLE pet (name TEXT)", "CREATE UNIQUE INDEX u ON pet (name)"],
        ["CREATE TABLE pet (name TEXT)", "ALTER TABLE pet ALTER name SET STATISTICS 0"],
        [
            "ALTER TABLE person ADD COLUMN age INTEGER",
            "CREATE UNIQUE INDEX u ON person (age)",
        ],
        [
            "CREATE INDEX ix_person_phone ON person (phone)",
            "UPDATE person SET phone = NULL",
        ],
        ["DROP TRIGGER guard_person ON person", "DROP FUNCTION IF EXISTS guard_person()"],
    ],
)
def test_what_only_adds_is_not(statements: list[str]) -> None:
    assert refused(statements) == []


@POSTGRESQL
def test_what_takes_away_waits_for_no_copy_that_reads(app: Flask) -> None:
    tables = [one.model.__table__ for one in registry().holdings]
    db.session.remove()
    reading = shadows.reading_engine(db.engine, tables, poolclass=NullPool)
    with reading.connect(), pytest.raises(SystemExit, match="stop every copy first"):
        flask_migrate.downgrade(revision="0035")
    flask_migrate.downgrade(revision="0035")


def crash() -> None:
    """Leave a view: a connection that ends removes it, a crash of the server does not."""
    db.session.remove()
    with db.engine.begin() as connection:
        for statement in (
            "CREATE SCHEMA crashed",
            "CREATE VIEW crashed.correction AS SELECT decision FROM public.correction",
            "SET LOCAL allow_system_table_mods = on",
            "ALTER SCHEMA crashed RENAME TO pg_temp_9999",
        ):
            connection.execute(text(statement))


@POSTGRESQL
def test_who_may_not_drop_what_a_crash_left_is_told_who_may(app: Flask) -> None:
    crash()
    with db.engine.connect() as connection:
        connection.execute(text("CREATE ROLE plain"))
        connection.execute(text("SET LOCAL ROLE plain"))
        with pytest.raises(SystemExit, match="DROP SCHEMA pg_temp_9999 CASCADE"):
            shadows.clear(connection)


@POSTGRESQL
def test_a_view_that_a_crash_left_is_in_no_way(app: Flask) -> None:
    crash()
    with postgresql.alone(db.engine):
        flask_migrate.downgrade(revision="0035")
    with db.engine.connect() as connection:
        assert connection.scalars(shadows.LEFT).all() == []


@POSTGRESQL
def test_what_takes_away_leaves_a_copy_of_the_version_before_its_views(app: Flask) -> None:
    """It names its connections in no way."""
    tables = [one.model.__table__ for one in registry().holdings]
    db.session.remove()
    reading = shadows.reading_engine(db.engine, tables, poolclass=NullPool)
    with reading.connect() as former:
        former.execute(text("SET application_name = ''"))
        former.commit()
        with pytest.raises(SystemExit, match="stop every copy first"):
            flask_migrate.downgrade(revision="0035")
        schema = "SELECT relnamespace = pg_my_temp_schema() FROM pg_class WHERE oid = {}"
        assert former.scalar(text(schema.format("'person'::regclass")))
