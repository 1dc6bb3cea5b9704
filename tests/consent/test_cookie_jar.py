"""Withdrawal and erasure empty Chromium of this site's cookies, and only of them."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from neupusti.app import FEATURES, create_app
from neupusti.config.settings import Settings
from neupusti.core.feature import Category, Cookie, Feature
from tests.conftest import SQLITE
from tests.lending import close
from tests.served import in_thread

pytestmark = SQLITE
HOST = "shop.neupusti.localhost"
ACCEPT = ".cookies [value=accept]"
DEEP = "/en/policy/2022-08-04"
PARENT = ".neupusti.localhost"
JAR: tuple[dict[str, Any], ...] = (
    {"name": "theme"},
    {"name": "theme", "domain": PARENT},
    {"name": "theme", "path": DEEP},
    {"name": "visitor", "httpOnly": True},
    {"name": "visitor", "domain": PARENT, "path": "/en/policy", "httpOnly": True},
    {"name": "recent", "secure": True},
    {"name": "recent", "path": "/en", "sameSite": "Strict"},
    {"name": "_counter", "domain": PARENT},
    {"name": "was_ours"},
    {"name": "was_ours", "domain": f".{HOST}", "path": f"{DEEP}/"},
    {"name": "__Host-was_theirs", "secure": True},
    {"name": "__Secure-was_theirs", "secure": True, "domain": PARENT},
    {"name": "ab_one", "path": DEEP},
    {"name": "ab_two", "value": "a b"},
)
"""Declared and formerly declared cookies of every kind a browser may hold."""
STRANGERS: tuple[dict[str, Any], ...] = (
    {"name": "AWSALB"},
    {"name": "__cf_bm", "secure": True, "httpOnly": True},
    {"name": "sso_session", "domain": PARENT, "httpOnly": True},
    {"name": "__Host-other", "secure": True},
    {"name": "кука", "path": "/en"},
)
COUNTER = Cookie(
    name="_counter",
    category=Category.STATISTICS,
    purpose="Counts.",
    set_by="Somebody else",
    domain="neupusti.localhost",
)
MORE = Feature(
    name="more",
    clauses=(),
    cookies=(COUNTER,),
    former_cookies=(
        replace(COUNTER, name="was_ours", set_by=None),
        replace(COUNTER, name="__Host-was_theirs", domain=None),
        replace(COUNTER, name="__Secure-was_theirs"),
        replace(COUNTER, name="ab_", prefix=True),
    ),
)
MADE_BY_SCRIPT = (
    "document.cookie = 'was_ours=2; path=/en/policy';"
    "document.cookie = 'ab_parent=1; path=/en; domain=neupusti.localhost';"
    "document.cookie = 'ab_deep=1; path=/en/policy/2022-08-04/3.3';"
    "document.cookie = 'ab_part=1; path=/; Secure; SameSite=None; Partitioned';"
    "document.cookie = 'lone';"
)
LEFT = {*(cookie["name"] for cookie in STRANGERS), "consent", ""}
DEEPEST = f"{DEEP}/3.3"


@pytest.fixture
def hosted(settings: Settings) -> Iterator[str]:
    """Serve the site under a name that has a parent domain; no slash at the end."""
    app = create_app(replace(settings, hosts=(HOST,)), (*FEATURES, MORE))
    with in_thread(app) as url:
        yield url.replace("127.0.0.1", HOST)
    close(app)


def names(context: BrowserContext) -> set[str]:
    return {str(cookie.get("name")) for cookie in context.cookies()}


def fill(context: BrowserContext) -> None:
    """Put the whole jar and those of others into a browser."""
    jar: Any = [
        {"value": "1", "path": "/", "domain": HOST, **cookie}
        for cookie in (*JAR, *STRANGERS)
    ]
    context.add_cookies(jar)


def test_after_withdrawal_only_those_of_others_are_left(
    chromium: Browser, hosted: str
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(hosted + DEEPEST)
    page.click(ACCEPT)
    page.wait_for_url(re.compile("cookies="))
    fill(context)
    page.evaluate(MADE_BY_SCRIPT)
    assert len(context.cookies()) == len(JAR) + len(STRANGERS) + 6

    page.goto(hosted + DEEPEST)
    page.click("footer [value=withdraw]")
    page.wait_for_url(re.compile("cookies="))
    for _ in range(30):
        page.goto(hosted + DEEPEST)
    assert names(context) == LEFT
    context.close()


def test_erasing_leaves_the_refusal_and_those_of_others(
    chromium: Browser, hosted: str
) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{hosted}/en/cookies/")
    page.click("main [value=accept]")
    page.wait_for_url(re.compile("cookies="))
    fill(context)
    page.evaluate(MADE_BY_SCRIPT)
    page.evaluate("localStorage.setItem('kept', '1')")
    page.click("main [value=erase]")
    page.wait_for_url(re.compile("cookies="))
    assert page.evaluate("localStorage.length") == 0
    expect(page.locator("main")).to_contain_text("only the necessary cookies")
    for _ in range(30):
        page.goto(hosted + DEEPEST)
    assert names(context) == LEFT
    context.close()
