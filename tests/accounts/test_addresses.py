"""Changing the e-mail: password, confirmation, seven days to undo (3.2.3)."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.accounts.service import addresses
from neupusti.core.data.database import db
from neupusti.core.data.finding import Whose
from neupusti.core.keeping import Holding
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records.journal import SecurityEvent
from neupusti.core.registry import registry
from neupusti.core.security.tokens import Token
from neupusti.core.text import emails
from tests.accounts.cast import (
    Account,
    account,
    emails_to,
    hidden,
    link,
    sign_in,
    signed_in,
    submit,
)
from tests.accounts.moves import NEW, address, change_address, email_kinds, request_change
from tests.people import AIGERIM, BOLAT, DANA, GUEST
from tests.times import NOON, Clock


@pytest.mark.clause("3.2.3")
def test_the_address_changes_when_the_new_one_is_confirmed(app: Flask) -> None:
    who = account(AIGERIM)
    browser = signed_in(app, who)
    answer = request_change(browser)
    assert answer.location == "/account/profile?done=email-asked"
    assert address(who.number) == AIGERIM.email
    assert NEW in browser.get("/account/profile").text
    assert email_kinds(AIGERIM.email) == []
    [message] = emails_to(NEW)
    path = link(message)
    shown = browser.get(path)
    assert AIGERIM.email in shown.text
    assert NEW in shown.text
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert address(who.number) == AIGERIM.email
    assert submit(browser, path).location == "/account/profile?done=email-changed"
    assert address(who.number) == NEW
    assert email_kinds(AIGERIM.email) == ["email_changed"]
    assert NEW not in emails_to(AIGERIM.email)[0].text
    assert browser.get(path).status_code == 404
    assert sign_in(app.test_client(), who).status_code == 422
    who.email = NEW
    assert sign_in(app.test_client(), who).status_code == 303
    rows = select(SecurityEvent.kind).filter_by(person=who.number)
    assert {"e-mail change asked", "e-mail changed"} <= set(db.session.scalars(rows))


@pytest.mark.clause("6.1.3")
def test_an_email_to_a_new_address_belongs_to_its_person_and_to_its_address(
    app: Flask,
) -> None:
    who, other = account(AIGERIM), account(BOLAT)
    request_change(signed_in(app, who), NEW.upper())
    [message] = emails_to(NEW.upper().replace("EXAMPLE.KZ", "example.kz"))
    assert message.id in letters_of(who.number)
    assert message.id not in letters_of(other.number)
    assert message.id in letters_of(other.number, emails.key(NEW))
    assert message.id not in letters_of(other.number, emails.key(BOLAT.email))


def letters_of(number: int, email_key: str | None = None) -> list[int]:
    """Return the e-mails that the manifest finds for a person, and for an address."""
    [holding] = holdings(OutboxEmail)
    rows = holding.of(Whose(person=number, email_key=email_key))
    return [row.id for row in db.session.scalars(rows)]


def holdings(*models: type) -> list[Holding]:
    return [one for one in registry().holdings if one.model in models]


@pytest.mark.clause("6.1.3")
def test_the_link_that_undoes_a_change_belongs_to_its_person(app: Flask) -> None:
    who = account(AIGERIM)
    change_address(app, who)
    assert None not in db.session.scalars(select(Token.person)).all()


def test_without_the_password_nothing_is_sent(app: Flask) -> None:
    browser = signed_in(app, account(AIGERIM))
    for wrong in ("", "неверный пароль тут"):
        answer = request_change(browser, current=wrong)
        assert answer.status_code == 422
        assert 'id="current-error"' in answer.text
    assert emails_to(NEW) == []


def test_a_taken_address_gets_the_same_answer_and_its_owner_an_email(app: Flask) -> None:
    who = account(AIGERIM)
    account(BOLAT)
    browser = signed_in(app, who)
    free = request_change(browser, GUEST.email)
    page_free = browser.get("/account/profile").text
    taken = request_change(browser, BOLAT.email.upper().replace("EXAMPLE.KZ", "example.kz"))
    page_taken = browser.get("/account/profile").text
    assert (free.status_code, free.location) == (taken.status_code, taken.location)
    plain = page_taken.replace(BOLAT.email.upper().replace("EXAMPLE.KZ", "example.kz"), "")
    token = hidden(page_free)["csrf_token"]
    assert page_free.replace(GUEST.email, "").replace(token, "") == plain.replace(
        hidden(page_taken)["csrf_token"], ""
    )
    assert email_kinds(BOLAT.email) == ["email_used"]
    assert "/email/confirm/" not in emails_to(BOLAT.email)[0].text
    # Neither leaves a trace in what the one who asked may see of their own data.
    me = Whose(person=who.number, email_key=emails.key(AIGERIM.email))
    for holding in holdings(OutboxEmail, Token):
        assert list(db.session.scalars(holding.of(me).where(holding.shown(me)))) == []


def test_ones_own_address_needs_no_change(app: Flask) -> None:
    browser = signed_in(app, account(AIGERIM))
    answer = request_change(browser, AIGERIM.email.replace("aigerim", "Aigerim"))
    assert answer.status_code == 422
    assert emails_to(AIGERIM.email) == []


def test_a_stranger_with_the_link_changes_nothing(app: Flask, client: FlaskClient) -> None:
    """A mistyped address must not give the account to its owner."""
    who = account(AIGERIM)
    request_change(signed_in(app, who))
    path = link(emails_to(NEW)[-1])
    answer = client.get(path)
    assert answer.status_code == 303
    assert answer.location.startswith("/account/login?next=")
    stranger = signed_in(app, account(BOLAT))
    assert stranger.get(path).status_code == 404
    token = hidden(stranger.get("/account/profile").text)
    assert stranger.post(path, data=token).status_code == 404
    assert address(who.number) == AIGERIM.email


def test_the_first_of_two_requests_to_confirm_gets_the_address(app: Flask) -> None:
    first, second = account(AIGERIM), account(BOLAT)
    one, two = signed_in(app, first), signed_in(app, second)
    request_change(one)
    request_change(two)
    paths = [link(message, "/email/confirm/") for message in emails_to(NEW)]
    assert submit(one, paths[0]).status_code == 303
    late = submit(two, paths[1])
    assert late.status_code == 404
    assert (address(first.number), address(second.number)) == (NEW, BOLAT.email)


def test_only_the_newest_request_is_valid_for_a_day(app: Flask, at: Clock) -> None:
    at(NOON)
    browser = signed_in(app, account(AIGERIM))
    request_change(browser, GUEST.email)
    request_change(browser, DANA.email)
    old, new = link(emails_to(GUEST.email)[-1]), link(emails_to(DANA.email)[-1])
    assert browser.get(old).status_code == 404
    assert browser.get(new).status_code == 200
    assert GUEST.email not in browser.get("/account/profile").text
    at(NOON + addresses.LIFE - timedelta(seconds=1))
    browser = signed_in(app, Account(1, AIGERIM.email))
    assert browser.get(new).status_code == 200
    at(NOON + addresses.LIFE)
    assert browser.get(new).status_code == 404
    assert DANA.email not in browser.get("/account/profile").text


def test_a_link_to_set_the_password_dies_with_the_old_address(app: Flask) -> None:
    who = account(AIGERIM)
    submit(app.test_client(), "/account/password/reset", {"email": who.email})
    path = link(emails_to(who.email)[-1])
    change_address(app, who)
    assert app.test_client().get(path).status_code == 404


def test_emails_to_new_addresses_are_limited(app: Flask) -> None:
    browser = signed_in(app, account(AIGERIM))
    answers = [
        request_change(browser, f"guest{n}@example.kz").status_code for n in range(6)
    ]
    assert answers == [303] * 5 + [429]
