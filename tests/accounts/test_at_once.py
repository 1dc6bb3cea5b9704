"""Four concurrent requests take effect once, without server errors."""

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
    secure_link,
)
from tests.accounts.test_consents import given_consent
from tests.accounts.test_registration import FORM, register
from tests.people import AIGERIM

CONCURRENT = 4


@dataclass(frozen=True)
class FilledForm:
    """A form that is about to be submitted."""

    browser: FlaskClient
    path: str
    fields: dict[str, str] = field(default_factory=dict)

    def submit_concurrently(self, app: Flask) -> list[int]:
        """Submit it in several tabs at once; return the sorted statuses."""
        form = {**hidden(self.browser.get(self.path).text), **self.fields}
        cookie = self.browser.get_cookie("session")
        barrier = Barrier(CONCURRENT)

        def press(_tab: int) -> int:
            tab = app.test_client()
            if cookie is not None:
                tab.set_cookie("session", cookie.value)
            barrier.wait()
            return tab.post(self.path, data=form).status_code

        with ThreadPoolExecutor(CONCURRENT) as pool:
            return sorted(pool.map(press, range(CONCURRENT)))


def registering(app: Flask) -> FilledForm:
    return FilledForm(app.test_client(), "/account/register", FORM)


def confirming(app: Flask) -> FilledForm:
    register(app.test_client())
    path = link(emails_to(AIGERIM.email)[-1])
    return FilledForm(app.test_client(), path, {"choice": "confirm"})


def signing_in(app: Flask) -> FilledForm:
    who = account(AIGERIM)
    data = {"email": who.email, "password": who.password}
    return FilledForm(app.test_client(), "/account/login", data)


def resetting(app: Flask) -> FilledForm:
    account(AIGERIM)
    submit(app.test_client(), "/account/password/reset", {"email": AIGERIM.email})
    path = link(emails_to(AIGERIM.email)[-1])
    return FilledForm(app.test_client(), path, {"password": OTHER_PASSWORD})


def switching_on(app: Flask) -> FilledForm:
    browser = signed_in(app, account(AIGERIM))
    page = browser.get("/account/two-factor").text
    secret = page.partition("<code>")[2].partition("</code>")[0].replace(" ", "")
    code = pyotp.TOTP(secret).at(int(clock.now().timestamp()))
    return FilledForm(browser, "/account/two-factor", {"code": code})


def asking(app: Flask) -> FilledForm:
    browser = signed_in(app, account(AIGERIM))
    return FilledForm(browser, "/account/email", {"email": NEW, "current": PASSWORD})


def moving(app: Flask) -> FilledForm:
    browser = signed_in(app, account(AIGERIM))
    request_change(browser)
    return FilledForm(browser, link(emails_to(NEW)[-1]))


def undoing(app: Flask) -> FilledForm:
    change_address(app, account(AIGERIM))
    return FilledForm(app.test_client(), secure_link("email_changed"))


def withdrawing(app: Flask) -> FilledForm:
    who = account(AIGERIM)
    consent = str(given_consent(who))
    return FilledForm(signed_in(app, who), "/account/consents", {"consent": consent})


ACTIONS: dict[str, tuple[Callable[[Flask], FilledForm], set[int], str, int]] = {
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
"""Action -> form, allowed statuses, e-mail type and number of e-mails."""


@pytest.mark.parametrize("action", ACTIONS)
def test_concurrent_requests_take_effect_once(app: Flask, action: str) -> None:
    prepare, allowed, kind, times = ACTIONS[action]
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    statuses = prepare(app).submit_concurrently(app)
    assert statuses[0] == 303
    assert set(statuses) <= allowed
    db.session.rollback()
    count = select(func.count()).where(OutboxEmail.kind == f"accounts.{kind}")
    assert db.session.scalar(count) == times
