"""The banner leaves most of the first screen to the page, and refusing is as easy."""

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from neupusti.app import FEATURES
from neupusti.core import clock
from neupusti.core.feature import Feature
from neupusti.core.text.languages import Language
from tests.conftest import SQLITE
from tests.consent.conftest import Visitor
from tests.times import Clock

pytestmark = SQLITE
MOST = {(360, 740): 0.4 * 740, (1366, 768): 140.0}
"""Viewport -> the greatest height of the banner, in CSS pixels."""
MEASURE = """() => {
    const box = element => element.getBoundingClientRect();
    const buttons = [...document.querySelectorAll(".cookies button")];
    return {
        height: box(document.querySelector(".cookies")).height,
        sizes: buttons.map(one => [box(one).width, box(one).height]),
        rows: [...new Set(buttons.map(one => box(one).top))],
        cut: buttons.some(one => one.scrollWidth > one.clientWidth),
        wide: document.documentElement.scrollWidth,
    };
}"""


@pytest.fixture
def features() -> tuple[Feature, ...]:
    """All features of the site."""
    return FEATURES


def check(page: Page, *, buttons: int) -> None:
    """Assert the measures of the banner in this state, at each size of the window."""
    for (width, height), most in MOST.items():
        page.set_viewport_size({"width": width, "height": height})
        found = page.evaluate(MEASURE)
        assert found["height"] <= most, (width, found["height"])
        assert len(found["sizes"]) == buttons
        sides = [*zip(*found["sizes"], strict=True)]
        assert all(max(side) - min(side) < 1 for side in sides), found["sizes"]
        assert all(size >= 44 for side in sides for size in side)
        assert len(found["rows"]) == 1
        assert not found["cut"]
        assert found["wide"] <= width


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_banner_takes_little_and_its_buttons_are_alike(
    chromium: Browser,
    site_url: str,
    language: Language,
    scripts: bool,  # noqa: FBT001 - a column of the table
) -> None:
    context = chromium.new_context(java_script_enabled=scripts)
    page = context.new_page()
    page.goto(f"{site_url}{language.prefix}/policy/")
    check(page, buttons=3)
    context.close()


@pytest.mark.parametrize("language", Language)
def test_a_banner_that_asks_again_takes_no_more(
    app: Flask, chromium: Browser, site_url: str, language: Language, at: Clock
) -> None:
    visitor = Visitor(app.test_client())
    visitor.choose("accept")
    cookie = {"name": "consent", "value": visitor.cookie() or "", "url": site_url}
    at(clock.now() + timedelta(days=180, minutes=1))
    context = chromium.new_context()
    context.add_cookies([cookie])  # type: ignore[list-item] # their dict is typed
    page = context.new_page()
    page.goto(f"{site_url}{language.prefix}/policy/")
    assert page.locator(".cookies strong").count() == 1
    check(page, buttons=3)
    context.close()


@pytest.mark.parametrize("language", Language)
def test_the_strip_of_the_signal_is_low_and_can_be_closed(
    chromium: Browser, site_url: str, language: Language
) -> None:
    context = chromium.new_context(extra_http_headers={"Sec-GPC": "1"})
    page = context.new_page()
    page.goto(f"{site_url}{language.prefix}/policy/")
    check(page, buttons=1)
    page.click(".cookies [value=close]")
    page.wait_for_load_state()
    assert page.locator(".cookies").count() == 0
    page.goto(f"{site_url}{language.prefix}/cookies/")
    assert page.locator(".cookies").count() == 0
    context.close()
