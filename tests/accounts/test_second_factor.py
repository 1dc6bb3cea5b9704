"""Two-step verification: TOTP codes, recovery codes, one-time use."""

from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from neupusti.accounts.models import RecoveryCode, SignIn
from neupusti.accounts.service import second_factor
from neupusti.core.data.database import db, writing
from neupusti.core.security.grants import StaffGrant
from tests.accounts.cast import (
    Account,
    account,
    emails_to,
    is_signed_in,
    sign_in,
    signed_in,
    submit,
)
from tests.people import AIGERIM, DANA
from tests.times import NOON, Clock

HALF_MINUTE = timedelta(seconds=30)


def shown_secret(page: str) -> str:
    return page.partition("<code>")[2].partition("</code>")[0].replace(" ", "")


def staff(who: Account) -> None:
    with writing() as session:
        session.add(StaffGrant(person=who.number, permission="orders", given_at=NOON))


@pytest.mark.clause("4.1.1")
def test_it_is_switched_on_by_a_code_of_the_app(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    browser = signed_in(app, who)
    page = browser.get("/account/two-factor")
    secret = shown_secret(page.text)
    assert shown_secret(browser.get("/account/two-factor").text) == secret
    picture = browser.get("/account/two-factor/qr.svg")
    assert picture.mimetype == "image/svg+xml"
    assert picture.headers["Cache-Control"] == "no-store"
    assert "data:" not in page.text
    wrong = submit(browser, "/account/two-factor", {"code": "000000"})
    assert wrong.status_code == 422
    code = pyotp.TOTP(secret).at(int(NOON.timestamp()))
    right = submit(browser, "/account/two-factor", {"code": code})
    assert right.location == "/account/two-factor/codes?done=factor-on"
    codes = browser.get(right.location).text
    assert codes.count("<li><code>") == second_factor.CODES
    assert [message.kind for message in emails_to(who.email)] == ["accounts.factor_on"]
    assert browser.get("/account/two-factor/qr.svg").status_code == 404

    other = app.test_client()
    pending = sign_in(other, who)
    assert pending.location == "/account/login"
    assert not is_signed_in(other)
    assert submit(other, "/account/login", {"code": code}).status_code == 422
    at(NOON + HALF_MINUTE)
    later = pyotp.TOTP(secret).at(int(NOON.timestamp()) + 30)
    done = submit(other, "/account/login", {"code": later})
    assert done.location == "/account/"
    assert is_signed_in(other)


def test_password_and_code_may_come_in_one_form(app: Flask, client: FlaskClient) -> None:
    who = account(AIGERIM, with_second_factor=True)
    assert sign_in(client, who, remember="y").location == "/account/"
    assert client.get_cookie("remember_token") is not None


def test_the_next_address_survives_the_code(app: Flask, client: FlaskClient) -> None:
    who = account(AIGERIM, with_second_factor=True)
    pending = sign_in(client, who, code="", remember="y", next="/account/sessions")
    assert pending.location == "/account/login?remember=y&next=/account/sessions"
    done = submit(client, pending.location, {"code": who.code()})
    assert done.location == "/account/sessions"
    assert client.get_cookie("remember_token") is not None
    # The sign-in that waited for the code is none any more.
    assert len(db.session.scalars(select(SignIn)).all()) == 1


@pytest.mark.parametrize(
    "spelled",
    [
        *(lambda c: c, lambda c: f" {c[:3]} {c[3:]} ", lambda c: f"{c[:3]}-{c[3:]}"),
        lambda c: "".join(chr(0xFF10 + int(d)) for d in c),
    ],
    ids=["plain", "spaced", "dashed", "wide"],
)
def test_a_code_never_works_twice_however_it_is_spelled(
    app: Flask, at: Clock, spelled: Callable[[str], str]
) -> None:
    at(NOON)
    who = account(AIGERIM, with_second_factor=True)
    code = who.code()
    assert sign_in(app.test_client(), who, code=spelled(code)).status_code == 303
    for again in (code, f" {code[:3]} {code[3:]}", spelled(code)):
        browser = app.test_client()
        assert sign_in(browser, who, code=again).status_code == 422
        assert not is_signed_in(browser)


@pytest.mark.parametrize(
    "code", ["1", "abcdef", "١٢٣٤٥٦", "9" * 40, "\x00" * 6, "½½½½½½", "-"]
)
def test_junk_is_rejected(app: Flask, client: FlaskClient, code: str) -> None:
    who = account(AIGERIM, with_second_factor=True)
    assert sign_in(client, who, code=code).status_code == 422
    assert not is_signed_in(client)


def test_a_code_of_another_time_is_refused(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM, with_second_factor=True)
    for seconds in (-90, -60, 60, 90):
        code = pyotp.TOTP(who.secret).at(int(NOON.timestamp()) + seconds)
        assert sign_in(app.test_client(), who, code=code).status_code == 422


def test_wrong_codes_are_counted_over_all_sign_ins(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM, with_second_factor=True)
    for _ in range(5):
        assert sign_in(app.test_client(), who, code="000000").status_code == 422
    shut = sign_in(app.test_client(), who)
    assert (shut.status_code, shut.headers["Retry-After"]) == (429, "300")
    at(NOON + timedelta(minutes=5))
    assert sign_in(app.test_client(), who).status_code == 303


def test_the_code_is_asked_for_ten_minutes(
    app: Flask, client: FlaskClient, at: Clock
) -> None:
    at(NOON)
    who = account(AIGERIM, with_second_factor=True)
    sign_in(client, who, code="")
    page = client.get("/account/login").text
    assert 'name="password"' not in page
    at(NOON + timedelta(minutes=10, seconds=-1))
    assert 'name="password"' not in client.get("/account/login").text
    at(NOON + timedelta(minutes=10))
    assert 'name="password"' in client.get("/account/login").text
    late = submit(client, "/account/login", {"code": who.code(), "password": ""})
    assert late.status_code == 422
    assert not is_signed_in(client)


def test_somebody_else_may_sign_in_instead(app: Flask, client: FlaskClient) -> None:
    sign_in(client, account(AIGERIM, with_second_factor=True), code="")
    assert 'name="password"' in client.get("/account/login?again=y").text


def test_a_recovery_code_works_once(app: Flask, client: FlaskClient) -> None:
    who = account(AIGERIM, with_second_factor=True)
    codes = second_factor.codes(who.number)
    assert len(set(codes)) == second_factor.CODES
    typed = codes[0].upper().replace("-", " ")
    assert sign_in(client, who, code=typed).status_code == 303
    assert sign_in(app.test_client(), who, code=codes[0]).status_code == 422
    assert [message.kind for message in emails_to(who.email)] == ["accounts.code_spent"]
    assert len(second_factor.codes(who.number)) == second_factor.CODES - 1
    replaced = submit(client, "/account/two-factor/codes")
    assert replaced.location == "/account/two-factor/codes?done=codes"
    assert emails_to(who.email)[-1].kind == "accounts.codes_made"
    assert sign_in(app.test_client(), who, code=codes[1]).status_code == 422
    db.session.rollback()
    new_codes = second_factor.codes(who.number)
    assert sign_in(app.test_client(), who, code=new_codes[1]).status_code == 303


def test_lookalike_characters_are_equal(app: Flask) -> None:
    who = account(AIGERIM, with_second_factor=True)
    for code in second_factor.codes(who.number):
        typed = code.replace("0", "O").replace("1", "l")
        assert second_factor.verify(who.number, typed, "Firefox, Linux", "")


def test_a_code_of_another_person_is_none(app: Flask, client: FlaskClient) -> None:
    who, other = (
        account(AIGERIM, with_second_factor=True),
        account(DANA, with_second_factor=True),
    )
    assert (
        sign_in(client, who, code=second_factor.codes(other.number)[0]).status_code == 422
    )
    assert sign_in(client, who, code=other.code()).status_code == 422


def test_the_database_makes_no_codes(app: Flask) -> None:
    who = account(AIGERIM, with_second_factor=True)
    tables = ("second_factor", "recovery_code")
    rows = [db.session.execute(text(f"SELECT * FROM {t}")).all() for t in tables]  # noqa: S608 - our names
    assert who.secret not in str(rows)
    for code in second_factor.codes(who.number):
        assert code.replace("-", "") not in str(rows)


def test_it_can_be_switched_off_but_not_by_staff(app: Flask) -> None:
    who = account(AIGERIM, with_second_factor=True)
    browser = signed_in(app, who)
    before = shown_secret(browser.get("/account/two-factor").text)
    off = submit(browser, "/account/two-factor/off", page="/account/two-factor")
    assert off.location == "/account/two-factor?done=factor-off"
    assert db.session.scalars(select(RecoveryCode)).all() == []
    after = shown_secret(browser.get("/account/two-factor").text)
    assert after not in {"", before, who.secret}
    dana = account(DANA, with_second_factor=True)
    staff(dana)
    desk = signed_in(app, dana)
    assert (
        submit(desk, "/account/two-factor/off", page="/account/sessions").status_code == 403
    )
    assert second_factor.active(dana.number)


@pytest.mark.clause("1.1.1")
def test_staff_sessions_have_shorter_limits(app: Flask, at: Clock) -> None:
    at(NOON)
    dana = account(DANA, with_second_factor=True)
    staff(dana)
    browser = signed_in(app, dana, remember="y")
    assert browser.get_cookie("remember_token") is None
    moment = NOON
    while moment < NOON + timedelta(hours=20) - timedelta(minutes=29):
        moment += timedelta(minutes=29)
        at(moment)
        assert is_signed_in(browser), moment
    at(NOON + timedelta(hours=20))
    assert not is_signed_in(browser)


def test_who_becomes_staff_is_bound_at_once(app: Flask, at: Clock) -> None:
    at(NOON)
    dana = account(DANA, with_second_factor=True)
    browser = signed_in(app, dana, remember="y")
    staff(dana)
    at(NOON + timedelta(minutes=30))
    assert not is_signed_in(browser)


def test_staff_without_a_second_factor_must_set_it_up(app: Flask) -> None:
    dana = account(DANA)
    staff(dana)
    browser = signed_in(app, dana)
    assert browser.get("/account/").location.startswith("/account/two-factor")
    assert browser.get("/account/two-factor").status_code == 200


def test_switching_on_marks_the_session(app: Flask, at: Clock) -> None:
    at(NOON)
    browser = signed_in(app, account(AIGERIM))
    secret = shown_secret(browser.get("/account/two-factor").text)
    code = pyotp.TOTP(secret).at(int(NOON.timestamp()))
    submit(browser, "/account/two-factor", {"code": code})
    db.session.rollback()
    [row] = db.session.scalars(select(SignIn)).all()
    assert row.second_factor_at == NOON
    assert is_signed_in(browser)
