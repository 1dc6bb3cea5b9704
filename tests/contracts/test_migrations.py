import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import CheckConstraint, Connection, inspect, select, text
from sqlalchemy.exc import DatabaseError

from neupusti.access.ingest import partitions
from neupusti.config.values import ROOT
from neupusti.core.data.database import ACCESS, db
from neupusti.core.data.migration import compared, version_table
from neupusti.policy.models import Edition

BOTH = pytest.mark.parametrize("bind", [None, ACCESS], ids=["main", "access"])
BINDS = (None, ACCESS)
SQLITE_SCHEMA = (
    "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
)
POSTGRESQL_SCHEMA = """
    SELECT 'column', table_name, column_name,
        concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default)
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL
    SELECT 'index', tablename, indexname, indexdef
    FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
    FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT 'function', '', proname, pg_get_functiondef(oid)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


def schema(bind: str | None) -> set[tuple[str, ...]]:
    """Return the schema of one database; the order of constraints is left out.

    Alembic copies a table of SQLite with its constraints in any order.
    """
    sqlite = db.engines[bind].dialect.name == "sqlite"
    with db.engines[bind].connect() as connection:
        rows = connection.execute(text(SQLITE_SCHEMA if sqlite else POSTGRESQL_SCHEMA))
        return {tuple(_in_order(str(cell)) for cell in row) for row in rows}


def _in_order(sql: str) -> str:
    return "\n".join(sorted(line.strip("\t ,") for line in sql.splitlines()))


def triggers(bind: str | None) -> set[str]:
    return {row[1] for row in schema(bind) if row[0] == "trigger"}


def checks(connection: Connection, table: str) -> set[str]:
    found = inspect(connection).get_check_constraints(table)
    return {str(check["name"]) for check in found}


@BOTH
def test_the_migrations_match_the_models(app: Flask, bind: str | None) -> None:
    with db.engines[bind].connect() as connection:
        options = {
            "version_table": version_table(bind),
            "target_metadata": db.metadatas[bind],
            "compare_type": True,
            "include_name": compared(connection),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, db.metadatas[bind]) == []


def test_the_check_drops_no_day_of_the_log_and_sees_a_real_difference(app: Flask) -> None:
    with db.engines[ACCESS].begin() as connection:
        if connection.dialect.name == "postgresql":
            partitions.ensure(connection, partitions.ahead())
    flask_migrate.check()
    for bind, name in ((None, "person"), (ACCESS, "access_record")):
        with db.engines[bind].begin() as connection:
            connection.execute(text(f"ALTER TABLE {name} ADD COLUMN surplus INTEGER"))
        with pytest.raises(SystemExit):
            flask_migrate.check()
        with db.engines[bind].begin() as connection:
            connection.execute(text(f"ALTER TABLE {name} DROP COLUMN surplus"))


@BOTH
def test_the_check_constraints_match_the_models(app: Flask, bind: str | None) -> None:
    """Alembic does not compare check constraints."""
    with db.engines[bind].connect() as connection:
        for table in db.metadatas[bind].sorted_tables:
            own = [c for c in table.constraints if isinstance(c, CheckConstraint)]
            wanted = {str(check.name) for check in own}
            assert checks(connection, table.name) == wanted, table.name


def test_every_migration_can_be_reverted_and_repeated(app: Flask) -> None:
    made = [schema(bind) for bind in BINDS]
    steps = len(list(ScriptDirectory(str(ROOT / "migrations")).walk_revisions()))
    db.session.remove()
    for _ in range(steps):
        flask_migrate.downgrade()
    for bind in BINDS:
        left = inspect(db.engines[bind]).get_table_names()
        assert left == [version_table(bind)]
        assert not {row for row in schema(bind) if row[0] in {"trigger", "function"}}
    for _ in range(steps):
        flask_migrate.upgrade(revision="+1")
    assert [schema(bind) for bind in BINDS] == made


def test_the_triggers_survive_a_downgrade(app: Flask) -> None:
    """On SQLite, Alembic rebuilds a table and drops its triggers in devnull."""
    before = triggers(None)
    assert {name for name in before if name.startswith("policy_edition")}
    flask_migrate.downgrade(revision="base")
    flask_migrate.upgrade()
    assert triggers(None) == before
    assert app.test_cli_runner().invoke(args=["site", "setup"]).exit_code == 0
    assert db.session.scalars(select(Edition)).first()
    change = text("UPDATE policy_edition SET note = 'changed'")
    with pytest.raises(DatabaseError, match="never changes"):
        db.session.execute(change)


def test_the_migrations_are_linear() -> None:
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1
    for script in scripts.walk_revisions():
        assert script.path.rpartition("/")[2].startswith(f"{script.revision}_")
