"""Registration: consent records, one answer for all addresses, confirmation."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from neupusti.accounts.models import Person
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db
from neupusti.core.records import consents
from neupusti.core.records.consents import FormConsent
from tests.accounts.cast import (
    PASSWORD,
    account,
    emails_to,
    hidden,
    link,
    sign_in,
    submit,
)
from tests.people import AIGERIM, BOLAT
from tests.times import NOON, Clock

FORM = {
    "family_name": "Сейтқали",
    "given_name": "Әлия",
    "patronymic": "",
    "email": AIGERIM.email,
    "phone": "8 (701) 000-00-01",
    "password": PASSWORD,
    "consent": "y",
}


def register(client: FlaskClient, prefix: str = "", **changes: Any) -> TestResponse:
    return submit(client, f"{prefix}/account/register", {**FORM, **changes})


def people() -> list[Person]:
    db.session.rollback()
    return list(db.session.scalars(select(Person).order_by(Person.id)))


@pytest.mark.clause("2.4")
@pytest.mark.clause("3.1")
@pytest.mark.clause("4.1.5")
@pytest.mark.clause("4.1.6")
def test_who_registers_and_confirms_can_sign_in(app: Flask, client: FlaskClient) -> None:
    answer = register(client)
    assert (answer.status_code, answer.location) == (303, "/account/register/sent")
    [person] = people()
    assert person.full_name == "Сейтқали Әлия"
    assert person.phone == "+77010000001"
    assert person.confirmed_at is None
    [message] = emails_to(AIGERIM.email)
    path = link(message)
    page = client.get(path)
    assert "Сейтқали Әлия" in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert people()[0].confirmed_at is None
    settled = submit(client, path, {"choice": "confirm"})
    assert settled.location == "/account/login?done=confirmed"
    [person] = people()
    assert person.confirmed_at is not None
    data = {"email": AIGERIM.email, "password": PASSWORD}
    entered = submit(client, "/account/login", data)
    assert (entered.status_code, entered.location) == (303, "/account/")
    assert AIGERIM.email in client.get("/account/").text


@pytest.mark.clause("3.2.3")
def test_an_email_goes_to_the_domain_that_was_typed(
    app: Flask, client: FlaskClient
) -> None:
    """Until IDNA 2008 it went to strasse.de, which is another owner's."""
    other = account(replace(BOLAT, email="dana@strasse.de"))
    assert register(client, email="dana@straße.de").status_code == 303
    [message] = emails_to("dana@xn--strae-oqa.de")
    assert message.kind == "accounts.confirm"
    submit(client, link(message), {"choice": "confirm"})
    submit(client, "/account/password/reset", {"email": "dana@straße.de"})
    assert len(emails_to("dana@xn--strae-oqa.de")) == 2
    submit(client, "/account/login", {"email": "dana@STRAẞE.de", "password": PASSWORD})
    assert "dana@xn--strae-oqa.de" in client.get("/account/").text
    assert emails_to(other.email) == []
    shown = app.test_cli_runner().invoke(args=["mail", "list", "--to", "dana@straße.de"])
    assert "To: dana@xn--strae-oqa.de" in shown.output


@pytest.mark.parametrize(
    ("prefix", "error"),
    [
        ("", "Такого имени после знака @ нет"),
        ("/kk", "@ белгісінен кейінгі атау"),
        ("/en", "No server can have the name after the @."),
    ],
)
def test_an_invalid_domain_is_explained(
    client: FlaskClient, prefix: str, error: str
) -> None:
    answer = register(client, prefix, email="dana@i❤.ws")
    assert answer.status_code == 422
    assert error in answer.text.partition('id="email-error"')[2].partition("</p>")[0]


@pytest.mark.clause("2.1")
def test_the_consent_record_has_its_exact_text(app: Flask, client: FlaskClient) -> None:
    page = client.get("/kk/account/register").text
    register(client, "/kk")
    [person] = people()
    [(row, _withdrawal, words)] = consents.of_person(person.id)
    assert (row.language, row.form, row.purpose) == ("kk", "registration", "4.1.6")
    assert row.wording == consents.digest(words)
    for line in words.splitlines():
        assert line.replace("«", "«") in page
    assert "БСН" in words
    assert f'value="{row.wording}"' in page
    assert person.language == "kk"


@pytest.mark.clause("2.1")
@pytest.mark.parametrize("consent", ["", "n", "0", "no", "a" * 64])
def test_without_the_consent_nothing_is_kept(
    app: Flask, client: FlaskClient, consent: str
) -> None:
    fields = {name: value for name, value in FORM.items() if name != "consent"}
    if consent:
        fields["consent"] = consent
    answer = submit(client, "/account/register", fields)
    assert answer.status_code == 422
    assert 'href="#consent"' in answer.text
    assert people() == []
    assert db.session.scalar(select(func.count()).select_from(FormConsent)) == 0


