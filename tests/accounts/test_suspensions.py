"""A suspended account: sessions end, nobody signs in, its owner is e-mailed."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from neupusti.accounts.models import AccountSuspension, Person, SignIn
from neupusti.accounts.service import recovery, sessions, suspending, suspensions
from neupusti.accounts.service.sessions import ClientContext
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.security.tokens import Token
from neupusti.core.text.languages import Language
from tests.accounts.cast import (
    HIDDEN,
    Account,
    account,
    emails_to,
    events,
    is_signed_in,
    link,
    sign_in,
    signed_in,
    submit,
)
from tests.accounts.moves import (
    NEW,
    OTHER_PASSWORD,
    address,
    change_address,
    email_kinds,
    request_change,
    secure_link,
)
from tests.people import AIGERIM, BOLAT

WHY = "Болат пожаловался на угрозы"
CONTACT = "privacy@shop.example"
RESET = "/en/account/password/reset"


@pytest.fixture(autouse=True)
def _operator(app: Flask) -> None:
    """Give the operator an e-mail address."""
    known = app.extensions["neupusti.settings"]
    app.extensions["neupusti.settings"] = replace(known, operator_email=CONTACT)


def suspend(who: Account) -> None:
    with writing() as session:
        person = session.get_one(Person, who.number)
        suspending.suspend(session, person, by=None, reason=WHY)
    db.session.rollback()


def reinstate(who: Account) -> None:
    with writing() as session:
        row = suspensions.in_force(who.number, session)
        assert row is not None
        person = session.get_one(Person, who.number)
        suspending.reinstate(session, row, person, by=None, reason="Ошибка")
    db.session.rollback()


def test_no_copied_or_remembered_cookie_opens_a_suspended_account(app: Flask) -> None:
    who = account(AIGERIM)
    browser = signed_in(app, who, remember="y")
    copies = []
    for name in ("session", "remember_token"):
        cookie = browser.get_cookie(name)
        assert cookie is not None
        copies.append(app.test_client())
        copies[-1].set_cookie(name, cookie.value)
    assert all(is_signed_in(one) for one in (browser, *copies))
    suspend(who)
    assert not any(is_signed_in(one) for one in (browser, *copies))
    assert db.session.scalars(select(SignIn)).all() == []
    reinstate(who)
    assert not any(is_signed_in(one) for one in (browser, *copies))
    assert is_signed_in(signed_in(app, who))
    assert events(who.number)[-3:] == ["account blocked", "account unblocked", "signed in"]


def test_a_sign_in_of_the_same_moment_is_void(app: Flask) -> None:
    """Its row was written after the suspension had deleted the others."""
    who = account(AIGERIM)
    suspend(who)
    with writing() as session:
        where = ClientContext("?", "0" * 64)
        key = sessions.start(session, who.number, where, remember=True, complete=True)
    assert sessions.find(key.key) is None
    assert sessions.find(None, key.remember) is None


def test_a_sign_in_that_waits_for_its_code_ends_too(app: Flask) -> None:
    who = account(AIGERIM, with_second_factor=True)
    browser = app.test_client()
    assert sign_in(browser, who, code="").location == "/account/login"
    shown = browser.get("/account/login")
    assert 'name="code"' in shown.text
    suspend(who)
    answer = submit(browser, "/account/login", {"code": who.code()})
    assert answer.location == "/account/login?done=late"
    assert not is_signed_in(browser)


def test_only_the_right_password_reveals_a_suspension(app: Flask) -> None:
    who, other = account(AIGERIM), account(BOLAT)
    suspend(who)
    wrong = sign_in(app.test_client(), who, password="неверный пароль тут")
    usual = sign_in(app.test_client(), other, password="неверный пароль тут")
    assert wrong.status_code == usual.status_code == 422
    pages = [HIDDEN.sub("", answer.text) for answer in (wrong, usual)]
    assert pages[0].replace(AIGERIM.email, "") == pages[1].replace(BOLAT.email, "")
    assert CONTACT not in pages[0].partition("</main>")[0]
    data = {"email": who.email, "password": who.password}
    right = submit(app.test_client(), "/en/account/login", data)
    assert right.status_code == 403
    text = right.text.partition("</main>")[0]
    assert "The operator has blocked this account" in text
    assert f"write from the e-mail of the account to {CONTACT}" in text
    assert WHY not in right.text
    assert events(who.number)[-1] == "shut out"
    assert db.session.scalars(select(SignIn)).all() == []


def test_the_code_does_not_open_a_suspended_account(app: Flask) -> None:
    who = account(AIGERIM, with_second_factor=True)
    suspend(who)
    browser = app.test_client()
    assert sign_in(browser, who).status_code == 403
    assert not is_signed_in(browser)


def test_without_an_e_mail_of_the_operator_the_post_is_named(app: Flask) -> None:
    known = app.extensions["neupusti.settings"]
    app.extensions["neupusti.settings"] = replace(known, operator_email="")
    who = account(AIGERIM)
    suspend(who)
    answer = sign_in(app.test_client(), who)
    assert known.operator_address in answer.text.partition("</main>")[0]
    assert known.operator_address in emails_to(who.email)[0].text


def test_resetting_the_password_opens_nothing(app: Flask, client: FlaskClient) -> None:
    """Neither by an earlier link nor by a new one; the page does not change."""
    who = account(AIGERIM)
    assert submit(client, RESET, {"email": who.email}).status_code == 303
    before = link(emails_to(who.email)[0], "/reset/")
    suspend(who)
    assert client.get(before).status_code == 404
    answers = [
        submit(app.test_client(), RESET, {"email": email})
        for email in (who.email, BOLAT.email)
    ]
    assert [(a.status_code, a.location) for a in answers] == [(303, f"{RESET}/sent")] * 2
    assert email_kinds(who.email) == ["reset", "blocked", "still_blocked"]
    message = emails_to(who.email)[-1]
    assert "/reset/" not in message.text
    assert CONTACT in message.text
    assert db.session.scalars(select(Token)).all() == []
    reinstate(who)
    assert sign_in(app.test_client(), who).status_code == 303


def test_a_link_to_change_the_address_leads_nowhere(app: Flask) -> None:
    who = account(AIGERIM)
    browser = signed_in(app, who)
    assert request_change(browser).status_code == 303
    path = link(emails_to(NEW)[0], "/email/confirm/")
    suspend(who)
    assert browser.get(path).location.startswith("/account/login")
    reinstate(who)
    assert signed_in(app, who).get(path).status_code == 404
    assert address(who.number) == AIGERIM.email


def test_the_old_address_is_restored_and_the_suspension_stays(app: Flask) -> None:
    """Else the link could expire while the account is suspended."""
    who = account(AIGERIM)
    change_address(app, who)
    path = secure_link("email_changed")
    suspend(who)
    owner = app.test_client()
    answer = submit(owner, path)
    assert answer.location == "/account/login?done=locked"
    assert address(who.number) == AIGERIM.email
    assert email_kinds(AIGERIM.email)[-1] == "still_blocked"
    assert suspensions.in_force(who.number) is not None
    assert sign_in(app.test_client(), who).status_code == 422
    reinstate(who)
    submit(owner, RESET, {"email": AIGERIM.email})
    set_ = {"password": OTHER_PASSWORD}
    assert submit(owner, link(emails_to(AIGERIM.email)[-1]), set_).status_code == 303
    who.password = OTHER_PASSWORD
    assert sign_in(owner, who).status_code == 303


@pytest.mark.parametrize("language", list(Language))
def test_the_owner_is_emailed_without_the_reason(app: Flask, language: Language) -> None:
    who = account(AIGERIM, language=language)
    suspend(who)
    recovery.request_reset(who.email, language, ClientContext("?", ""), "network")
    reinstate(who)
    messages = emails_to(who.email)
    assert email_kinds(who.email) == ["blocked", "still_blocked", "unblocked"]
    for message in messages:
        assert message.language == language
        for secret in (WHY, AIGERIM.email, AIGERIM.name):
            assert secret not in message.subject
            assert secret not in message.text
    for message in messages[:2]:
        assert CONTACT in message.text
        assert f"http://127.0.0.1:8000{language.prefix}/policy/#c6.1" in message.text
    assert f"{language.prefix}/account/login" in messages[2].text
    assert len({message.subject for message in messages}) == 3


def test_the_owner_reads_of_it_afterwards(app: Flask) -> None:
    who = account(AIGERIM)
    suspend(who)
    sign_in(app.test_client(), who)
    reinstate(who)
    page = signed_in(app, who).get("/en/account/activity").text
    for words in (
        "The operator blocked the account",
        "The right password, while the account was blocked",
        "The operator unblocked the account",
    ):
        assert words in page
    assert WHY not in page


def test_an_account_is_suspended_once_at_a_time_with_history(app: Flask) -> None:
    who = account(AIGERIM)
    suspend(who)
    with pytest.raises(IntegrityError), writing() as session:
        session.add(AccountSuspension(person=who.number, at=clock.now(), reason=WHY))
    reinstate(who)
    suspend(who)
    rows = suspensions.of(who.number)
    assert [(row.by, row.reason, row.lifted_reason) for row in rows] == [
        (None, WHY, None),
        (None, WHY, "Ошибка"),
    ]
    assert suspensions.among([who.number, 999]) == {who.number}
