"""Global Privacy Control: a refusal that needs no banner, and that a yes overrides."""

import json

from flask.testing import FlaskClient

from tests.conftest import SQLITE
from tests.consent.conftest import Visitor, records

pytestmark = SQLITE

SIGNAL = {"Sec-GPC": "1"}
BANNER = 'value="reject"'


def test_the_signal_is_a_refusal_without_a_question(visitor: Visitor) -> None:
    page = visitor.client.get("/en/policy/", headers=SIGNAL)
    assert BANNER not in page.text
    assert "We honour it" in page.text
    assert "autofocus" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in page.headers
    assert records() == []
    assert BANNER in visitor.client.get("/en/policy/").text


def test_an_explicit_yes_goes_before_the_signal(visitor: Visitor) -> None:
    visitor.choose("accept", headers=SIGNAL)
    page = visitor.client.get("/en/policy/", headers=SIGNAL).text
    assert "We honour it" not in page
    assert 'value="withdraw"' in page
    assert records()[-1].source == "page"


def test_a_refusal_that_confirms_the_signal_says_so(visitor: Visitor) -> None:
    visitor.choose("reject", headers=SIGNAL)
    assert [(r.source, r.granted) for r in records()] == [("signal", "")]


def test_an_expired_yes_gives_way_to_the_signal(visitor: Visitor) -> None:
    visitor.client.set_cookie("consent", "1.pAAAAAAAA.t00000.AAAAAAAAAAAAAAAA." + "A" * 22)
    assert "We honour it" in visitor.client.get("/en/", headers=SIGNAL).text


def test_the_site_says_so_to_programs(client: FlaskClient) -> None:
    output = client.get("/.well-known/gpc.json")
    assert output.mimetype == "application/json"
    assert output.json == {"gpc": True, "lastUpdate": "2026-11-01"}


def test_a_signal_switched_on_after_a_yes_wins_until_the_next_yes(
    visitor: Visitor,
) -> None:
    visitor.choose("accept")
    visitor.press("/theme/", theme="dark")
    page = visitor.client.get("/en/policy/", headers=SIGNAL).text
    assert "overrides what you allowed earlier" in page
    assert 'content="light dark"' in page
    assert 'value="withdraw"' not in page
    cookies_page = visitor.client.get("/en/cookies/", headers=SIGNAL).text
    assert cookies_page.count("overrides what you allowed earlier") == 2
    assert " checked>" not in cookies_page
    assert 'value="withdraw"' in visitor.client.get("/en/policy/").text

    visitor.choose("accept", headers=SIGNAL)
    first, again = records()
    assert (again.granted, again.replaces) == ("preferences", first.public_id)
    for headers in (SIGNAL, {}):
        page = visitor.client.get("/en/policy/", headers=headers).text
        assert '<section class="cookies"' not in page
        assert 'value="withdraw"' in page


def test_a_yes_without_the_signal_is_cached_apart(visitor: Visitor) -> None:
    visitor.choose("accept")
    for headers, on in (({}, True), (SIGNAL, False), ({}, True), (SIGNAL, False)):
        page = visitor.client.get("/en/", headers=headers).text
        assert ('value="withdraw"' in page) is on


def test_the_strip_can_be_closed_and_stands_on_the_cookies_page_too(
    visitor: Visitor,
) -> None:
    for address in ("/en/policy/", "/en/cookies/"):
        page = visitor.client.get(address, headers=SIGNAL).text
        strip = page.partition('<section class="cookies"')[2].partition("</section>")[0]
        assert "We honour it" in strip
        assert 'name="choice" value="close"' in strip
    answer = visitor.choose("close", headers=SIGNAL, next="/en/policy/")
    assert answer.location == "/en/policy/"
    assert [(r.source, r.granted) for r in records()] == [("signal", "")]
    for address in ("/en/policy/", "/en/cookies/"):
        assert (
            '<section class="cookies"'
            not in visitor.client.get(address, headers=SIGNAL).text
        )


def test_closing_the_strip_after_a_yes_ends_the_yes(visitor: Visitor) -> None:
    """What the signal has put off stays off, and the receipt says what that was."""
    visitor.choose("accept")
    visitor.choose("close", headers=SIGNAL)
    content = json.loads(visitor.client.get("/cookies/receipt.json").text)
    assert content["event"]["event_state"] == "consent withdrawn"
    assert content["event"]["source"] == "signal"
    assert 'value="withdraw"' not in visitor.client.get("/en/").text
