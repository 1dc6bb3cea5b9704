from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table

from neupusti.core.data.classification import (
    Purpose,
    actor,
    impersonal,
    personal,
    subject,
)
from neupusti.core.data.database import db
from tests.conftest import SQLITE
from tests.contracts.completeness import tables, unclassified, without_holding


@SQLITE
@pytest.mark.clause("preamble")
def test_every_column_is_classified(app: Flask) -> None:
    assert unclassified(tables()) == []


def test_both_databases_are_checked(bare_table: Table) -> None:
    assert set(db.metadatas) == {None, "access"}
    assert "policy_edition" in {table.name for table in tables()}


@pytest.fixture
def bare_table() -> Table:
    """A table with an unclassified column."""
    mark = personal("3.2.3", Purpose.NOTICES)
    return Table(
        "people", MetaData(), Column("email", String, info=mark), Column("note", String)
    )


def test_an_unclassified_column_is_found(bare_table: Table) -> None:
    assert unclassified([bare_table]) == ["people.note"]


@pytest.mark.parametrize(
    "mark", [subject(), actor(), None], ids=["subject", "actor", "key"]
)
def test_a_table_that_only_references_people_is_found(mark: dict[str, Any] | None) -> None:
    metadata = MetaData()
    number = Column("id", Integer, primary_key=True, info=subject())
    person = Table("person", metadata, number)
    key = (ForeignKey("person.id"),) if mark is None else ()
    column = Column("who", Integer, *key, info=mark or impersonal())
    wish = Table("wish", metadata, column)
    assert [*without_holding([person, wish], {"person"})] == ["wish"]
    assert [*without_holding([person, wish], {"person", "wish"})] == []
