"""Erasing all this site stored in a browser ends its session on the server."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.accounts.models import SignIn
from neupusti.core.data.database import db
from tests.accounts.cast import account, events, is_signed_in, sign_in, signed_in, submit
from tests.accounts.test_sessions import cookie
from tests.people import AIGERIM

OWN = {"Sec-Fetch-Site": "same-origin"}


def copied(app: Flask, browser: FlaskClient, name: str) -> FlaskClient:
    """Return another browser with a copy of one cookie."""
    thief = app.test_client()
    thief.set_cookie(name, cookie(browser, name))
    return thief


def erase(browser: FlaskClient) -> None:
    """Press "erase" as on the cookies page."""
    answer = browser.post("/cookies/", data={"choice": "erase"}, headers=OWN)
    assert answer.status_code == 303


def rows() -> int:
    db.session.rollback()
    return db.session.query(SignIn).count()


@pytest.mark.clause("3.3.3")
def test_a_copied_cookie_opens_nothing_after_erasure(app: Flask) -> None:
    who = account(AIGERIM)
    elsewhere = signed_in(app, who)
    browser = signed_in(app, who, remember="y")
    thieves = [copied(app, browser, name) for name in ("session", "remember_token")]
    assert all(is_signed_in(thief) for thief in thieves)
    erase(browser)
    assert not any(is_signed_in(thief) for thief in thieves)
    assert not is_signed_in(browser)
    assert is_signed_in(elsewhere)
    assert browser.get_cookie("remember_token") is browser.get_cookie("session") is None
    assert events(who.number)[-1] == "signed out"


def test_a_remembered_session_beside_another_ends_too(app: Flask) -> None:
    who = account(AIGERIM)
    remembered = signed_in(app, who, remember="y")
    browser = signed_in(app, who)
    browser.set_cookie("remember_token", cookie(remembered, "remember_token"))
    thief = copied(app, remembered, "remember_token")
    erase(browser)
    assert not is_signed_in(thief)
    assert rows() == 0


@pytest.mark.parametrize("way", ["erase", "sign out"])
def test_a_sign_in_that_waits_for_its_code_ends_too(app: Flask, way: str) -> None:
    who = account(AIGERIM, with_second_factor=True)
    browser = app.test_client()
    sign_in(browser, who, code="")
    assert rows() == 1
    if way == "erase":
        erase(browser)
    else:
        submit(browser, "/account/logout", page="/account/login")
    assert rows() == 0


def test_signing_out_ends_what_was_remembered_beside_it(app: Flask) -> None:
    who = account(AIGERIM)
    remembered = signed_in(app, who, remember="y")
    browser = signed_in(app, who)
    browser.set_cookie("remember_token", cookie(remembered, "remember_token"))
    submit(browser, "/account/logout", page="/account/")
    assert rows() == 0
