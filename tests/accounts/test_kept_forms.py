"""What was typed survives the end of a sign-in, which is told beforehand."""

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from neupusti.accounts.service import sessions
from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from tests import desk
from tests.accounts.cast import (
    PASSWORD,
    Account,
    account,
    hidden,
    sign_in,
    signed_in,
    submit,
)
from tests.conftest import SQLITE
from tests.orders.buying import SAME_ORIGIN
from tests.people import AIGERIM, DANA
from tests.times import NOON, Clock

FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
REASON = "Спросила по телефону, где её «заказ»"
JUST_AFTER = sessions.STAFF_IDLE + timedelta(seconds=1)


def send(browser: FlaskClient, path: str, fields: dict[str, str]) -> TestResponse:
    return browser.post(path, data=fields, headers=SAME_ORIGIN)


def kept(answer: TestResponse) -> dict[str, str]:
    """Return the fields of the form that an answer gives back."""
    assert answer.status_code == 403
    assert "no-store" in answer.headers["Cache-Control"]
    form = answer.text.partition("<main")[2].partition("</main")[0]
    return {name: unescape(value) for name, value in FIELD.findall(form)}


@pytest.fixture
def dana(app: Flask, at: Clock) -> Account:
    """Дана of the staff, with a password and a second factor; it is noon."""
    at(NOON)
    number = desk.member(DANA, Permission.PRIVACY)
    return Account(number, DANA.email)


def test_a_form_of_the_staff_comes_back_after_the_idle_time(
    app: Flask, dana: Account, at: Clock
) -> None:
    path = f"/kk/admin/people/{dana.number}"
    browser = desk.signed_in(app, dana.number)
    assert "30 минут" in browser.get(path).text
    at(NOON + JUST_AFTER)
    given = send(browser, path, desk.form(app, reason=REASON))  # type: ignore[arg-type]
    assert kept(given)["reason"] == REASON
    assert 'target="_blank"' in given.text
    assert f'action="{path}"' in given.text

    desk.sign_in(browser, dana.number)
    with browser.session_transaction() as session:
        session["csrf_token"] = "another"
    again = send(browser, path, kept(given))
    assert kept(again)["reason"] == REASON
    assert 'target="_blank"' not in again.text
    assert send(browser, path, kept(again)).status_code == 200


@SQLITE
def test_a_password_is_not_kept(app: Flask, at: Clock) -> None:
    at(NOON)
    browser = signed_in(app, account(AIGERIM))
    token = hidden(browser.get("/account/email").text)
    at(NOON + sessions.IDLE + timedelta(seconds=1))
    typed = {"email": DANA.email, "current": PASSWORD, **token}
    given = send(browser, "/account/email", typed)
    assert kept(given)["email"] == DANA.email
    assert PASSWORD not in given.text


@SQLITE
@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}]
)
def test_a_form_of_another_site_is_not_kept(
    app: Flask, dana: Account, at: Clock, headers: dict[str, str]
) -> None:
    browser = desk.signed_in(app, dana.number)
    at(NOON + JUST_AFTER)
    path = f"/admin/people/{dana.number}"
    answer = browser.post(path, data=desk.form(app, reason=REASON), headers=headers)
    assert "Спросила" not in answer.text


@SQLITE
def test_a_stranger_signs_in_first(app: Flask, client: FlaskClient) -> None:
    answer = send(client, "/account/profile", {"given_name": "Болат"})
    assert (answer.status_code, "Болат" in answer.text) == (303, False)


@SQLITE
@pytest.mark.parametrize(
    ("language", "told", "late"),
    [
        (Language.RU, "в течение 10 минут", "Время для кода истекло"),
        (Language.KK, "10 минут ішінде", "Кодты енгізу уақыты өтті"),
        (Language.EN, "within 10 minutes", "The time for the code has passed"),
    ],
)
def test_the_time_for_a_code_is_told(
    app: Flask, at: Clock, language: Language, told: str, late: str
) -> None:
    at(NOON)
    aigerim = account(AIGERIM, with_second_factor=True)
    browser, path = app.test_client(), f"{language.prefix}/account/login"
    submit(browser, path, {"email": aigerim.email, "password": PASSWORD})
    page = browser.get(path).text
    assert told in page.replace("\xa0", " ")
    at(NOON + sessions.MFA_PENDING_LIFE)
    answer = send(browser, path, {**hidden(page), "code": "000000"})
    assert late in browser.get(answer.location).text


@SQLITE
def test_the_time_of_a_confirmed_password_is_told(app: Flask) -> None:
    browser = app.test_client()
    sign_in(browser, account(AIGERIM))
    assert "10 минут" in browser.get("/account/reauthenticate").text.replace("\xa0", " ")
