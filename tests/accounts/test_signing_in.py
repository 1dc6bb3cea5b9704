"""Signing in: uniform answers, limits across processes, e-mails about new devices."""

from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.accounts.models import Credential, Person, SignIn
from neupusti.accounts.service import passwords, recovery
from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.data.database import db, writing
from tests.accounts.cast import (
    HIDDEN,
    account,
    emails_to,
    events,
    is_signed_in,
    link,
    sign_in,
    signed_in,
    submit,
)
from tests.lending import close
from tests.people import AIGERIM, BOLAT
from tests.times import NOON, Clock

LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"


def test_wrong_and_unknown_get_the_same_answer(app: Flask, client: FlaskClient) -> None:
    who = account(AIGERIM)
    wrong = sign_in(client, who, password="неверный пароль тут")
    unknown = sign_in(client, who, email=BOLAT.email)
    assert wrong.status_code == unknown.status_code == 422
    pages = [HIDDEN.sub("", answer.text) for answer in (wrong, unknown)]
    assert pages[0].replace(AIGERIM.email, "") == pages[1].replace(BOLAT.email, "")
    assert events(who.number) == ["sign-in refused"]


def test_signing_in_leads_on(app: Flask, client: FlaskClient) -> None:
    who = account(AIGERIM)
    sent = client.get("/account/sessions?x=1")
    assert sent.location == "/account/login?next=/account/sessions?x%3D1"
    answer = submit(client, sent.location, {"email": who.email, "password": who.password})
    assert answer.status_code == 200 or answer.location == "/account/sessions?x=1"


@pytest.mark.clause("4.1.4")
def test_a_new_device_causes_an_email_and_can_be_reported(app: Flask) -> None:
    who = account(AIGERIM)
    mine = app.test_client()
    mine.environ_base["HTTP_USER_AGENT"] = LINUX
    sign_in(mine, who)
    sign_in(app.test_client(), who)
    assert [message.kind for message in emails_to(who.email)] == ["accounts.new_device"]
    thief = app.test_client()
    thief.environ_base |= {"HTTP_USER_AGENT": WINDOWS, "REMOTE_ADDR": "203.0.113.7"}
    sign_in(thief, who)
    message = emails_to(who.email)[-1]
    assert "Chrome, Windows" in message.text
    assert "203.0.113" not in message.text
    path = link(message, "/secure/")
    page = mine.get(path)
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert is_signed_in(thief)
    answer = submit(mine, path)
    assert events(who.number)[-1] == "reported as not me"
    assert not is_signed_in(thief)
    assert not is_signed_in(mine)
    assert sign_in(mine, who).status_code == 422
    assert mine.get(path).status_code == 404
    assert emails_to(who.email)[-1].kind == "accounts.locked"
    data = {"password": "новый чай у старого окна"}
    assert submit(mine, answer.location, data).status_code == 303
    who.password = data["password"]
    assert sign_in(mine, who).status_code == 303


def test_each_sign_in_stands_in_the_log_without_a_name(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    who = account(AIGERIM)
    sign_in(client, who, password="неверный пароль тут")
    sign_in(client, who, email=BOLAT.email)
    sign_in(client, who)
    records = [one for one in caplog.records if one.name.endswith("signing_in")]
    assert [(one.getMessage(), vars(one)["fields"]["person"]) for one in records] == [
        ("sign-in refused", who.number),
        ("sign-in refused", "-"),
        ("signed in", who.number),
    ]


def test_a_known_device_causes_no_email(app: Flask) -> None:
    who = account(AIGERIM)
    for _ in range(3):
        signed_in(app, who)
    assert emails_to(who.email) == []


def test_too_many_wrong_passwords_lock_the_account_in_every_process(
    app: Flask, settings: Settings, at: Clock
) -> None:
    at(NOON)
    who = account(AIGERIM)
    second = create_app(settings)
    for turn in range(10):
        browser = (app if turn % 2 else second).test_client()
        browser.environ_base["REMOTE_ADDR"] = f"198.51.{turn}.1"
        assert sign_in(browser, who, password="неверный пароль тут").status_code == 422
    late = second.test_client()
    late.environ_base["REMOTE_ADDR"] = "198.51.100.1"
    answer = sign_in(late, who)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "300")
    elsewhere = sign_in(late, account(BOLAT))
    assert elsewhere.status_code == 303
    at(NOON + timedelta(minutes=5))
    assert sign_in(app.test_client(), who).status_code == 303
    close(second)


def test_too_many_addresses_from_one_network_are_shut(app: Flask, at: Clock) -> None:
    at(NOON)
    browser = app.test_client()
    for turn in range(10):
        data = {"email": f"nobody{turn}@example.kz", "password": "x"}
        assert submit(browser, "/account/login", data).status_code == 422
    assert (
        submit(browser, "/account/login", {**data, "email": "x@example.kz"}).status_code
        == 429
    )


@pytest.mark.slow
def test_guesses_sent_at_once_get_no_more_answers(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is exceeded while the right password is being hashed."""
    who = account(AIGERIM)
    matches = passwords.matches

    def meanwhile(password_hash: str | None, password: str) -> bool:
        monkeypatch.setattr(passwords, "matches", matches)
        for turn in range(11):
            data = {"email": f"nobody{turn}@example.kz", "password": "x"}
            submit(app.test_client(), "/account/login", data)
        return matches(password_hash, password)

    monkeypatch.setattr(passwords, "matches", meanwhile)
    assert sign_in(client, who).status_code == 429
    assert not is_signed_in(client)


def test_a_right_password_costs_nothing(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    for _ in range(15):
        signed_in(app, who)


@pytest.mark.parametrize("with_second_factor", [False, True])
def test_a_password_that_ends_while_it_is_checked_opens_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch, *, with_second_factor: bool
) -> None:
    """The owner resets it, which ends every session, while a thief signs in."""
    who = account(AIGERIM, with_second_factor=with_second_factor)
    matches = passwords.matches

    def reset_meanwhile(password_hash: str | None, password: str) -> bool:
        matched = matches(password_hash, password)
        with writing() as session:
            recovery.lock(session, session.get_one(Person, who.number))
        return matched

    monkeypatch.setattr(passwords, "matches", reset_meanwhile)
    thief = app.test_client()
    assert sign_in(thief, who).status_code == 422
    assert not is_signed_in(thief)
    assert list(db.session.scalars(select(SignIn))) == []
    assert events(who.number) == []


@pytest.mark.usefixtures("real_hasher")
def test_an_outdated_hash_is_replaced(app: Flask) -> None:
    who = account(AIGERIM)
    before = password_hash_of(who.number)
    assert before.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)
    with writing() as session:
        old = weak.hash(who.password)
        passwords.set_password(session, who.number, old)
    signed_in(app, who)
    assert "m=19456,t=2,p=1" in password_hash_of(who.number)


def password_hash_of(number: int) -> str:
    db.session.rollback()
    found = db.session.get_one(Credential, number, populate_existing=True).password_hash
    assert found is not None
    return found
