"""No optional cookie outlives the consent to it, and none stays without one."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Browser

from neupusti.core import clock
from tests.conftest import SQLITE
from tests.consent.conftest import BASE_FEATURES, Visitor, add_view, records
from tests.consent.test_strangers import expired
from tests.times import NOON, Clock

pytestmark = SQLITE
CHOICE = timedelta(days=180)
DAY = timedelta(days=1)


def max_age(response: Any, name: str) -> timedelta:
    """Return how long a browser keeps the cookie `name` that `response` sets."""
    found = [
        line
        for line in response.headers.getlist("Set-Cookie")
        if line.startswith(f"{name}=")
    ]
    (line,) = found
    (seconds,) = re.findall(r"max-age=(\d+)", line, re.IGNORECASE)
    return timedelta(seconds=int(seconds))


@pytest.mark.parametrize("attribute", ["Max-Age=15552000", "Expires={}", "MAX-AGE = 99999"])
def test_a_cookie_set_late_ends_with_the_consent(
    visitor: Visitor, at: Clock, attribute: str
) -> None:
    def late() -> Response:
        until = clock.now() + timedelta(days=100)
        form = attribute.format(until.strftime("%a, %d %b %Y %H:%M:%S GMT"))
        line = f"theme=dark; {form}; Path=/; HttpOnly"
        return Response("x", headers=[("Set-Cookie", line)])

    add_view(visitor.client.application, "/late", late)
    at(NOON)
    visitor.choose("accept")
    at(NOON + timedelta(days=179, hours=1))
    assert max_age(visitor.client.get("/late"), "theme") == timedelta(hours=23)
    assert visitor.cookie("theme") == "dark"


def test_our_own_cookies_end_with_the_consent(visitor: Visitor, at: Clock) -> None:
    at(NOON)
    visitor.choose("accept")
    at(NOON + 100 * DAY)
    answer = visitor.press("/theme/", theme="dark")
    assert max_age(answer, "theme") == 80 * DAY


def test_the_consent_cookie_lives_longer_than_the_choice(visitor: Visitor) -> None:
    kept = max_age(visitor.choose("accept"), "consent")
    assert CHOICE + 7 * DAY <= kept <= CHOICE + 31 * DAY


def test_a_replaced_choice_stays_replaced_as_long_as_its_cookie(
    app: Flask, with_features: Callable[..., Flask], at: Clock
) -> None:
    at(NOON)
    visitor = Visitor(app.test_client())
    visitor.choose("accept")
    old = visitor.cookie()
    visitor.choose("withdraw")
    at(NOON + CHOICE + DAY)
    other = with_features(*BASE_FEATURES).test_client(use_cookies=False)
    page = other.get("/en/", headers={"Cookie": f"consent={old}"}).text
    assert "half a year" not in page


STATES = ("undecided", "signal", "refused", "forged", "expired", "changed place")


@pytest.mark.parametrize("state", STATES)
def test_without_a_grant_it_goes_in_every_state(app: Flask, state: str, at: Clock) -> None:
    at(NOON)
    chooser = Visitor(app.test_client())
    chooser.choose("reject" if state == "refused" else "accept")
    value = {
        "undecided": "",
        "signal": "",
        "forged": f"consent={(chooser.cookie() or '')[:-4]}AAAA; ",
    }.get(state, f"consent={chooser.cookie()}; ")
    if state == "expired":
        at(NOON + CHOICE + DAY)
    if state == "changed place":
        chooser.choose("withdraw")
    headers = {"Cookie": f"{value}theme=dark; session=1; stranger=1"}
    if state == "signal":
        headers["Sec-GPC"] = "1"
    browser = app.test_client(use_cookies=False)
    for address in ("/policy/", "/cookies/", "/no-such-page", "/healthz"):
        assert expired(browser.get(address, headers=headers)) == {"theme"}, address


def test_a_shared_cache_stores_no_deletion(app: Flask) -> None:
    with app.test_request_context():
        style = app.jinja_env.globals["asset"]("site.css")  # type: ignore[operator]
    answer = app.test_client(use_cookies=False).get(style, headers={"Cookie": "theme=dark"})
    assert "public" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers


def test_a_view_that_reads_the_cookie_does_not_see_it(app: Flask) -> None:
    add_view(app, "/look", lambda: request.cookies.get("theme", "nothing"))
    browser = app.test_client(use_cookies=False)
    assert browser.get("/look", headers={"Cookie": "theme=dark"}).text == "nothing"


def test_in_a_browser_the_end_of_a_choice_is_noticed(
    chromium: Browser, site_url: str, at: Clock
) -> None:
    """Half a year later the browser still has the choice, and so it is asked again."""
    begun = clock.now()
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{site_url}/en/cookies/")
    page.click("main [value=accept]")
    page.wait_for_url(re.compile("cookies="))
    page.click("footer [value=dark]")
    kept = {str(c.get("name")): float(c.get("expires", 0)) for c in context.cookies()}
    end = (begun + CHOICE).timestamp()
    assert kept["theme"] <= end + 60
    assert kept["consent"] >= end + 7 * DAY.total_seconds()
    at(begun + CHOICE + DAY)
    page.goto(f"{site_url}/en/policy/")
    assert "half a year" in page.inner_text(".cookies")
    assert {str(cookie.get("name")) for cookie in context.cookies()} == {"consent"}
    page.click(".cookies [value=reject]")
    page.wait_for_url(re.compile("cookies="))
    assert [record.source for record in records()][1] == "expiry"
    context.close()
