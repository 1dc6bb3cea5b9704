"""I do not agree: one press ends all that was agreed to, here and in the browser (2.2)."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from neupusti.core.data.database import db
from neupusti.core.records import consents
from neupusti.core.registry import registry
from neupusti.newsletter.models import Subscriber
from tests.accounts.test_consents import registered
from tests.conftest import SQLITE
from tests.orders.buying import SAME_ORIGIN
from tests.rights.asking import send

PAGE, DONE = "/en/policy/disagree/", "/en/policy/disagreed/"


def pressed(browser: FlaskClient) -> TestResponse:
    """Press the button, and follow both hops."""
    first = send(browser, PAGE)
    assert first.status_code == 303, first.text
    second = browser.get(first.location, headers=SAME_ORIGIN)
    assert second.location.partition("?")[0] == DONE
    return browser.get(second.location, headers=SAME_ORIGIN)


def cookies(browser: FlaskClient) -> set[str]:
    """Return the names of the cookies that a browser keeps."""
    names = {one.name for one in registry().cookies}
    return {name for name in names if browser.get_cookie(name) is not None}


@pytest.mark.clause("2.2")
@pytest.mark.clause("6.1.1")
def test_one_press_withdraws_every_consent_of_an_account(app: Flask) -> None:
    browser = registered(app)
    assert "All consents of your account are withdrawn" in browser.get(PAGE).text
    page = pressed(browser)
    assert (page.status_code, "carried out" in page.text) == (200, True)
    db.session.rollback()
    rows = consents.of_person(1)
    assert [ended is None for _given, ended, _text in rows] == [False] * len(rows) != []
    assert set(db.session.scalars(select(Subscriber.state))) <= {"ended"}
    assert browser.get("/en/account/").status_code == 303


@pytest.mark.clause("2.2")
def test_only_the_refusal_stays_in_the_browser(app: Flask) -> None:
    browser = registered(app)
    browser.post("/cookies/", data={"choice": "accept"}, headers=SAME_ORIGIN)
    browser.post("/theme/", data={"theme": "dark"}, headers=SAME_ORIGIN)
    assert {"session", "consent"} <= cookies(browser)
    pressed(browser)
    assert cookies(browser) == {"consent"}
    assert "Withdraw my consent to cookies" not in browser.get("/en/").text
    assert browser.get("/en/catalog/").status_code == 200
    assert cookies(browser) == {"consent"}


@pytest.mark.clause("2.2")
@SQLITE
def test_a_visitor_without_an_account_presses_it_as_well(app: Flask) -> None:
    browser = app.test_client()
    page = browser.get(PAGE)
    assert "Set-Cookie" not in page.headers
    assert "sign in first" in page.text
    assert 'href="/en/rights/"' in pressed(browser).text
    assert cookies(browser) == {"consent"}


@SQLITE
def test_another_site_presses_it_for_nobody(app: Flask) -> None:
    browser = registered(app)
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert browser.post(PAGE, headers=foreign).status_code in {400, 403}
    assert [ended for _given, ended, _text in consents.of_person(1) if ended] == []


@SQLITE
@pytest.mark.parametrize("then", ["//evil.example/", "https://evil.example/", "/\\evil"])
def test_an_erasure_leads_to_no_other_site(app: Flask, then: str) -> None:
    browser = app.test_client()
    first = send(browser, PAGE)
    address = first.location.partition("?")[0]
    second = browser.get(address, query_string={"next": then}, headers=SAME_ORIGIN)
    assert second.location.startswith("/en/cookies/?")


@SQLITE
@pytest.mark.clause("2.2")
def test_what_becomes_of_orders_is_said_as_it_is(app: Flask) -> None:
    """The consent of an order is withdrawn as well: who delivers is given nothing then."""
    words = "their data are no longer handed"
    assert words in registered(app).get(PAGE).text
    visitor = app.test_client().get(PAGE).text
    assert (words in visitor, "carried out to their end" in visitor) == (False, True)
