"""Append-only journals: who did what about whom."""

import re
from enum import StrEnum

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from neupusti.config.values import ROOT
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.records import journal
from neupusti.core.records.journal import (
    Actor,
    ActorKind,
    Operation,
    ProcessingRecord,
    StaffAction,
)
from neupusti.policy.service import parser
from neupusti.staff.queries import OPENED
from tests.core.records.test_consents import given

EDITION = ROOT / "neupusti" / "policy" / "editions" / "2026-11-01.en.txt"


class Kind(StrEnum):
    """Kinds of security events, as a feature declares them."""

    SIGNED_IN = "signed in"


@pytest.mark.clause("1.1.3")
def test_the_operations_are_the_words_of_the_clause() -> None:
    """Each noun of the clause is one operation, in its order, and there is no other."""
    clause = parser.parse(EDITION.read_text()).clauses["1.1.3"]
    words = re.sub(r"^.*do with personal data: |[,;.:]| and| or", " ", clause.text).split()
    umbrella = {"rectification", "transfer", "that", "is", "whether", "by"}
    assert [w for w in words if w not in umbrella] == [o.value for o in Operation]


def log_action(reason: str, person: int = 7) -> StaffAction:
    with writing() as session:
        return journal.log_staff_action(
            session,
            staff=4,
            action=OPENED,
            operation=Operation.ACCESS,
            person=person,
            what="person page",
            reason=reason,
        )


@pytest.mark.clause("1.1.1")
def test_a_staff_action_says_who_what_about_whom_and_why(app: Flask) -> None:
    log_action("asked by phone")
    row = db.session.scalars(select(StaffAction)).one()
    assert (row.staff, row.action, row.person, row.reason) == (
        4,
        "people.opened",
        7,
        "asked by phone",
    )


def test_the_chain_detects_a_forged_row(app: Flask) -> None:
    """The owner of the database can drop the triggers; the chain still detects it."""
    numbers = [log_action(reason).id for reason in ("one", "two", "three")]
    assert journal.broken(db.session()) is None
    off = {
        "sqlite": "DROP TRIGGER staff_action_no_update",
        "postgresql": "ALTER TABLE staff_action DISABLE TRIGGER USER",
    }
    with writing() as session:
        session.execute(text(off[db.engine.dialect.name]))
        change = text("UPDATE staff_action SET what = 'x' WHERE id = :id")
        session.execute(change, {"id": numbers[1]})
    assert journal.broken(db.session()) == numbers[1]


@pytest.mark.parametrize("table", ["staff_action", "processing_event", "consent_evidence"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id + 1", "DELETE FROM {}"])
def test_a_journal_cannot_be_changed_by_raw_sql(
    app: Flask, table: str, statement: str
) -> None:
    fill_journals()
    with pytest.raises(DBAPIError, match="never changes"):
        db.session.execute(text(statement.format(table)))
    db.session.rollback()


def test_a_security_event_never_changes_but_may_go(app: Flask) -> None:
    fill_journals()
    with pytest.raises(DBAPIError, match="never changes"):
        db.session.execute(text("UPDATE security_event SET kind = 'x'"))
    db.session.rollback()
    with writing() as session:
        assert session.execute(text("DELETE FROM security_event")).rowcount == 1  # type: ignore[attr-defined]


def fill_journals() -> None:
    """Add one row to every journal."""
    log_action("x")
    given()
    record = ProcessingRecord(
        operation=Operation.COLLECTION,
        what="registration",
        why=Purpose.ACCOUNT,
        person=7,
        actor=Actor(ActorKind.PERSON, 7),
    )
    with writing() as session:
        journal.log_processing(session, record)
        journal.log_security_event(session, 7, Kind.SIGNED_IN, "Firefox, Linux")
