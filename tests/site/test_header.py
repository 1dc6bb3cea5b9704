"""The header of a phone takes little of its screen."""

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.conftest import SQLITE

ROWS = """() => {
  const all = [...document.querySelectorAll('header.top .page:first-of-type > *')]
    .map(one => one.getBoundingClientRect()).filter(box => box.width > 1);
  return { rows: new Set(all.map(box => Math.round(box.top + box.height / 2) >> 4)).size,
    height: document.querySelector('header.top .page').getBoundingClientRect().height };
}"""


@SQLITE
@pytest.mark.parametrize("prefix", ["", "/kk", "/en"])
def test_the_header_of_a_phone_has_two_rows(
    chromium: Browser, site_url: str, prefix: str
) -> None:
    page = chromium.new_page(viewport=ViewportSize(width=360, height=740))
    for path in ("/policy/", "/cart/"):
        page.goto(site_url + prefix + path)
        header = page.evaluate(ROWS)
        assert header["rows"] == 2
        assert header["height"] <= 120
    page.close()
