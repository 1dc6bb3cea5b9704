"""On paper a page takes its width: no column of the screen is left in print."""

import re

import pytest
from flask import Flask, url_for
from playwright.sync_api import Browser

from neupusti.core.registry import registry
from tests.conftest import SQLITE

PAGE = re.compile(rb"/Type\s*/Page\b")
FORMATS = {"portrait": {}, "landscape": {"landscape": True}, "small": {"scale": 0.7}}
MOST = 1.5
"""Times the pages of the best format; a page more or less is no column."""


@pytest.mark.slow
@SQLITE
@pytest.mark.usefixtures("samples")
def test_no_format_takes_many_more_pages(
    app: Flask, chromium: Browser, site_url: str
) -> None:
    with app.test_request_context():
        first = {name: url_for(name, **values) for name, values in registry().addresses()}
    page = chromium.new_page()
    wide = {}
    for address in first.values():
        page.goto(site_url + address)
        pages = {
            name: len(PAGE.findall(page.pdf(format="A4", **options)))  # type: ignore[arg-type]
            for name, options in FORMATS.items()
        }
        # Landscape holds as much as portrait; at 70 % a page holds twice as much.
        fair = {**pages, "small": pages["small"] * 2}
        if max(pages.values()) > MOST * min(fair.values()) + 1:
            wide[address] = pages
    page.close()
    assert wide == {}
