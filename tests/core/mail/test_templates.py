"""How a email looks: readable on a phone, one button, the colours of the site."""

import re
from typing import Literal

import pytest
from flask import Flask
from playwright.sync_api import Browser, ViewportSize

from neupusti.core.data.database import writing
from neupusti.core.mail import outbox
from neupusti.core.mail.outbox import Recipient
from neupusti.core.registry import registry
from neupusti.core.text.languages import Language
from tests.conftest import SQLITE
from tests.people import AIGERIM

PHONE = ViewportSize(width=390, height=844)
WITH_LINKS = {
    "accounts.confirm": {"token": "t" * 60},
    "accounts.reset": {"token": "t" * 60},
    "accounts.existing": {},
}


def letter(kind: str, language: Language, values: dict[str, str]) -> str:
    """Return the HTML of a letter."""
    found = next(one for one in registry().emails if one.name == kind)
    to = Recipient(email=AIGERIM.email, language=language)
    with writing() as session:
        return outbox.enqueue(session, found, to, key=kind + language, values=values).html


@SQLITE
@pytest.mark.parametrize("kind", WITH_LINKS)
@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_letter_is_readable_on_a_phone(
    app: Flask,
    chromium: Browser,
    kind: str,
    language: Language,
    scheme: Literal["light", "dark"],
) -> None:
    html = letter(kind, language, WITH_LINKS[kind])
    page = chromium.new_page(viewport=PHONE, color_scheme=scheme, is_mobile=True)
    page.set_content(html)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    size = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    assert size >= 16
    button = page.locator("a.button")
    assert button.count() == 1
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert box["y"] + box["height"] <= PHONE["height"]
    assert re.match(r"https?://", button.get_attribute("href") or "")
    page.close()
