"""The profile: show, change, and review once a year."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from neupusti.accounts.models import Person, SignIn
from neupusti.accounts.service import profile
from neupusti.core.data.classification import personal_columns
from neupusti.core.data.database import db, writing
from neupusti.core.forms.base import Form, clauses
from neupusti.core.records.journal import ProcessingEvent
from neupusti.core.text.languages import Language
from tests import desk
from tests.accounts.cast import (
    account,
    emails_to,
    events,
    hidden,
    signed_in,
    submit,
)
from tests.conftest import SQLITE
from tests.people import AIGERIM, BOLAT, DANA
from tests.times import NOON, Clock

PATH = "/account/profile"
FORM = {
    "family_name": "Сейтқали",
    "given_name": "Әлия",
    "patronymic": "",
    "phone": AIGERIM.phone,
    "language": "ru",
}


def save(browser: FlaskClient, **changes: Any) -> TestResponse:
    return submit(browser, PATH, {**FORM, **changes})


def person(number: int) -> Person:
    db.session.rollback()
    return db.session.get_one(Person, number, populate_existing=True)


@pytest.mark.clause("4.1.2")
@pytest.mark.clause("3.2.2")
def test_the_owner_changes_names_phone_and_language(app: Flask) -> None:
    who = account(AIGERIM)
    browser = signed_in(app, who)
    answer = save(
        browser, patronymic="Мақсатқызы", phone=f"8{DANA.phone[2:]}", language="kk"
    )
    assert (answer.status_code, answer.location) == (303, f"{PATH}?done=saved")
    now = person(who.number)
    assert now.full_name == "Сейтқали Әлия Мақсатқызы"
    assert (now.phone, now.language) == (DANA.phone, "kk")
    assert "сейтқали" in now.search
    assert events(who.number)[-1] == "details changed"
    changed = db.session.scalars(
        select(ProcessingEvent.what).where(ProcessingEvent.operation == "alteration")
    ).one()
    assert changed == "family_name, given_name, patronymic, phone, language"
    assert "Сейтқали" in browser.get("/account/").text


def test_emails_come_in_the_chosen_language(app: Flask) -> None:
    who = account(AIGERIM)
    browser = signed_in(app, who)
    save(browser, language="kk")
    browser.post("/account/logout", data=hidden(browser.get("/account/").text))
    submit(app.test_client(), "/account/password/reset", {"email": who.email})
    assert emails_to(who.email)[-1].language == Language.KK


def test_what_is_optional_may_go(app: Flask) -> None:
    who = account(AIGERIM)
    browser = signed_in(app, who)
    save(browser, patronymic="Мақсатқызы")
    assert save(browser, phone="", patronymic=" ").status_code == 303
    now = person(who.number)
    assert (now.phone, now.patronymic) == (None, "")


@pytest.mark.clause("2.4")
def test_only_the_e_mail_is_shown_as_confirmed(app: Flask) -> None:
    page = signed_in(app, account(AIGERIM)).get("/en" + PATH).text
    assert AIGERIM.email in page
    assert page.count('class="tag on"') == 1
    assert "and nothing else of what you say here" in page


@SQLITE
def test_the_day_of_a_confirmation_is_that_of_almaty(app: Flask, at: Clock) -> None:
    at(datetime(2026, 11, 27, 19, 30, tzinfo=UTC))
    browser = signed_in(app, account(AIGERIM))
    for page in ("/en/account/", "/en/account/profile"):
        assert "28 November 2026" in browser.get(page).text


def test_every_question_says_why_and_the_optional_ones_say_so(app: Flask) -> None:
    page = signed_in(app, account(AIGERIM)).get("/en" + PATH).text
    form = page.partition('action="/en/account/profile"')[2].partition("</form>")[0]
    for name, clause in [
        *(("family_name", "3.2.1"), ("given_name", "3.2.1"), ("patronymic", "3.2.1")),
        *(("phone", "3.2.2"), ("language", "4.1.7")),
    ]:
        hint = form.partition(f'id="{name}-hint"')[2].partition("</p>")[0]
        assert f"#c{clause}" in hint, name
        label = form.partition(f'<label for="{name}">')[2].partition("</label>")[0]
        assert ("optional" in label) is (name in {"patronymic", "phone"}), name


NAMES = [
    ("Әйгерім", "Әйгерім"),
    ("О'Нил", "О'Нил"),
    ("Ким", "Ким"),
    ("Й", "Й"),
    ("И\u0306ван", "Йван"),
    ("李小龍", "李小龍"),
    ("محمد", "محمد"),
    ("नरेंद्र", "नरेंद्र"),
    ("Nguyễn Thị", "Nguyễn Thị"),
    ("д'Артаньян-Ұлы", "д'Артаньян-Ұлы"),
    ("ы" * 100, "ы" * 100),
]


@pytest.mark.clause("3.2.1")
def test_names_of_any_script_are_taken_as_they_are(app: Flask) -> None:
    who = account(AIGERIM)
    browser = signed_in(app, who)
    for typed, stored in NAMES:
        assert save(browser, given_name=typed, family_name=typed).status_code == 303, typed
        assert person(who.number).given_name == stored
        assert person(who.number).family_name == stored


def test_a_form_without_its_token_changes_nothing(app: Flask) -> None:
    who = account(AIGERIM)
    browser = signed_in(app, who)
    assert browser.post(PATH, data=FORM).status_code == 400
    assert person(who.number).given_name == AIGERIM.name


def test_columns_the_form_does_not_show_cannot_be_set(app: Flask) -> None:
    who = account(AIGERIM)
    other = account(BOLAT)
    browser = signed_in(app, who)
    extra = {
        "email": DANA.email,
        "kind": "guest",
        "id": other.number,
        "person": other.number,
    }
    assert save(browser, **extra).status_code == 303
    assert (person(who.number).email, person(who.number).kind) == (AIGERIM.email, "account")
    assert person(other.number).given_name == BOLAT.name


def test_another_phone_takes_the_password_after_a_while(app: Flask) -> None:
    who = account(AIGERIM)
    browser = signed_in(app, who)
    assert 'name="current"' not in browser.get(PATH).text
    with writing() as session:
        row = session.scalars(select(SignIn)).one()
        row.proved_at -= desk.STALE
    assert 'name="current"' in browser.get(PATH).text
    assert save(browser, phone="+7 (701) 000-00-01").status_code == 303
    refused = save(browser, phone=DANA.phone)
    assert refused.status_code == 422
    assert 'id="current-error"' in refused.text
    wrong = save(browser, phone=DANA.phone, current="неверный пароль тут")
    assert wrong.status_code == 422
    assert person(who.number).phone == AIGERIM.phone
    assert save(browser, phone=DANA.phone, current=who.password).status_code == 303
    assert person(who.number).phone == DANA.phone


@pytest.mark.clause("4.1.5")
def test_once_a_year_the_account_asks_whether_it_is_still_right(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    who = account(AIGERIM)
    at(NOON + profile.REVIEW_INTERVAL)
    assert "Is this still right?" not in signed_in(app, who).get("/en/account/").text
    later = NOON + profile.REVIEW_INTERVAL + timedelta(seconds=1)
    at(later)
    browser = signed_in(app, who)
    page = browser.get("/en/account/").text
    assert "Is this still right?" in page
    assert AIGERIM.name in page
    answer = submit(browser, "/account/profile/right", page="/account/")
    assert answer.location == "/account/?done=still-right"
    assert "Is this still right?" not in browser.get("/en/account/").text
    at(later + profile.REVIEW_INTERVAL + timedelta(days=1))
    browser = signed_in(app, who)
    assert "Is this still right?" in browser.get("/en/account/").text
    save(browser)
    assert "Is this still right?" not in browser.get("/en/account/").text


@pytest.mark.clause("3.2.4")
def test_no_form_and_no_column_is_about_a_place_of_residence(app: Flask) -> None:
    def all_of(kind: type[Form]) -> list[type[Form]]:
        return [kind, *(one for sub in kind.__subclasses__() for one in all_of(sub))]

    forms = all_of(Form)
    assert len(forms) > 10
    assert [form for form in forms if "3.2.4" in clauses(form).values()] == []
    tables = [t for metadata in db.metadatas.values() for t in metadata.sorted_tables]
    marks = [mark for table in tables for mark in personal_columns(table).values()]
    assert "3.2.4" not in {mark.clause for mark in marks}


def test_nobody_sees_the_profile_of_another(app: Flask) -> None:
    account(BOLAT)
    browser = signed_in(app, account(AIGERIM))
    assert BOLAT.email not in browser.get(PATH).text
    stranger = app.test_client().get(PATH)
    assert (stranger.status_code, stranger.location) == (
        303,
        "/account/login?next=/account/profile",
    )
