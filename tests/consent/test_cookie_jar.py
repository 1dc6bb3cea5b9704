"""A cookie jar of every kind in Chromium is empty after withdrawal and erasure."""

import re
from collections.abc import Iterator
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect
from werkzeug.serving import make_server

from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.data.database import db
from tests.conftest import SQLITE

pytestmark = SQLITE
HOST = "shop.neupusti.localhost"
ACCEPT = ".cookies [value=accept]"
JAR: tuple[dict[str, Any], ...] = (
    {"name": "theme"},
    {"name": "host_only"},
    {"name": "http_only", "httpOnly": True},
    {"name": "secure_one", "secure": True},
    {"name": "strict", "sameSite": "Strict"},
    {"name": "__Host-spy", "secure": True},
    {"name": "__Secure-spy", "secure": True},
    {"name": "own_domain", "domain": f".{HOST}"},
    {"name": "parent", "domain": ".neupusti.localhost"},
    {"name": "parent_deep", "domain": ".neupusti.localhost", "path": "/en/policy"},
    {"name": "deep", "path": "/en/policy/2022-08-04"},
    {"name": "deeper", "path": "/en/policy/2022-08-04/", "httpOnly": True},
    {"name": "cookies_page", "path": "/en/cookies"},
    {"name": "twice"},
    {"name": "twice", "domain": ".neupusti.localhost"},
    {"name": "twice", "path": "/en"},
    {"name": "кука"},
    {"name": "spaced name", "value": "a b"},
)
"""Every kind of cookie a browser may hold, except our own."""
MADE_BY_SCRIPT = (
    "document.cookie = 'scripted=1; path=/';"
    "document.cookie = 'scripted_parent=1; path=/en; domain=neupusti.localhost';"
    "document.cookie = 'scripted_deep=1; path=/en/policy/2022-08-04/3.3';"
    "document.cookie = 'lone';"
    "document.cookie = 'part=1; path=/; Secure; SameSite=None; Partitioned';"
)


@pytest.fixture
def hosted(settings: Settings) -> Iterator[str]:
    """Serve the site under a name that has a parent domain; no slash at the end."""
    app = create_app(replace(settings, hosts=(HOST,)))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://{HOST}:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()


def names(context: BrowserContext) -> set[str]:
    return {str(cookie.get("name")) for cookie in context.cookies()}


def fill(context: BrowserContext) -> None:
    """Put the whole jar into a browser."""
    jar: Any = [{"value": "1", "path": "/", "domain": HOST, **cookie} for cookie in JAR]
    context.add_cookies(jar)


def test_after_withdrawal_the_jar_is_empty(chromium: Browser, hosted: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    deepest = f"{hosted}/en/policy/2022-08-04/3.3"
    page.goto(deepest)
    page.click(ACCEPT)
    page.wait_for_url(re.compile("cookies="))
    fill(context)
    page.evaluate(MADE_BY_SCRIPT)
    assert len(context.cookies()) >= max(len(JAR) + 5, 12)

    page.goto(deepest)
    page.click("footer [value=withdraw]")
    page.wait_for_url(re.compile("cookies="))
    for address in [deepest] * 40 + [f"{hosted}/en/cookies/"] * 5:
        page.goto(address)
    assert names(context) == {"consent"}
    assert page.evaluate("document.cookie") == ""
    context.close()


def test_erasing_leaves_the_refusal_only(chromium: Browser, hosted: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{hosted}/en/cookies/")
    fill(context)
    page.evaluate(MADE_BY_SCRIPT)
    page.evaluate("localStorage.setItem('kept', '1')")
    page.click("main [value=erase]")
    page.wait_for_url(re.compile("cookies="))
    assert names(context) == {"consent"}
    assert page.evaluate("localStorage.length") == 0
    expect(page.locator("main")).to_contain_text("only the necessary cookies")
    context.close()
