import pytest
from flask import Flask
from sqlalchemy import Column, MetaData, String, Table

from neupusti.core.data.classification import (
    Purpose,
    classification,
    personal,
    personal_columns,
)
from neupusti.core.data.database import db
from neupusti.core.feature import Holding, Retention
from neupusti.core.registry import registry
from tests.conftest import SQLITE


def tables() -> list[Table]:
    return [table for metadata in db.metadatas.values() for table in metadata.sorted_tables]


def silent(tables: list[Table]) -> list[str]:
    """Name the columns that do not say whether they hold something about a person."""
    columns = [column for table in tables for column in table.columns]
    return [str(column) for column in columns if classification(column) is None]


def loose(tables: list[Table], kept: tuple[Holding | Retention, ...]) -> list[str]:
    """Name the tables about people that nobody can find, and that never go."""
    known = {one.model.__table__.name for one in kept}
    return [t.name for t in tables if personal_columns(t) and t.name not in known]


@SQLITE
@pytest.mark.clause("preamble")
def test_every_column_says_what_it_holds(app: Flask) -> None:
    assert silent(tables()) == []


@SQLITE
def test_every_table_about_people_can_be_shown_or_expires(app: Flask) -> None:
    assert loose(tables(), (*registry().holdings, *registry().retention)) == []


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
    assert loose([bare_table], ()) == ["people"]
