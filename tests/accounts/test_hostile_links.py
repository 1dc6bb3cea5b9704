"""Hostile links, cookies and redirects: tampered, expired, used, planted, external."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.accounts.service import addresses, emails, recovery, registration
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
from tests.accounts.moves import (
    NEW,
    OTHER_PASSWORD,
    request_change,
    secure_link,
)
from tests.accounts.test_hostile import rows
from tests.accounts.test_registration import register
from tests.conftest import SQLITE
from tests.core.web.test_redirects import HOSTILE as AWAY
from tests.people import AIGERIM, BOLAT
from tests.times import NOON, Clock

pytestmark = pytest.mark.slow
WINDOWS = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"
GONE = "This link no longer works"


def confirming(app: Flask) -> str:
    register(app.test_client(), email=BOLAT.email)
    return link(emails_to(BOLAT.email)[-1])


def resetting(app: Flask) -> str:
    submit(app.test_client(), "/account/password/reset", {"email": AIGERIM.email})
    return link(emails_to(AIGERIM.email)[-1])


def disowning(app: Flask) -> str:
    signed_in(app, Account(1, AIGERIM.email))
    thief = app.test_client()
    thief.environ_base["HTTP_USER_AGENT"] = WINDOWS
    sign_in(thief, Account(1, AIGERIM.email))
    return secure_link("new_device")


def moving(app: Flask) -> str:
    request_change(signed_in(app, Account(1, AIGERIM.email)))
    return link(emails_to(NEW)[-1])


@dataclass(frozen=True)
class Link:
    """A kind of link: how to obtain it, its lifetime, the values of its form."""

    obtain: Callable[[Flask], str]
    life: timedelta
    answers: dict[str, str] = field(default_factory=dict)
    inside: bool = False

    def browser(self, app: Flask) -> FlaskClient:
        """Return a browser that may follow it."""
        return (
            signed_in(app, Account(1, AIGERIM.email)) if self.inside else app.test_client()
        )


LINKS = {
    "confirm": Link(confirming, registration.LIFE, {"choice": "confirm"}),
    "password": Link(resetting, recovery.LIFE, {"password": OTHER_PASSWORD}),
    "secure": Link(disowning, emails.SECURE_LIFE),
    "new e-mail": Link(moving, addresses.LIFE, inside=True),
}
TAMPERED: dict[str, Callable[[str], str]] = {
    "cut": lambda token: token[:-1],
    "longer": lambda token: token + "A",
    "backwards": lambda token: token[::-1],
    "other case": str.swapcase,
    "one letter": lambda token: ("B" if token[0] == "A" else "A") + token[1:],
    "made up": lambda _: "a" * 43,
    "Cyrillic": lambda _: "я" * 43,
    "short": lambda _: "x",
    "endless": lambda _: "a" * 3000,
    "a quote": lambda token: token + "'--",
    "a space": lambda token: token + "%20",
}


def check_dead(browser: FlaskClient, path: str, answers: dict[str, str]) -> None:
    """Check that neither GET nor POST of a link does anything, with a message."""
    before = rows()
    token = hidden(browser.get("/account/email").text or "") or hidden(
        browser.get("/account/login?again=y").text
    )
    for answer in (
        browser.get(f"/en{path}"),
        browser.post(f"/en{path}", data={**token, **answers}),
    ):
        assert answer.status_code == 404, path
        assert GONE in answer.text, path
        assert answer.headers["Cache-Control"] == "no-store"
    assert rows() == before


@pytest.mark.parametrize("kind", LINKS)
def test_a_tampered_link_is_dead(app: Flask, at: Clock, kind: str) -> None:
    at(NOON)
    account(AIGERIM)
    chosen = LINKS[kind]
    head, _, token = chosen.obtain(app).rpartition("/")
    browser = chosen.browser(app)
    for tamper in TAMPERED.values():
        check_dead(browser, f"{head}/{tamper(token)}", chosen.answers)
    assert browser.get(f"{head}/%00").status_code == 400
    assert browser.get(f"{head}/..%2f..%2f").status_code == 404


@pytest.mark.parametrize("kind", LINKS)
def test_a_link_of_one_kind_is_nothing_to_another(app: Flask, at: Clock, kind: str) -> None:
    at(NOON)
    account(AIGERIM)
    token = LINKS[kind].obtain(app).rpartition("/")[2]
    inside = app.test_client()
    sign_in(inside, Account(1, AIGERIM.email))
    pages = {
        "confirm": "/account/confirm",
        "password": "/account/password/reset",
        "secure": "/account/secure",
        "new e-mail": "/account/email/confirm",
    }
    for other, page in pages.items():
        if other != kind:
            check_dead(inside, f"{page}/{token}", LINKS[other].answers)


@pytest.mark.parametrize("kind", LINKS)
def test_a_link_works_to_its_last_second_and_no_longer(
    app: Flask, at: Clock, kind: str
) -> None:
    at(NOON)
    account(AIGERIM)
    chosen = LINKS[kind]
    path = chosen.obtain(app)
    at(NOON + chosen.life - timedelta(seconds=1))
    browser = chosen.browser(app)
    assert browser.get(path).status_code == 200
    at(NOON + chosen.life)
    check_dead(browser, path, chosen.answers)


@pytest.mark.parametrize("kind", LINKS)
def test_a_link_works_once(app: Flask, at: Clock, kind: str) -> None:
    at(NOON)
    account(AIGERIM)
    chosen = LINKS[kind]
    path = chosen.obtain(app)
    browser = chosen.browser(app)
    assert submit(browser, path, chosen.answers).status_code == 303
    check_dead(browser, path, chosen.answers)


@SQLITE
@pytest.mark.parametrize("address", AWAY)
def test_no_redirect_leads_off_the_site(app: Flask, address: str) -> None:
    """Whatever is in `next`: of the form, of the address, with the code."""
    plain = sign_in(app.test_client(), account(BOLAT), next=address)
    assert plain.location == "/account/"
    who = account(AIGERIM, with_second_factor=True)
    browser = app.test_client()
    pending = sign_in(browser, who, code="", next=address)
    assert pending.location == "/account/login"
    coded = submit(browser, pending.location, {"code": who.code(), "next": address})
    assert coded.location == "/account/"
    data = {"current": who.password, "next": address}
    assert submit(browser, "/account/reauthenticate", data).location == "/account/"
    entered = browser.get("/account/login", query_string={"next": address})
    assert entered.location == "/account/" or entered.status_code == 400
