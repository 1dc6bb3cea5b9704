from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import Column, MetaData, String, Table
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.core.data.classification import (
    MARK,
    Purpose,
    impersonal,
    personal,
    subject,
)
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.proofs.proof import Looking, State
from neupusti.core.records import journal
from neupusti.core.records.chain import START
from neupusti.core.records.consents import ConsentText, FormConsent, digest
from neupusti.core.records.journal import ProcessingEvent, StaffAction
from neupusti.core.schema_proofs import LiveTable
from neupusti.core.security.tokens import Token
from tests.proofs import planting
from tests.proofs.planting import all_turn_red, sql, states
from tests.proofs.rows import FUTURE, NOW, SOON, bare, disarmed, kept, row, written


def words_in_the_chain(session: Session) -> None:
    """Write a row as it was before the words were apart, chained as it was then."""
    act = StaffAction(id=1, at=NOW, action="", what="", former_reason="words")
    act.chain = digest(f"{START}\n{journal.ACTIONS.encode_former(act)}")
    session.add(act)


@contextmanager
def kept_residence() -> Iterator[Looking]:
    """Let a column that is there hold a place of residence, by its own mark."""
    marks = Person.__table__.c.patronymic.info
    with pytest.MonkeyPatch.context() as patch, bare()() as looking:
        patch.setitem(marks, MARK, replace(marks[MARK], clause="3.2.4"))
        yield looking


PLANTS = {
    "operations": sql(row(ProcessingEvent, operation="sale")),
    "types-of-emails": sql(row(OutboxEmail, kind="core.secret")),
    "subjects-name-nobody": sql(row(OutboxEmail, subject="+7 701 000 00 09")),
    "emails-found-by-address": sql(row(OutboxEmail, recipient_key="b@example.kz")),
    "links-end": sql(row(Token, created_at=FUTURE, expires_at=SOON)),
    "reasons-sealed": written(words_in_the_chain),
    "journal-unchanged": sql(row(StaffAction, id=1, sealed="", chain="x")),
    "journal-not-cut": kept(journal.HEAD),
    "journals-kept": disarmed("processing_event", "journal_immutable"),
    "consent-texts-unchanged": sql(row(ConsentText, sha256="x", text="changed")),
    "withdrawals-match": sql(
        row(FormConsent, id=1, email_hash="a"),
        row(FormConsent, id=2, email_hash="b", ends=1),
    ),
    "columns-classified": bare("ALTER TABLE person ADD COLUMN iin TEXT"),
    "residence-not-kept": kept_residence,
    "tables-held": bare("CREATE TABLE survey (person INTEGER REFERENCES person (id))"),
}


def test_a_withdrawal_by_the_same_person_is_right(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    given = row(FormConsent, id=1, email_hash="a")
    with sql(given, row(FormConsent, id=2, email_hash="a", ends=1))() as looking:
        assert states(looking)["withdrawals-match"] is State.HOLDS


@pytest.mark.parametrize(
    ("mark", "lost"),
    [
        (personal("3.2.3", Purpose.NOTICES), True),
        (subject(), True),
        (impersonal(), False),
    ],
    ids=["of people", "names one", "neither"],
)
def test_a_table_that_nobody_can_be_found_in_is_lost(
    app: Flask,
    mark: dict[str, object],
    lost: bool,  # noqa: FBT001 - a column
) -> None:
    (check,) = (one for one in planting.proofs() if one.name == "tables-held")
    table = Table("survey", MetaData(), Column("answer", String, info=mark))
    assert check.wrong(LiveTable("survey", (), table)) is lost  # type: ignore[arg-type]


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)
