"""Fixtures of the site's own pages."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.disks import mounted
from tests.kinds import Kinds

__all__ = ["mounted"]


@pytest.fixture
def kinds(app: Flask, chromium: Browser, site_url: str) -> Iterator[Kinds]:
    """Every kind of page, with a browser for each kind of visitor."""
    app.config["SERVER_NAME"] = None
    found = Kinds(app, chromium, site_url)
    yield found
    found.close()
