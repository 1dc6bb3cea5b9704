"""After a takeover one link of any security e-mail gives the account back (5.5)."""

from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.accounts.models import RecoveryCode, SecondFactor
from neupusti.accounts.service import emails, second_factor
from neupusti.core.data.database import db, writing
from tests.accounts.cast import (
    PASSWORD,
    Account,
    account,
    emails_to,
    events,
    is_signed_in,
    link,
    second_factor_of,
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
from tests.accounts.test_second_factor import shown_secret
from tests.people import AIGERIM, BOLAT
from tests.times import NOON, Clock

WINDOWS = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
HOUR = timedelta(hours=1)
MINE = "чужой пароль у моста"


def intruder(app: Flask) -> FlaskClient:
    """Return a browser on a device and network of its own."""
    browser = app.test_client()
    browser.environ_base |= {"HTTP_USER_AGENT": WINDOWS, "REMOTE_ADDR": "203.0.113.7"}
    return browser


def set_up_second_factor(browser: FlaskClient, at: int) -> str:
    """Switch two-step verification on; return the secret of the app."""
    secret = shown_secret(browser.get("/account/two-factor").text)
    code = pyotp.TOTP(secret).at(at)
    assert submit(browser, "/account/two-factor", {"code": code}).status_code == 303
    return secret


def take_over(app: Flask, who: Account, at: Clock) -> FlaskClient:
    """Do what keeps an owner out: second factor, e-mail, password, remembered session."""
    at(NOON)
    signed_in(app, who)
    at(NOON + HOUR)
    thief = intruder(app)
    assert sign_in(thief, who, remember="y").status_code == 303
    set_up_second_factor(thief, int((NOON + HOUR).timestamp()))
    at(NOON + HOUR + timedelta(minutes=1))
    assert request_change(thief).status_code == 303
    assert submit(thief, link(emails_to(NEW)[-1], "/email/confirm/")).status_code == 303
    at(NOON + HOUR + timedelta(minutes=2))
    form = {"current": PASSWORD, "password": MINE}
    assert submit(thief, "/account/password", form).status_code == 303
    return thief


def comes_back(app: Flask, who: Account, path: str) -> None:
    """Follow a link as the owner does, set a password, and sign in without any code."""
    owner = app.test_client()
    shown = owner.get(path)
    assert shown.status_code == 200
    assert NEW not in shown.text
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    answer = submit(owner, path)
    assert answer.location.startswith("/account/password/reset/")
    assert answer.location.endswith("?done=secured")
    set_ = submit(owner, answer.location, {"password": OTHER_PASSWORD})
    assert set_.location == "/account/login?done=reset"
    who.password = OTHER_PASSWORD
    assert sign_in(owner, who).location == "/account/"
    assert is_signed_in(owner)


@pytest.mark.clause("3.2.3")
@pytest.mark.parametrize("kind", ["new_device", "factor_on", "email_changed"])
def test_every_security_email_gives_the_account_back(
    app: Flask, at: Clock, kind: str
) -> None:
    who = account(AIGERIM)
    thief = take_over(app, who, at)
    assert email_kinds(AIGERIM.email) == ["new_device", "factor_on", "email_changed"]
    at(NOON + timedelta(days=2))
    comes_back(app, who, secure_link(kind))
    assert address(who.number) == AIGERIM.email
    assert email_kinds(NEW)[-1] == "email_undone"
    assert not is_signed_in(thief)
    thief.delete_cookie("session")
    assert not is_signed_in(thief)
    assert db.session.get(SecondFactor, who.number) is None
    assert db.session.scalars(select(RecoveryCode)).all() == []
    assert "reported as not me" in events(who.number)


def test_the_code_page_names_the_way_out(app: Flask, client: FlaskClient) -> None:
    who = account(AIGERIM, with_second_factor=True)
    page = client.get(f"/en{sign_in(client, who, code='').location}").text
    assert "Secure my account" in page
    assert "7 days" in page


def test_the_intruder_has_no_link_against_the_owner(app: Flask, at: Clock) -> None:
    """What is written to the new address leads back to the owner, and then nowhere."""
    who = account(AIGERIM)
    take_over(app, who, at)
    theirs = secure_link("password_changed", NEW)
    at(NOON + 2 * HOUR)
    answer = submit(intruder(app), theirs)
    assert answer.location == "/account/login?done=locked"
    assert address(who.number) == AIGERIM.email
    assert email_kinds(AIGERIM.email)[-1] == "locked"
    reset = link(emails_to(AIGERIM.email)[-1], "/reset/")
    assert submit(app.test_client(), reset, {"password": OTHER_PASSWORD}).status_code == 303
    who.password = OTHER_PASSWORD
    assert sign_in(app.test_client(), who).location == "/account/"


def test_using_one_link_ends_those_of_the_intruder(app: Flask, at: Clock) -> None:
    who = account(AIGERIM)
    take_over(app, who, at)
    theirs = secure_link("password_changed", NEW)
    mine = secure_link("new_device")
    assert app.test_client().get(theirs).status_code == 200
    at(NOON + 2 * HOUR)
    comes_back(app, who, mine)
    for dead in (theirs, mine):
        assert app.test_client().get(dead).status_code == 404


def test_a_second_sign_in_of_the_intruder_hides_nothing(app: Flask, at: Clock) -> None:
    """An e-mail about a later session undoes what the same device did in the first."""
    at(NOON)
    who = account(AIGERIM)
    signed_in(app, who)
    at(NOON + HOUR)
    thief = intruder(app)
    sign_in(thief, who)
    secret = set_up_second_factor(thief, int((NOON + HOUR).timestamp()))
    at(NOON + 2 * HOUR)
    again = intruder(app)
    code = pyotp.TOTP(secret).at(int((NOON + 2 * HOUR).timestamp()))
    assert sign_in(again, who, code=code).status_code == 303
    assert request_change(again).status_code == 303
    assert submit(again, link(emails_to(NEW)[-1], "/email/confirm/")).status_code == 303
    comes_back(app, who, secure_link("email_changed"))


def test_an_earlier_second_factor_is_as_before(app: Flask, at: Clock) -> None:
    """Also where the intruder switched it off, and on again with another app."""
    at(NOON)
    who = account(AIGERIM, with_second_factor=True)
    signed_in(app, who)
    before = second_factor_of(who.number).nonce
    at(NOON + HOUR)
    seen = second_factor.codes(who.number)
    thief = intruder(app)
    sign_in(thief, who)
    off = submit(thief, "/account/two-factor/off", page="/account/two-factor")
    assert off.location == "/account/two-factor?done=factor-off"
    set_up_second_factor(thief, int((NOON + HOUR).timestamp()))
    assert second_factor_of(who.number).nonce != before
    at(NOON + 2 * HOUR)
    answer = submit(app.test_client(), secure_link("factor_off"))
    data = {"password": OTHER_PASSWORD}
    assert submit(app.test_client(), answer.location, data).status_code == 303
    assert second_factor_of(who.number).nonce == before
    who.password = OTHER_PASSWORD
    assert sign_in(app.test_client(), who, code=seen[0]).status_code == 422
    assert sign_in(app.test_client(), who).location == "/account/"


def test_an_earlier_second_factor_stays(app: Flask) -> None:
    who = account(AIGERIM, with_second_factor=True)
    change_address(app, who)
    assert submit(app.test_client(), secure_link("email_changed")).status_code == 303
    assert second_factor.active(who.number)


def test_no_later_change_disables_the_link(app: Flask) -> None:
    """It survives a new password, second factor or address."""
    who = account(AIGERIM)
    thief = change_address(app, who)
    path = secure_link("email_changed")
    form = {"current": PASSWORD, "password": OTHER_PASSWORD}
    assert submit(thief, "/account/password", form).status_code == 303
    with writing() as session:
        second_factor.enrol(session, who.number)
    assert request_change(thief, BOLAT.email, current=OTHER_PASSWORD).status_code == 303
    moved = submit(thief, link(emails_to(BOLAT.email)[-1]))
    assert moved.status_code == 303
    assert address(who.number) == BOLAT.email
    in_between = secure_link("email_changed", NEW)
    assert submit(app.test_client(), path).status_code == 303
    assert address(who.number) == AIGERIM.email
    assert db.session.get(SecondFactor, who.number) is None
    assert email_kinds(BOLAT.email)[-1] == "email_undone"
    # The address in between may not restore itself.
    assert app.test_client().get(in_between).status_code == 404
    assert address(who.number) == AIGERIM.email


def test_the_way_back_is_open_for_seven_days(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    change_address(app, who)
    path = secure_link("email_changed")
    at(NOON + emails.SECURE_LIFE - timedelta(seconds=1))
    assert app.test_client().get(path).status_code == 200
    at(NOON + emails.SECURE_LIFE)
    assert app.test_client().get(path).status_code == 404
    assert submit(app.test_client(), path, page="/account/login").status_code == 404
    assert address(who.number) == NEW


def test_an_old_address_with_another_account_is_not_taken_back(app: Flask) -> None:
    who = account(AIGERIM)
    change_address(app, who)
    path = secure_link("email_changed")
    newcomer = account(AIGERIM)
    assert submit(app.test_client(), path).status_code == 404
    assert (address(who.number), address(newcomer.number)) == (NEW, AIGERIM.email)


CAUSES: dict[str, Callable[[Flask, FlaskClient, Account], object]] = {
    "password_changed": lambda _app, browser, _who: submit(
        browser, "/account/password", {"current": PASSWORD, "password": OTHER_PASSWORD}
    ),
    "factor_off": lambda _app, browser, _who: submit(
        browser, "/account/two-factor/off", page="/account/two-factor"
    ),
    "code_spent": lambda app, _browser, who: sign_in(
        app.test_client(), who, code=second_factor.codes(who.number)[0]
    ),
    "codes_made": lambda _app, browser, _who: submit(browser, "/account/two-factor/codes"),
    "factor_reset": lambda app, _browser, who: app.test_cli_runner().invoke(
        args=["staff", "reset-factor", who.email, "--reason", "Потерян телефон"]
    ),
}


@pytest.mark.parametrize("kind", CAUSES)
def test_each_of_the_others_has_the_link_too(app: Flask, kind: str) -> None:
    who = account(AIGERIM, with_second_factor=kind != "password_changed")
    browser = signed_in(app, who)
    CAUSES[kind](app, browser, who)
    path = secure_link(kind)
    assert submit(app.test_client(), path).location.endswith("?done=secured")
    assert not is_signed_in(browser)
    assert sign_in(app.test_client(), who, code="").status_code == 422
