"""No row gets the number of one that is gone: links, keys and journals still name it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Connection, Table, text

from neupusti.accounts.service import sessions
from neupusti.accounts.service.sessions import ClientContext
from neupusti.core.blocking import guards
from neupusti.core.data.database import Base, db, writing
from neupusti.core.mail import outbox
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.mail.outbox import Recipient
from neupusti.core.registry import registry
from neupusti.core.text.languages import Language
from neupusti.site.views.doctor import TRY
from tests.accounts.cast import account, signed_in
from tests.conftest import SQLITE
from tests.contact import asked
from tests.people import AIGERIM, BOLAT, GUEST

BEFORE, REVISION = "0038", "0039"
FIRST = "person", "product", "shop_order", "order_line", "return_line"
"""Those whose numbers were not given again before it."""
COUNTED = "sqlite_sequence", "alembic_version"
"""What a migration writes itself."""
DEFINED = text("SELECT type || ' ' || name AS which, sql FROM sqlite_master")
TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


def numbered() -> Iterator[Table]:
    """Yield the tables of the main database whose rows have a number of their own."""
    return (
        one for one in Base.metadata.sorted_tables if one.autoincrement_column is not None
    )


def written(key: str) -> int:
    """Return the number of an e-mail that is written now."""
    with writing() as session:
        to = Recipient(email=BOLAT.email, language=Language.RU)
        number = outbox.enqueue(session, TRY, to, key=key).id
    db.session.rollback()
    return number


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of every table that a feature writes."""
    with db.engine.connect() as connection:
        names = [one for one in connection.scalars(text(TABLES)) if one not in COUNTED]
        return {name: _read(connection, name) for name in names}


def _read(connection: Connection, name: str) -> list[tuple[Any, ...]]:
    found = connection.execute(text(f'SELECT * FROM "{name}"'))  # noqa: S608 - our own
    return [tuple(row) for row in found]


def given() -> dict[str, int]:
    """Return the last number of each table that counts them."""
    with db.engine.connect() as connection:
        found = connection.execute(text("SELECT name, seq FROM sqlite_sequence"))
        return {row.name: row.seq for row in found}


def defined() -> dict[str, str | None]:
    with db.engine.connect() as connection:
        return {row.which: row.sql for row in connection.execute(DEFINED)}


@pytest.fixture
def lived_in(app: Flask, samples: None) -> None:
    """A site with rows in many tables."""
    who = account(AIGERIM, with_second_factor=True)
    signed_in(app, account(BOLAT))
    with writing() as session:
        where = ClientContext("Firefox, Linux", "0" * 64)
        sessions.start(session, who.number, where, remember=True, complete=True)
    asked.asked(app, email=GUEST.email)
    written("try:1")
    written("try:2")
    db.session.remove()


def test_each_number_is_given_once(app: Flask) -> None:
    """On SQLite by its word for that, on PostgreSQL by a sequence."""
    again = []
    with db.engine.connect() as connection:
        for table in numbered():
            query = (
                text(
                    "SELECT instr(sql, 'AUTOINCREMENT') FROM sqlite_master WHERE name = :of"
                )
                if connection.dialect.name == "sqlite"
                else text("SELECT length(pg_get_serial_sequence(:of, 'id'))")
            )
            if not connection.scalar(query, {"of": table.name}):
                again.append(table.name)
    assert again == []
    assert len(list(numbered())) > len(FIRST)


def test_the_number_of_a_last_row_is_not_given_again(app: Flask) -> None:
    number, who = written("try:1"), account(AIGERIM).number
    with writing() as session:
        session.delete(session.get_one(OutboxEmail, number))
    assert written("try:2") > number
    where, numbers = ClientContext("", ""), []
    for _ in range(2):
        with writing() as session:
            opened = sessions.start(session, who, where, remember=False, complete=True)
            numbers.append(opened.number)
            assert sessions.end(session, who, opened.number)
    assert numbers[0] < numbers[1]


@SQLITE
def test_the_migration_changes_only_how_numbers_are_given(
    app: Flask, lived_in: None
) -> None:
    flask_migrate.downgrade(revision=REVISION)
    made, present = defined(), rows()
    assert present["letter"]
    assert present["contact_request"]
    flask_migrate.downgrade(revision=BEFORE)
    assert rows() == present
    assert set(given()) <= {*FIRST}
    with writing() as session:
        assert not guards.standing(session.connection())
    former = defined()
    flask_migrate.upgrade(revision=REVISION)
    assert (rows(), defined()) == (present, made)
    unguarded = {name: sql for name, sql in made.items() if " guard_" not in name}
    assert unguarded.keys() == former.keys()
    for name, sql in unguarded.items():
        assert former[name] == (sql and sql.replace("(id AUTOINCREMENT)", "(id)")), name
    last = {
        t.name: max(r[0] for r in present[t.name])
        for t in numbered()
        if present.get(t.name)
    }
    assert last.items() <= given().items()
    flask_migrate.upgrade()
    with writing() as session:
        assert session.connection().exec_driver_sql("PRAGMA integrity_check").all() == [
            ("ok",)
        ]
        assert session.connection().exec_driver_sql("PRAGMA foreign_key_check").all() == []
        wanted = sorted(guards.guards(registry().guarded, session.get_bind().dialect))
        assert sorted(guards.standing(session.connection())) == wanted


@SQLITE
def test_a_connection_that_was_open_meanwhile_gives_none_again(
    app: Flask, lived_in: None
) -> None:
    """Nor where the last row goes before the first is written after the migration."""
    flask_migrate.downgrade(revision=BEFORE)
    with closing(sqlite3.connect(str(db.engine.url.database))) as other:
        first, last = other.execute("SELECT min(id), max(id) FROM letter").fetchone()
        flask_migrate.upgrade()
        other.execute("DELETE FROM letter WHERE id = ?", (last,))
        found = other.execute("SELECT * FROM letter WHERE id = ?", (first,))
        row = dict(
            zip((one[0] for one in found.description), found.fetchone(), strict=True)
        )
        row |= {"id": None, "key": "another"}
        names, values = ", ".join(row), ", ".join("?" * len(row))
        added = f"INSERT INTO letter ({names}) VALUES ({values})"  # noqa: S608 - our own
        assert other.execute(added, (*row.values(),)).lastrowid == last + 1
