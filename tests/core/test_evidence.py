"""Proof of consents given in forms: the exact words, and nothing that names anybody."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, text

from neupusti.core import evidence
from neupusti.core.database import db, writing
from neupusti.core.evidence import ConsentEvidence, EvidenceWording, Given
from neupusti.core.languages import Language
from neupusti.core.personal import Purpose
from tests.people import AIGERIM

WORDS = "Я согласна\nДля чего: учётная запись — «Ә» \u00a0"
GIVEN = Given(
    form="register",
    purpose=Purpose.ACCOUNT,
    text=WORDS,
    language=Language.RU,
    edition=date(2026, 11, 1),
)


def given(person: int = 7) -> int:
    with writing() as session:
        return evidence.keep(session, GIVEN, email=AIGERIM.email, person=person).id


@pytest.mark.clause("2.1")
def test_the_words_are_kept_byte_for_byte(app: Flask) -> None:
    given()
    [(row, withdrawal, words)] = evidence.of_person(7)
    assert words == WORDS
    assert row.wording == evidence.digest(words)
    assert withdrawal is None
    assert (row.form, row.purpose, row.language) == ("register", "4.1.6", "ru")
    assert row.edition == date(2026, 11, 1)


def test_the_same_words_are_kept_once(app: Flask) -> None:
    given()
    given(8)
    assert len(db.session.scalars(select(EvidenceWording)).all()) == 1


def test_no_address_stands_in_the_proof(app: Flask) -> None:
    given()
    row = db.session.execute(text("SELECT * FROM consent_evidence")).one()
    assert AIGERIM.email not in str(tuple(row))
    assert row.email_hash == evidence.hash_of(AIGERIM.email.upper())


@pytest.mark.clause("6.1.1")
def test_a_withdrawal_is_a_row_of_its_own(app: Flask) -> None:
    number = given()
    assert evidence.in_force(7, Purpose.ACCOUNT) is not None
    for _ in range(2):
        with writing() as session:
            consent = session.get_one(ConsentEvidence, number)
            evidence.withdraw(session, consent, method="button on the consents page")
    [(row, withdrawal, words)] = evidence.of_person(7)
    assert withdrawal is not None
    assert withdrawal.ends == row.id
    assert words == WORDS
    assert evidence.in_force(7, Purpose.ACCOUNT) is None
    given()
    assert evidence.in_force(7, Purpose.ACCOUNT) is not None


def test_a_consent_without_words_is_none(app: Flask) -> None:
    empty = Given(
        form="x", purpose=Purpose.NEWS, text=" ", language=Language.KK, edition=date.min
    )
    with pytest.raises(ValueError, match="proves nothing"), writing() as session:
        evidence.keep(session, empty, email=AIGERIM.email)
