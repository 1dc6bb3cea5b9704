"""Password reset and change, and what they revoke."""

from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.accounts.models import Person
from neupusti.accounts.service import limits, people, recovery, registration
from neupusti.accounts.service.people import Applicant
from neupusti.core.data.database import writing
from neupusti.core.text.languages import Language
from tests import desk
from tests.accounts.cast import (
    account,
    emails_to,
    is_signed_in,
    link,
    sign_in,
    signed_in,
    submit,
)
from tests.accounts.test_registration import register
from tests.people import AIGERIM, BOLAT, DANA
from tests.times import NOON, Clock

NEW = "новый чай у старого окна"
PATH = "/account/password/reset"


def ask(client: FlaskClient, email: str) -> tuple[int, str]:
    answer = submit(client, "/account/password/reset", {"email": email})
    return answer.status_code, answer.location or ""


def test_a_forgotten_password_is_set_by_a_link(app: Flask, client: FlaskClient) -> None:
    who = account(AIGERIM)
    browser = signed_in(app, who, remember="y")
    assert ask(client, who.email) == (303, "/account/password/reset/sent")
    [message] = emails_to(who.email)
    path = link(message, "reset")
    page = client.get(path)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert is_signed_in(browser)
    weak = submit(client, path, {"password": "коротко"})
    assert weak.status_code == 422
    done = submit(client, path, {"password": NEW})
    assert done.location == "/account/login?done=reset"
    assert not is_signed_in(client)
    assert not is_signed_in(browser)
    assert client.get(path).status_code == 404
    assert sign_in(app.test_client(), who).status_code == 422
    who.password = NEW
    assert sign_in(app.test_client(), who).status_code == 303
    assert emails_to(who.email)[-1].kind == "accounts.password_changed"


def test_known_and_unknown_addresses_get_one_answer(
    app: Flask, client: FlaskClient
) -> None:
    account(AIGERIM)
    assert ask(client, AIGERIM.email) == ask(app.test_client(), BOLAT.email)
    assert [message.kind for message in emails_to(AIGERIM.email)] == ["accounts.reset"]
    assert [message.kind for message in emails_to(BOLAT.email)] == ["accounts.unknown"]


def test_the_second_factor_stays_unchanged(app: Flask, client: FlaskClient) -> None:
    who = account(AIGERIM, with_second_factor=True)
    ask(client, who.email)
    submit(client, link(emails_to(who.email)[0], "reset"), {"password": "восемь8!"})
    who.password = "восемь8!"
    pending = sign_in(client, who, code="")
    assert pending.location == "/account/login"
    assert not is_signed_in(client)
    assert submit(client, "/account/login", {"code": who.code()}).status_code == 303
    assert is_signed_in(client)


def test_a_new_link_ends_the_old_one(app: Flask, client: FlaskClient) -> None:
    account(AIGERIM)
    ask(client, AIGERIM.email)
    ask(client, AIGERIM.email)
    old, new = emails_to(AIGERIM.email)
    assert client.get(link(old, "reset")).status_code == 404
    assert client.get(link(new, "reset")).status_code == 200


def test_changing_the_password_ends_every_other_session_and_link(
    app: Flask, client: FlaskClient
) -> None:
    who = account(AIGERIM)
    mine, other = signed_in(app, who, remember="y"), signed_in(app, who, remember="y")
    cookie = mine.get_cookie("session")
    remembered = mine.get_cookie("remember_token")
    assert cookie is not None
    assert remembered is not None
    ask(client, who.email)
    wrong = submit(mine, "/account/password", {"current": "x", "password": NEW})
    assert wrong.status_code == 422
    assert 'href="#current"' in wrong.text
    weak = submit(
        mine, "/account/password", {"current": who.password, "password": "qwerty"}
    )
    assert 'href="#password"' in weak.text
    data = {"current": who.password, "password": NEW}
    assert submit(mine, "/account/password", data).status_code == 303
    assert is_signed_in(mine)
    assert not is_signed_in(other)
    thief = app.test_client()
    thief.set_cookie("session", cookie.value)
    assert not is_signed_in(thief)
    lasting = app.test_client()
    lasting.set_cookie("remember_token", remembered.value)
    assert not is_signed_in(lasting)
    reset = next(one for one in emails_to(who.email) if one.kind == "accounts.reset")
    assert client.get(link(reset, "reset")).status_code == 404


def test_guessing_the_old_password_is_counted(app: Flask) -> None:
    browser = signed_in(app, account(AIGERIM))
    data = {"current": "неверный пароль тут", "password": NEW}
    for _ in range(10):
        assert submit(browser, "/account/password", data).status_code == 422
    assert submit(browser, "/account/password", data).status_code == 429


def test_an_invited_person_sets_a_password_and_is_confirmed(
    app: Flask, client: FlaskClient
) -> None:
    applicant = Applicant(
        family_name="", given_name=DANA.name, patronymic="", email=DANA.email,
        phone=None, language=Language.KK,
    )  # fmt: skip
    with writing() as session:
        person = people.invite(session, applicant)
        token = recovery.invitation(session, person.id)
    assert people.confirmed(DANA.email) is None
    done = submit(client, f"/account/password/reset/{token}", {"password": NEW})
    assert done.status_code == 303
    data = {"email": DANA.email, "password": NEW}
    assert submit(client, "/account/login", data).status_code == 303


def test_password_managers_find_the_page(app: Flask, client: FlaskClient) -> None:
    found = client.get("/.well-known/change-password")
    assert (found.status_code, found.location) == (303, "/account/password")
    assert client.get(found.location).location == "/account/login?next=/account/password"


def test_an_account_that_never_was_confirmed_is_no_account(
    app: Flask, client: FlaskClient
) -> None:
    number = desk.person(BOLAT, confirmed=False)
    with writing() as session:
        registration.send_link(session, session.get_one(Person, number))
    ask(client, BOLAT.email)
    assert [message.kind for message in emails_to(BOLAT.email)] == [
        "accounts.confirm",
        "accounts.unknown",
    ]


def test_one_network_gets_many_letters_and_then_is_told_until_when(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A carrier's range is one network: the guard is wide, and says when it ends."""
    at(NOON)
    browser = app.test_client()
    for turn in range(25):
        answer = submit(browser, PATH, {"email": f"nobody{turn}@example.kz"})
        assert answer.location == f"{PATH}/sent"
    low = replace(limits.EMAILS_NETWORK, times=25)
    monkeypatch.setattr(limits, "EMAILS_NETWORK", low)
    refused = submit(browser, f"/en{PATH}", {"email": AIGERIM.email})
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "3600"
    # 12:00 UTC and an hour, in Almaty.
    assert "From 18:00, Almaty time, e-mails are sent again" in refused.text
    assert register(browser, email=BOLAT.email).status_code == 429
    mine = signed_in(app, account(DANA))
    submit(mine, "/account/logout", page="/account/")
    assert submit(mine, PATH, {"email": DANA.email}).location == f"{PATH}/sent"
