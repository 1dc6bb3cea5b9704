"""A session from before two-step verification proved no code, and ends with it."""

from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.accounts.service import second_factor, signing_in
from neupusti.core.data.database import writing
from tests.accounts.cast import account, is_signed_in, sign_in, signed_in, submit
from tests.accounts.test_second_factor import shown_secret, staff
from tests.people import DANA
from tests.times import NOON, Clock

PATH = "/account/two-factor"


def switch_on(browser: FlaskClient) -> str:
    """Switch two-step verification on as a person does; return the page after it."""
    secret = shown_secret(browser.get(PATH).text)
    code = pyotp.TOTP(secret).at(int(NOON.timestamp()))
    return submit(browser, PATH, {"code": code}).location


@pytest.mark.parametrize("is_staff", [False, True])
def test_the_other_sessions_read_no_codes(app: Flask, at: Clock, *, is_staff: bool) -> None:
    at(NOON)
    who = account(DANA)
    if is_staff:
        staff(who)
    intruder, owner = signed_in(app, who, remember="y"), signed_in(app, who)
    codes = owner.get(switch_on(owner)).text
    assert second_factor.codes(who.number)[0] in codes
    read = intruder.get(f"{PATH}/codes")
    assert second_factor.codes(who.number)[0] not in read.text
    assert not is_signed_in(intruder)
    assert is_signed_in(owner)
    assert "На остальных устройствах выполнен выход" in codes


def test_a_sign_in_under_way_is_asked_for_its_code(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(NOON)
    who = account(DANA)
    owner, other = signed_in(app, who), app.test_client()

    def after_the_owner() -> Any:
        monkeypatch.setattr(signing_in, "writing", writing)
        switch_on(owner)
        return writing()

    monkeypatch.setattr(signing_in, "writing", after_the_owner)
    assert sign_in(other, who).location == "/account/login"
    assert not is_signed_in(other)
