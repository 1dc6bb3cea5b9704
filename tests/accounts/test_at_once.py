"""What is pressed four times at once is done once, and nobody sees a fault of ours."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.mail.models import OutboxEmail
from tests.accounts.cast import (
    PASSWORD,
    account,
    emails_to,
    hidden,
    link,
    signed_in,
    submit,
)
from tests.accounts.moves import (
    NEW,
    OTHER_PASSWORD,
    change_address,
    request_change,
    undo_link,
)
from tests.accounts.test_consents import given
from tests.accounts.test_registration import FORM, register
from tests.people import AIGERIM

AT_ONCE = 4


@dataclass(frozen=True)
class Press:
    """A filled-in form whose button is about to be pressed."""

    browser: FlaskClient
    path: str
    fields: dict[str, str] = field(default_factory=dict)

    def often(self, app: Flask) -> list[int]:
        """Press it in several tabs at the same moment; return the statuses, sorted."""
        form = {**hidden(self.browser.get(self.path).text), **self.fields}
        kept = self.browser.get_cookie("session")
        assert kept is not None
        together = Barrier(AT_ONCE)

        def press(_tab: int) -> int:
            tab = app.test_client()
            tab.set_cookie("session", kept.value)
            together.wait()
            return tab.post(self.path, data=form).status_code

        with ThreadPoolExecutor(AT_ONCE) as pool:
            return sorted(pool.map(press, range(AT_ONCE)))


def registering(app: Flask) -> Press:
    return Press(app.test_client(), "/account/register", FORM)


def confirming(app: Flask) -> Press:
    register(app.test_client())
    path = link(emails_to(AIGERIM.email)[-1])
    return Press(app.test_client(), path, {"choice": "confirm"})


def signing_in(app: Flask) -> Press:
    who = account(AIGERIM)
    said = {"email": who.email, "password": who.password}
    return Press(app.test_client(), "/account/login", said)


def resetting(app: Flask) -> Press:
    account(AIGERIM)
    submit(app.test_client(), "/account/password/reset", {"email": AIGERIM.email})
    path = link(emails_to(AIGERIM.email)[-1])
    return Press(app.test_client(), path, {"password": OTHER_PASSWORD})


def switching_on(app: Flask) -> Press:
    browser = signed_in(app, account(AIGERIM))
    page = browser.get("/account/two-factor").text
    secret = page.partition("<code>")[2].partition("</code>")[0].replace(" ", "")
    code = pyotp.TOTP(secret).at(int(clock.now().timestamp()))
    return Press(browser, "/account/two-factor", {"code": code})


def asking(app: Flask) -> Press:
    browser = signed_in(app, account(AIGERIM))
    return Press(browser, "/account/email", {"email": NEW, "current": PASSWORD})


def moving(app: Flask) -> Press:
    browser = signed_in(app, account(AIGERIM))
    request_change(browser)
    return Press(browser, link(emails_to(NEW)[-1]))


def undoing(app: Flask) -> Press:
    change_address(app, account(AIGERIM))
    return Press(app.test_client(), undo_link())


def withdrawing(app: Flask) -> Press:
    who = account(AIGERIM)
    consent = str(given(who))
    return Press(signed_in(app, who), "/account/consents", {"consent": consent})


ACTS: dict[str, tuple[Callable[[Flask], Press], set[int], str, int]] = {
    "register": (registering, {303, 429}, "confirm", 3),
    "confirm": (confirming, {303, 404}, "confirm", 1),
    "sign in": (signing_in, {303}, "new_device", 0),
    "reset": (resetting, {303, 404}, "password_changed", 1),
    "second step": (switching_on, {303, 422}, "factor_on", 1),
    "ask for another e-mail": (asking, {303, 429}, "email_confirm", 3),
    "another e-mail": (moving, {303, 404}, "email_changed", 1),
    "undo": (undoing, {303, 404}, "email_undone", 1),
    "withdraw": (withdrawing, {303}, "withdrawn", 1),
}
"""The statuses of the answers, and how many letters of a kind tell of what was done."""


@pytest.mark.parametrize("act", ACTS)
def test_it_is_done_once(app: Flask, act: str) -> None:
    prepare, allowed, kind, times = ACTS[act]
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    statuses = prepare(app).often(app)
    assert statuses[0] == 303
    assert set(statuses) <= allowed
    db.session.rollback()
    told = select(func.count()).where(OutboxEmail.kind == f"accounts.{kind}")
    assert db.session.scalar(told) == times
