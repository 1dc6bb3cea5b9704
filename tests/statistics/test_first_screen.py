"""The first screen in a browser: a phone, the keyboard, forced colours, paper."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext

from neupusti.core import clock
from neupusti.core.text.languages import Language
from tests.access.conftest import entry
from tests.conftest import SQLITE
from tests.statistics.test_overview import OVERVIEW, SCANNER

OWN = {"Sec-Fetch-Site": "same-origin"}
FILLS = (
    "[...document.querySelectorAll('.plot path')]"
    ".map(path => [path.className.baseVal, getComputedStyle(path).fill])"
)
Open = Callable[..., BrowserContext]


@pytest.fixture
def seated(
    app: Flask,
    staff: FlaskClient,
    load: Callable[..., None],
    chromium: Browser,
    site_url: str,
) -> Iterator[Open]:
    """Open contexts of a member of staff who has made her choice of cookies."""
    start = clock.midnight(clock.today()) - timedelta(hours=12)
    load([
        *(entry(start + timedelta(minutes=at), ip=f"203.0.113.{at}") for at in range(60)),
        *(entry(start + timedelta(minutes=at), user_agent="curl/8.5.0") for at in range(9)),
        entry(start, status=500),
        *(
            entry(start + timedelta(seconds=at), ip=SCANNER, path=f"/x{at}.php", status=404)
            for at in range(40)
        ),
    ])  # fmt: skip
    staff.post("/cookies/", data={"choice": "reject"}, headers=OWN)
    names = ("session", "consent")
    jar = [
        {"name": one.key, "value": one.value, "url": site_url}
        for one in (staff.get_cookie(name) for name in names)
        if one is not None
    ]
    contexts: list[BrowserContext] = []

    def open_(**options: object) -> BrowserContext:
        context = chromium.new_context(base_url=site_url, **options)  # type: ignore[arg-type]
        context.add_cookies(jar)  # type: ignore[arg-type]
        contexts.append(context)
        return context

    yield open_
    for context in contexts:
        context.close()


@SQLITE
def test_on_a_phone_the_first_figure_stands_in_the_first_screen(seated: Open) -> None:
    page = seated(viewport={"width": 360, "height": 640}).new_page()
    for language in Language:
        page.goto(f"{language.prefix}/admin/access/")
        box = page.locator("dd.figure").first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= 640, language
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


@SQLITE
def test_forced_colours_leave_every_class_its_own_pattern(seated: Open) -> None:
    page = seated(forced_colors="active").new_page()
    page.goto(f"{OVERVIEW}?period=yesterday")
    fills = dict(page.evaluate(FILLS))
    assert fills.keys() >= {"people", "robots", "scanners"}
    assert len(set(fills.values())) == len(fills)
    assert "#stripes" in fills["scanners"]


@SQLITE
def test_the_worst_sentence_is_reached_and_opened_by_keyboard(seated: Open) -> None:
    page = seated().new_page()
    page.goto(f"{OVERVIEW}?period=7d")
    page.locator(".periods a").last.focus()
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.closest('.saying') !== null")
    assert focused
    page.keyboard.press("Enter")
    page.wait_for_url("**/findings/**")
    page.go_back()
    fold = page.locator("summary", has_text="The same as a table")
    fold.focus()
    page.keyboard.press("Enter")
    assert page.locator("table.figures").is_visible()


@SQLITE
def test_charts_and_tables_are_printed_and_ways_to_click_are_not(seated: Open) -> None:
    page = seated().new_page()
    page.goto(f"{OVERVIEW}?period=30d")
    page.emulate_media(media="print")
    for kept in (".plot", ".tiles", "#list-path"):
        assert page.locator(kept).first.is_visible()
    for left in (".periods", ".chips", "details.fold"):
        assert not page.locator(left).first.is_visible()
