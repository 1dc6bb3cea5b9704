"""Second tabs, stale tabs, repeated clicks: each leads to a sensible page."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.accounts.models import Person
from neupusti.core.data.database import db
from tests.accounts.cast import (
    PASSWORD,
    Account,
    account,
    emails_to,
    hidden,
    is_signed_in,
    link,
    sign_in,
    signed_in,
    submit,
)
from tests.accounts.test_registration import register
from tests.people import AIGERIM, BOLAT, GUEST

LOGIN = "/account/login"
SWITCH = re.compile(r'<nav class="languages".*?</nav>', re.DOTALL)


@pytest.fixture
def aigerim(app: Flask) -> Account:
    return account(AIGERIM)


def fields(browser: FlaskClient, path: str) -> dict[str, str]:
    """Return the hidden fields of a form, as a tab keeps them."""
    return hidden(browser.get(path).text)


def switched(page: str, language: str) -> str:
    """Return where the language links of a page lead."""
    (nav,) = SWITCH.findall(page)
    found = re.search(rf'href="(/{language}/[^"]*)"', nav)
    assert found, nav
    return found[1].replace("&amp;", "&")


def test_a_second_tab_of_the_sign_in(app: Flask, aigerim: Account) -> None:
    browser = app.test_client()
    second = fields(browser, LOGIN)
    assert sign_in(browser, aigerim).status_code == 303
    data = {**second, "email": aigerim.email, "password": PASSWORD}
    answer = browser.post(LOGIN, data=data)
    assert (answer.status_code, answer.location) == (303, "/account/")


@pytest.mark.parametrize("with_cookie", [True, False])
def test_a_tab_that_outlived_the_sign_out(
    app: Flask, aigerim: Account, *, with_cookie: bool
) -> None:
    browser = signed_in(app, aigerim)
    stale = fields(browser, "/account/profile")
    submit(browser, "/account/logout", page="/account/")
    if with_cookie:
        browser.get(LOGIN)
    for path in ("/account/profile", "/account/sessions", "/account/avatar"):
        answer = browser.post(path, data=stale, headers={"Referer": "http://localhost/"})
        assert answer.status_code == 303, path
        assert answer.location.startswith(LOGIN)
    assert "вход" in browser.get(answer.location).text.lower()
    answer = browser.post("/account/logout", data=stale)
    assert (answer.status_code, answer.location) == (303, f"{LOGIN}?done=signed-out")


def test_a_sign_in_form_from_before_another_sign_in_still_works(
    app: Flask, aigerim: Account
) -> None:
    browser = app.test_client()
    second = fields(browser, f"{LOGIN}?next=/account/profile")
    sign_in(browser, aigerim)
    submit(browser, "/account/logout", page="/account/")
    browser.get(LOGIN)
    data = {**second, "email": aigerim.email, "password": PASSWORD}
    answer = browser.post(LOGIN, data=data)
    assert (answer.status_code, answer.location) == (303, "/account/profile")
    assert is_signed_in(browser)


@pytest.mark.parametrize(
    "address", ["/account/logout", "/kk/account/logout", "/account/avatar", "/nowhere"]
)
def test_a_way_on_that_is_no_page_leads_to_the_account(
    app: Flask, aigerim: Account, address: str
) -> None:
    browser = app.test_client()
    answer = browser.get(sign_in(browser, aigerim, next=address).location)
    while answer.status_code == 303:
        answer = browser.get(answer.location)
    assert answer.status_code == 200
    assert answer.request.path in {"/account/", "/kk/account/"}
    assert sign_in(app.test_client(), aigerim, next="/kk/account/profile?x=1").location == (
        "/kk/account/profile?x=1"
    )


def test_an_opened_sign_out_ends_nothing(app: Flask, aigerim: Account) -> None:
    browser = signed_in(app, aigerim)
    for _ in range(2):
        answer = browser.get("/account/logout")
        assert (answer.status_code, answer.location) == (303, "/account/")
    assert browser.get("/account/").status_code == 200


def test_a_session_that_is_ended_twice(app: Flask, aigerim: Account) -> None:
    browser, other = signed_in(app, aigerim), signed_in(app, aigerim)
    number = re.findall(
        r'name="session" value="(\d+)"', browser.get("/account/sessions").text
    )
    for session in (*number, *number):
        answer = submit(browser, "/account/sessions", {"session": session})
        assert answer.status_code == 303
    assert other.get("/account/").status_code == 303


def test_everything_ended_twice_from_two_tabs(app: Flask, aigerim: Account) -> None:
    browser = signed_in(app, aigerim)
    first = fields(browser, "/account/sessions")
    for _ in range(2):
        answer = browser.post("/account/sessions", data={**first, "session": "everywhere"})
        assert answer.status_code == 303
        assert answer.location.startswith(LOGIN)


def test_a_language_switch_at_the_code_page(app: Flask) -> None:
    who = account(BOLAT, with_second_factor=True)
    browser = app.test_client()
    given = {"email": who.email, "password": PASSWORD, "code": "", "remember": "y"}
    answer = submit(browser, LOGIN, {**given, "next": "/account/profile"})
    page = browser.get(answer.location)
    wrong = browser.post(LOGIN, data={**hidden(page.text), "code": "000000"})
    for shown in (page.text, wrong.text):
        switched_page = browser.get(switched(shown, "kk")).text
        kept = hidden(switched_page)
        assert (kept["next"], kept["remember"]) == ("/account/profile", "y")
        assert 'lang="kk-KZ"' in switched_page
    answer = browser.post("/kk/account/login", data={**kept, "code": who.code()})
    assert answer.location == "/account/profile"


def test_a_language_switch_where_a_form_was_refused(app: Flask, aigerim: Account) -> None:
    browser = signed_in(app, aigerim)
    refused = browser.post("/account/avatar", data=fields(browser, "/account/profile"))
    assert refused.status_code == 422
    assert browser.get(switched(refused.text, "kk")).status_code == 200


def test_confirming_while_somebody_else_is_signed_in(app: Flask, aigerim: Account) -> None:
    register(app.test_client(), email=GUEST.email)
    browser = signed_in(app, aigerim)
    answer = submit(browser, link(emails_to(GUEST.email)[-1], "/confirm/"))
    assert answer.status_code == 303
    page = browser.get(answer.location)
    assert page.status_code == 200
    assert "Другая учётная запись подтверждена" in page.text
    db.session.rollback()
    person = db.session.scalars(select(Person).filter_by(email=GUEST.email)).one()
    assert person.confirmed_at is not None
