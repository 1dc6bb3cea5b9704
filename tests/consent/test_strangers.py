"""Only declared and formerly declared cookies are deleted; those of others stay."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from neupusti.core.feature import Category, Cookie, Feature
from tests.conftest import SQLITE
from tests.consent.conftest import BASE_FEATURES, OWN, Visitor
from tests.consent.test_withdrawal import lines, parts

pytestmark = SQLITE
STRANGERS = ("AWSALB", "__cf_bm", "cf_clearance", "sso_session", "_ga", "кука", "")
ACTIONS = ("accept", "reject", "withdraw", "erase")
COUNTER = Cookie(
    name="counter",
    category=Category.STATISTICS,
    purpose="Counts.",
    path="/shop",
)
FORMER = (
    Cookie(name="banner_seen", category=Category.PREFERENCES, purpose="Was a banner."),
    Cookie(
        name="old_count",
        category=Category.STATISTICS,
        purpose="Counted.",
        path="/shop",
        domain="neupusti.localhost",
    ),
    Cookie(name="ab_", category=Category.MARKETING, purpose="Tests.", prefix=True),
)


def expired(response: Any) -> set[str]:
    """Return the names that a response deletes."""
    return {line.partition("=")[0] for line in lines(response)}


@pytest.fixture
def grown(with_features: Callable[..., Flask]) -> Flask:
    """The site with a counter, and with cookies that it declared once."""
    more = Feature(name="more", clauses=(), cookies=(COUNTER,), former_cookies=FORMER)
    return with_features(*BASE_FEATURES, more)


@pytest.mark.parametrize("action", ACTIONS)
def test_cookies_of_others_stay(visitor: Visitor, action: str) -> None:
    visitor.choose("accept")
    sent = "; ".join(f"{name}=1" for name in STRANGERS)
    header = {"Cookie": f"consent={visitor.cookie()}; {sent}; lone; theme=dark"}
    browser = visitor.client.application.test_client(use_cookies=False)
    answers = [
        browser.post("/cookies/", data={"choice": action}, headers=OWN | header),
        browser.get("/policy/", headers=header),
    ]
    for answer in answers:
        assert not expired(answer) & {*STRANGERS, "lone", "gone"}, action


def test_what_was_declared_once_goes_in_every_state(grown: Flask) -> None:
    for action in (None, "reject", "accept"):
        visitor = Visitor(grown.test_client())
        if action:
            visitor.choose(action)
        for name in ("banner_seen", "ab_7", "stranger"):
            visitor.client.set_cookie(name, "1")
        answer = visitor.client.get("/policy/")
        assert expired(answer) == {"banner_seen", "ab_7"}, action
        assert visitor.cookie("stranger") == "1"


def test_withdrawal_reaches_what_this_page_was_not_sent(grown: Flask) -> None:
    visitor = Visitor(grown.test_client())
    visitor.choose("accept")
    answer = visitor.choose("withdraw", next="/")
    got = {parts(line) for line in lines(answer)}
    assert {
        ("theme", "/", ""),
        ("counter", "/shop", ""),
        ("banner_seen", "/", ""),
        ("old_count", "/shop", "neupusti.localhost"),
    } <= got


def test_what_was_declared_once_is_neither_set_nor_read(grown: Flask) -> None:
    for cookie in FORMER:
        assert not grown.extensions["neupusti.consent"].cookie_policy.allows(
            cookie.name, frozenset(Category)
        )


def test_a_former_cookie_is_in_no_table_and_no_question(grown: Flask) -> None:
    page = grown.test_client().get("/en/cookies/").text
    assert '<th scope="row"><code>session</code>' in page
    assert '<th scope="row"><code>old_count</code>' not in page
    assert "old_count" not in grown.extensions["neupusti.consent"].declarations.canonical


def test_a_declaration_that_vanished_is_noticed(
    grown: Flask, with_features: Callable[..., Flask]
) -> None:
    Visitor(grown.test_client()).choose("accept")
    listed = grown.test_cli_runner().invoke(args=["consent", "cookies"])
    assert listed.exit_code == 0
    assert "old_count" in listed.output.partition("former")[2]
    moved = Feature(name="more", clauses=(), former_cookies=(COUNTER,))
    for features, lost in (((moved,), False), ((), True)):
        app = with_features(*BASE_FEATURES, *features)
        result = app.test_cli_runner().invoke(args=["consent", "wordings"])
        assert result.exit_code == lost
        assert ("in no manifest: counter" in result.output) is lost
