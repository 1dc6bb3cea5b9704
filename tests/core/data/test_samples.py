"""PostgreSQL keeps no samples of personal columns, in neither database."""

import pytest
from flask import Flask
from sqlalchemy import text

from neupusti.access.ingest import partitions
from neupusti.core import clock
from neupusti.core.data import samples
from neupusti.core.data.database import ACCESS, db
from neupusti.core.data.reading import EXTENSION
from neupusti.core.data.samples import unsampled
from tests import desk
from tests.contracts.completeness import tables
from tests.people import AIGERIM, BOLAT, DANA, YERLAN

pytestmark = pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
VISIT = """
    INSERT INTO access_record (id, at, ip, method, path, route, status, bytes, referrer,
        source, user_agent, browser, os, device, bot, bot_reason, country, cookies, granted,
        visitor, request_id)
    SELECT n, :at, '203.0.113.' || n, 'GET', '/', '/', 200, 1, '', '', 'Firefox', '', '',
        '', '', '', '', '', '', '', 'r' FROM generate_series(1, 9) n
"""


def fill() -> None:
    """Store people and visits, and let the database take its samples."""
    for who in (AIGERIM, BOLAT, DANA, YERLAN):
        desk.person(who)
    with db.engines[ACCESS].begin() as connection:
        partitions.ensure(connection, [clock.today()])
        connection.execute(text(VISIT), {"at": round(clock.now().timestamp() * 1000)})
    analyze()


def analyze() -> None:
    db.session.remove()
    for engine in db.engines.values():
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")


def sampled() -> set[tuple[str, str]]:
    """Return the personal columns of which there are samples; a partition's too."""
    personal = {table.name: unsampled(table) for table in tables()}
    found = set()
    for engine in db.engines.values():
        with engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT tablename, attname FROM pg_stats")
            for relation, column in rows:
                table = relation.rstrip("0123456789").rstrip("_")
                if column in personal.get(table, ()):
                    found.add((table, column))
    return found


def allow_samples() -> None:
    """Let samples be taken, as before there was this rule."""
    for engine in db.engines.values():
        with engine.begin() as connection:
            targets = connection.exec_driver_sql(
                "SELECT attrelid::regclass::text, attname FROM pg_attribute"
                " WHERE attstattarget = 0 AND attnum > 0"
            )
            for relation, column in targets.all():
                connection.exec_driver_sql(
                    f'ALTER TABLE {relation} ALTER "{column}" SET STATISTICS -1'
                )


def columns() -> list[tuple[object, ...]]:
    """Return the file of each table, and type and collation of its columns."""
    query = """
        SELECT c.relname, pg_relation_filenode(c.oid), a.attname,
            format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation::text
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
        ORDER BY c.relname, a.attnum
    """
    with db.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


@pytest.mark.clause("5.1")
def test_samples_of_earlier_versions_go_and_none_are_taken(app: Flask) -> None:
    fill()
    allow_samples()
    analyze()
    assert {("person", "email"), ("access_record", "ip")} <= sampled()
    before = columns()
    assert ("sort", "character varying(320)", '"C"') in {row[2:] for row in before}
    assert app.test_cli_runner().invoke(args=["site", "setup"]).exit_code == 0
    assert sampled() == set()
    assert columns() == before, "a table was written anew, or a column changed"
    analyze()
    assert sampled() == set()


def test_a_table_in_use_is_left_for_the_next_start(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("neupusti.core.data.samples.LOCK_SECONDS", 0.01)
    fill()
    allow_samples()
    analyze()
    with db.engine.begin() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM person")
        samples.forget()
        assert "samples are kept" in caplog.text
    samples.forget()
    assert {table for table, _ in sampled()} & {"person"} == set()


def test_a_table_that_staff_read_is_left_for_the_next_start(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """A view of their connection stands before it, and keeps the types of its columns."""
    fill()
    allow_samples()
    analyze()
    _main, reading = app.extensions[EXTENSION]
    with reading.connect():
        samples.forget()
        assert "samples are kept" in caplog.text
    with db.engine.connect() as connection:
        target = "SELECT attstattarget FROM pg_attribute WHERE attname = 'email'"
        of_person = f"{target} AND attrelid = 'person'::regclass"
        assert connection.exec_driver_sql(of_person).scalar() == 0, "none are taken anew"
    reading.dispose()
    samples.forget()
    assert {table for table, _ in sampled()} & {"person"} == set()
