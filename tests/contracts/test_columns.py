import ast
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.orm import MappedColumn

from neupusti.config.values import ROOT
from neupusti.core.data import classification as data
from neupusti.core.data import finding
from neupusti.core.data.classification import (
    Purpose,
    actor,
    classification,
    impersonal,
    personal,
    subject,
)
from neupusti.core.data.database import db
from neupusti.core.registry import registry
from tests.conftest import SQLITE
from tests.contracts.completeness import half_found, tables, unclassified, without_holding

SOURCES = ROOT / "neupusti"


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


@SQLITE
@pytest.mark.clause("6.1.3")
def test_an_address_or_a_phone_is_found_by_number_and_by_address(app: Flask) -> None:
    assert [*half_found(tables())] == []


def test_who_a_row_names_is_found_by_an_index() -> None:
    """The page of one's own data asks every table; journals are long."""
    named = [column for table in tables() for column in data.person_columns(table)]
    firsts = {column for table in tables() for column in firsts_of(table)}
    assert [str(column) for column in named if column not in firsts] == []


def firsts_of(table: Table) -> list[Column[Any]]:
    """Return the first column of each index, and of each key, of a table."""
    keys = (PrimaryKeyConstraint, UniqueConstraint)
    made = [one for one in table.constraints if isinstance(one, keys)]
    return [next(iter(one.columns)) for one in (*table.indexes, *made)]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("email", ["wish"]),
        ("phone", ["wish"]),
        ("person phone", ["wish"]),
        ("person email", []),
        ("person email phone", []),
    ],
)
def test_a_table_that_is_found_in_one_way_only_is_detected(
    names: str, found: list[str]
) -> None:
    marks = {
        "person": subject(),
        "email": personal("3.2.3", Purpose.NOTICES),
        "phone": personal("3.2.2", Purpose.NOTICES),
    }
    columns = (Column(name, String, info=marks[name]) for name in names.split())
    assert [*half_found([Table("wish", MetaData(), *columns)])] == found


@SQLITE
def test_rows_of_every_holding_can_be_found(app: Flask) -> None:
    """By their columns or by those of the rows they belong to."""
    held = [one.model.__table__ for one in registry().holdings]
    assert [table.name for table in held if not finding.is_found(table)] == []


NAMES_OF_SECRETS = re.compile(
    r"password|nonce|mask$|salt|secret|^digest$|(?:remember|token|code)_digest|submission"
)
PROOFS = {"access_import.digest", "disclosure.digest"}
"""Hashes that open nothing: of an imported log, and of what was handed over."""


@SQLITE
def test_what_opens_something_is_marked_as_a_secret(app: Flask) -> None:
    """Else an export of all columns of a holding hands out hashes of passwords."""
    columns = [column for table in tables() for column in table.columns]
    named = {str(c) for c in columns if NAMES_OF_SECRETS.search(c.name)} - PROOFS
    marked = {str(c) for c in columns if (mark := classification(c)) and mark.secret}
    assert named == marked
    assert "credential.password_hash" in marked


def test_no_mark_of_a_column_is_lost() -> None:
    """SQLAlchemy keeps the mark of a column's type, and drops one that is given beside."""
    typed = {
        name
        for name, kind in vars(data).items()
        if any(isinstance(one, MappedColumn) for one in getattr(kind, "__metadata__", ()))
    }
    lost = []
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Call):
                names = {n.id for n in ast.walk(node.annotation) if isinstance(n, ast.Name)}
                given = {keyword.arg for keyword in node.value.keywords}
                if names & typed and "info" in given:
                    lost.append(f"{path.name}: {ast.unparse(node.target)}")
    assert lost == []


def test_personal_data_without_a_number_want_a_holding_or_a_reason() -> None:
    mark = personal("3.2.3", Purpose.NOTICES)
    reader = Table("reader", MetaData(), Column("email", String, info=mark))
    assert [*without_holding([reader], set())] == ["reader"]
    assert [*without_holding([reader], {"reader"})] == []
    assert [*without_holding([reader], set(), {"reader"})] == []


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
