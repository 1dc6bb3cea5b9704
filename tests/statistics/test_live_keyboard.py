"""The live view is stopped by keyboard, with scripts and without."""

from collections.abc import Callable, Iterable

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from neupusti.access.recording.line import Entry
from neupusti.core.rules import Permission
from neupusti.statistics.views import live
from tests import desk
from tests.access.conftest import NOW, entry
from tests.conftest import SQLITE
from tests.people import DANA
from tests.times import Clock

pytestmark = SQLITE


def opened(app: Flask, chromium: Browser, site_url: str, *, scripts: bool) -> Page:
    """Return the running live view, opened by a member of staff."""
    browser = desk.signed_in(app, desk.member(DANA, Permission.STATISTICS))
    context = chromium.new_context(java_script_enabled=scripts)
    cookie = browser.get_cookie("session")
    assert cookie is not None
    context.add_cookies([{"name": "session", "value": cookie.value, "url": site_url}])
    page = context.new_page()
    page.goto(f"{site_url}/en/admin/access/live/?refresh=1")
    expect(page.get_by_role("link", name="Stop")).to_be_focused()
    return page


@pytest.mark.parametrize("scripts", ["on", "off"])
def test_the_button_that_stops_it_has_the_focus(
    app: Flask, chromium: Browser, site_url: str, at: Clock, scripts: str
) -> None:
    at(NOW)
    page = opened(app, chromium, site_url, scripts=scripts == "on")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site_url}/en/admin/access/live/")
    page.context.close()


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch, at: Clock) -> None:
    """Renew the rows ten times a second."""
    at(NOW)
    monkeypatch.setattr(live, "SECONDS", 0.1)


@pytest.mark.usefixtures("often")
def test_rows_come_and_the_focus_stays(
    app: Flask, chromium: Browser, site_url: str, load: Callable[[Iterable[Entry]], None]
) -> None:
    page = opened(app, chromium, site_url, scripts=True)
    load([entry(NOW, path="/meanwhile")])
    expect(page.get_by_text("/meanwhile").first).to_be_visible()
    assert page.evaluate("document.activeElement.textContent") == "Stop"
    page.context.close()
