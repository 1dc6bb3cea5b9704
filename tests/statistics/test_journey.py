"""The statistics in a browser: accessible, on any screen, with the keyboard."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser

from neupusti.core import clock
from neupusti.core.rules import Permission
from tests import desk
from tests.access import logs
from tests.access.conftest import entry
from tests.conftest import SQLITE
from tests.looks import LOOKS, audit
from tests.people import DANA

PAGES = [
    "/kk/admin/access/?period=30d",
    "/en/admin/access/?period=yesterday&is=browser:Chrome",
    "/kk/admin/access/list/path/?period=yesterday",
    "/en/admin/access/problems/",
    "/en/admin/access/addresses/1/",
]


READABLE = 60
"""Pixels: a narrower row heading would wrap after each letter."""
NARROWEST = (
    "Math.min(1e9, ...[...document.querySelectorAll('.listing th[scope=row]')]"
    ".map(cell => cell.getBoundingClientRect().width))"
)


@SQLITE
@pytest.mark.clause("3.3.2")
@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_the_statistics_is_open_to_everybody_who_may(
    app: Flask, load: Callable[..., None], chromium: Browser, site_url: str, path: str
) -> None:
    now = clock.now().astimezone(UTC)
    load(_day(now - timedelta(days=1)))
    seat = desk.signed_in(app, desk.member(DANA, Permission.STATISTICS))
    cookie = seat.get_cookie("session")
    assert cookie is not None
    context = chromium.new_context()
    context.add_cookies([{"name": "session", "value": cookie.value, "url": site_url}])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(site_url + path)

    assert page.locator("h1").count() == 1
    for width, scheme in LOOKS:
        audit(page, [(width, scheme)])
        assert page.evaluate(NARROWEST) >= READABLE, (width, scheme)
    assert page.query_selector_all("[style], style, script:not([src])") == []
    assert complaints == []
    context.close()


def _day(moment: datetime) -> list[object]:
    people = [
        entry(
            moment + timedelta(seconds=at),
            ip=f"203.0.113.{at}",
            user_agent=logs.PEOPLE[at % len(logs.PEOPLE)],
            path=f"/product/goods-with-a-rather-long-name-{at % 9}",
            status=(200, 404, 500)[at % 3],
            referrer="https://yandex.kz/search/" if at % 2 else "",
            duration_us=at * 1000,
        )
        for at in range(60)
    ]
    scanner = [
        entry(
            moment + timedelta(milliseconds=at),
            ip="198.51.100.9",
            path=f"/x{at}",
            status=404,
        )
        for at in range(30)
    ]
    return [*people, *scanner]
