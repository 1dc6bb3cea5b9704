"""The names that assistive technology reads are those that are seen, or longer."""

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.conftest import SQLITE

NAMES = ["Русский", "Қазақша", "English"]


@SQLITE
@pytest.mark.parametrize("width", [360, 1366])
def test_a_language_is_named_in_full(chromium: Browser, site_url: str, width: int) -> None:
    page = chromium.new_page(viewport=ViewportSize(width=width, height=740))
    page.goto(site_url)
    for name in NAMES:
        link = page.get_by_role("link", name=name, exact=True)
        assert link.count() == 1
        shown = "".join(link.inner_text().split())
        assert shown
        assert name.startswith(shown)
    page.close()
