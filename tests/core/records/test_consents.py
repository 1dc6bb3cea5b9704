"""Records of consents given in forms: the exact text, and no names."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select, text

from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.records import consents
from neupusti.core.records.consents import ConsentText, FormConsent, GivenConsent
from neupusti.core.text.languages import Language
from tests.people import AIGERIM

WORDS = "Я согласна\nДля чего: учётная запись — «Ә» \u00a0"
GIVEN = GivenConsent(
    form="register",
    purpose=Purpose.ACCOUNT,
    text=WORDS,
    language=Language.RU,
    edition=date(2026, 11, 1),
)


def given(person: int = 7) -> int:
    with writing() as session:
        return consents.store(session, GIVEN, email=AIGERIM.email, person=person).id


@pytest.mark.clause("2.1")
def test_the_text_is_stored_byte_for_byte(app: Flask) -> None:
    given()
    [(row, withdrawal, words)] = consents.of_person(7)
    assert words == WORDS
    assert row.wording == consents.digest(words)
    assert withdrawal is None
    assert (row.form, row.purpose, row.language) == ("register", "4.1.6", "ru")
    assert row.edition == date(2026, 11, 1)


def test_the_same_text_is_stored_once(app: Flask) -> None:
    given()
    given(8)
    assert len(db.session.scalars(select(ConsentText)).all()) == 1


def test_no_address_is_in_the_record(app: Flask) -> None:
    given()
    row = db.session.execute(text("SELECT * FROM consent_evidence")).one()
    assert AIGERIM.email not in str(tuple(row))
    assert row.email_hash == consents.hash_of(AIGERIM.email.upper())


@pytest.mark.clause("6.1.1")
def test_a_withdrawal_is_a_row_of_its_own(app: Flask) -> None:
    number = given()
    assert consents.in_force(7, Purpose.ACCOUNT) is not None
    for _ in range(2):
        with writing() as session:
            consent = session.get_one(FormConsent, number)
            consents.withdraw(session, consent, method="button on the consents page")
    [(row, withdrawal, words)] = consents.of_person(7)
    assert withdrawal is not None
    assert withdrawal.ends == row.id
    assert words == WORDS
    assert consents.in_force(7, Purpose.ACCOUNT) is None
    given()
    assert consents.in_force(7, Purpose.ACCOUNT) is not None


def test_a_consent_without_a_text_is_refused(app: Flask) -> None:
    empty = GivenConsent(
        form="x", purpose=Purpose.NEWS, text=" ", language=Language.KK, edition=date.min
    )
    with pytest.raises(ValueError, match="proves nothing"), writing() as session:
        consents.store(session, empty, email=AIGERIM.email)
