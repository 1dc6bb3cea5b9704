from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table

from neupusti.core.data.classification import (
    Purpose,
    actor,
    classification,
    impersonal,
    person_columns,
    personal,
    personal_columns,
    subject,
)
from neupusti.core.data.database import db
from neupusti.core.registry import registry
from tests.conftest import SQLITE


def tables() -> list[Table]:
    return [table for metadata in db.metadatas.values() for table in metadata.sorted_tables]


def silent(tables: list[Table]) -> list[str]:
    """Name the columns that do not say whether they hold something about a person."""
    columns = [column for table in tables for column in table.columns]
    return [str(column) for column in columns if classification(column) is None]


def names_people(table: Table) -> bool:
    """Tell whether a row of `table` names a person, by a mark or by a foreign key."""
    led_to = {key.column.table for key in table.foreign_keys}
    return any(person_columns(one) for one in (table, *led_to))


def unfound(tables: list[Table], held: set[str]) -> list[str]:
    """Name the tables that name people and stand in no holding."""
    return [t.name for t in tables if names_people(t) and t.name not in held]


def everlasting(tables: list[Table], termed: set[str]) -> list[str]:
    """Name the tables about people of which nobody says how long they are kept."""
    about = [t.name for t in tables if personal_columns(t) or names_people(t)]
    return [name for name in about if name not in termed]


def held() -> set[str]:
    return {one.model.__table__.name for one in registry().holdings}


def termed() -> set[str]:
    models = [one.model for one in registry().retention]
    models += [model for one in registry().indefinite for model in one.models]
    return {model.__table__.name for model in models}


@SQLITE
@pytest.mark.clause("preamble")
def test_every_column_says_what_it_holds(app: Flask) -> None:
    assert silent(tables()) == []


@SQLITE
def test_every_table_that_names_people_can_be_shown_to_them(app: Flask) -> None:
    assert unfound(tables(), held()) == []


@SQLITE
def test_every_table_about_people_has_a_term(app: Flask) -> None:
    assert everlasting(tables(), termed()) == []


def test_both_databases_are_looked_at(bare_table: Table) -> None:
    assert set(db.metadatas) == {None, "access"}
    assert "policy_edition" in {table.name for table in tables()}


@pytest.fixture
def bare_table() -> Table:
    """A table as a hasty hand would write it."""
    mark = personal("3.2.3", Purpose.NOTICES)
    return Table(
        "people", MetaData(), Column("email", String, info=mark), Column("note", String)
    )


def test_a_hasty_table_is_found_out(bare_table: Table) -> None:
    assert silent([bare_table]) == ["people.note"]
    assert everlasting([bare_table], set()) == ["people"]


@pytest.mark.parametrize(
    "mark", [subject(), actor(), None], ids=["subject", "actor", "key"]
)
def test_a_table_that_only_names_people_is_found_out(mark: dict[str, Any] | None) -> None:
    metadata = MetaData()
    number = Column("id", Integer, primary_key=True, info=subject())
    person = Table("person", metadata, number)
    key = (ForeignKey("person.id"),) if mark is None else ()
    column = Column("who", Integer, *key, info=mark or impersonal())
    wish = Table("wish", metadata, column)
    assert unfound([person, wish], {"person"}) == ["wish"]
    assert everlasting([person, wish], {"person"}) == ["wish"]
    assert unfound([person, wish], {"person", "wish"}) == []