@pytest.mark.clause("4.1.9")
def test_the_newsletter_is_a_consent_of_its_own(app: Flask, client: FlaskClient) -> None:
    page = client.get("/account/register").text
    assert "checked" not in page
    register(client, newsletter="y")
    [person] = people()
    news = consents.in_force(person.id, Purpose.NEWS)
    assert news is not None
    assert consents.in_force(person.id, Purpose.ACCOUNT) is not None
    assert len(consents.of_person(person.id)) == 2


@pytest.mark.clause("3.2.3")
def test_a_known_address_gets_the_same_answer_and_an_email(
    app: Flask, client: FlaskClient
) -> None:
    account(AIGERIM)
    known = register(client)
    unknown = register(app.test_client(), email=BOLAT.email)
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert known.text == unknown.text
    [message] = emails_to(AIGERIM.email)
    assert message.kind == "accounts.existing"
    assert [p.email for p in people()] == [AIGERIM.email, BOLAT.email]


def test_a_new_link_ends_the_older_one(app: Flask, client: FlaskClient) -> None:
    register(client)
    submit(client, "/account/login", {"email": AIGERIM.email, "password": PASSWORD})
    older, newer = (link(message) for message in emails_to(AIGERIM.email))
    assert client.get(older).status_code == 404
    assert submit(client, newer, {"choice": "confirm"}).status_code == 303


def test_a_link_works_once_and_for_three_days(
    app: Flask, client: FlaskClient, at: Clock
) -> None:
    at(NOON)
    register(client)
    path = link(emails_to(AIGERIM.email)[0])
    at(NOON + timedelta(days=3))
    assert client.get(path).status_code == 404
    at(NOON + timedelta(days=3) - timedelta(seconds=1))
    page = client.get(path).text
    data = {**hidden(page), "choice": "confirm"}
    assert client.post(path, data=data).status_code == 303
    assert client.post(path, data=data).status_code == 404


def test_an_unconfirmed_account_cannot_sign_in_and_is_reminded(
    app: Flask, client: FlaskClient
) -> None:
    register(client)
    data = {"email": AIGERIM.email, "password": PASSWORD}
    answer = submit(client, "/account/login", data)
    assert answer.status_code == 422
    assert [message.kind for message in emails_to(AIGERIM.email)] == [
        "accounts.confirm"
    ] * 2
    wrong = submit(client, "/account/login", {**data, "password": "неверный пароль тут"})
    assert len(emails_to(AIGERIM.email)) == 2
    assert wrong.status_code == 422


@pytest.mark.clause("3.2")
@pytest.mark.parametrize(
    "changes",
    [
        {"given_name": "محمد", "family_name": "O’Neil-Sałek"},
        {"phone": ""},
        {"patronymic": "Серікқызы"},
        {"password": "🐎 қымыз 和平 мир peace"},
        {"password": "я" * 3 + " семь раз отмерь " + "ы" * 230},
        {"kind": "staff", "confirmed_at": "2020-01-01", "id": "7"},
    ],
    ids=str,
)
def test_what_can_be_taken_is_taken(
    app: Flask, client: FlaskClient, changes: dict[str, str]
) -> None:
    assert register(client, **changes).status_code == 303
    [person] = people()
    assert (person.kind, person.confirmed_at) == ("account", None)


def test_the_same_password_typed_on_two_systems_is_one(
    app: Flask, client: FlaskClient
) -> None:
    register(client, password="и\u0306ог и чай с молоком")
    submit(client, link(emails_to(AIGERIM.email)[0]), {"choice": "confirm"})
    who = {"email": AIGERIM.email.upper(), "password": "йог и чай с молоком"}
    assert submit(client, "/account/login", who).status_code == 303


def test_a_form_of_another_site_is_refused(app: Flask, client: FlaskClient) -> None:
    assert client.post("/account/register", data=FORM).status_code == 400
    page = client.get("/account/register").text
    data = {**hidden(page), **FORM}
    cross_site = client.post(
        "/account/register", data=data, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert cross_site.status_code == 403
    assert people() == []


@pytest.mark.clause("3.3.1")
def test_without_cookies_the_form_says_what_is_missing(app: Flask) -> None:
    browser = app.test_client(use_cookies=False)
    answer = submit(browser, "/account/login", {"email": "a@b.kz", "password": "x"})
    assert answer.status_code == 422
    details = answer.text.partition('<details class="stack"')[2]
    for word in ("session", "cookie", "3.3.1"):
        assert word in details
    assert register(browser).status_code == 303


def test_one_address_has_one_confirmed_person(app: Flask) -> None:
    who = account(AIGERIM)
    browser = app.test_client()
    assert sign_in(browser, who).status_code == 303
