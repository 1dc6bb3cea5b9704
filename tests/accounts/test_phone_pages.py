"""Pages of accounts on a phone, and what a limit says."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale
from playwright.sync_api import Browser, ViewportSize

from neupusti.accounts.service import limits
from neupusti.core.text.languages import Language, force_language
from neupusti.core.web.errors import TooManyError
from tests.accounts.cast import submit
from tests.conftest import SQLITE
from tests.people import AIGERIM, BOLAT
from tests.times import NOON, Clock

PHONE = ViewportSize(width=390, height=844)
LABELS = {"": "Даю соглас", "/kk": "келіс"}


@SQLITE
@pytest.mark.parametrize("prefix", LABELS)
def test_both_consents_are_folded(chromium: Browser, site_url: str, prefix: str) -> None:
    page = chromium.new_page(viewport=PHONE)
    page.goto(f"{site_url}{prefix}/account/register")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for box in ("consent", "newsletter"):
        words = page.locator(f"#{box}-words")
        assert not words.is_visible()
        assert page.locator(f"label[for={box}]").is_visible()
        page.locator(f"details:has(#{box}-words) > summary").click()
        assert words.is_visible()
        assert words.locator("li").count() == 9
    assert LABELS[prefix] in page.locator("label[for=consent]").inner_text()
    page.close()


@SQLITE
@pytest.mark.parametrize(
    ("language", "until"),
    [
        (Language.RU, "22 ноября 2026 г., 17:06, время Алматы"),
        (Language.KK, "2026 ж. 22 қараша, 17:06, Алматы уақыты"),
        (Language.EN, "22 November 2026, 17:06, Almaty time"),
    ],
)
def test_a_limit_says_until_when(
    app: Flask, at: Clock, language: Language, until: str
) -> None:
    at(NOON)
    with force_language(language), force_locale(language.locale):
        words = str(TooManyError(timedelta(minutes=5, seconds=30)).message)
    assert until.replace(" ", "\xa0") in words.replace(" ", "\xa0")


def test_a_limit_is_a_page_with_a_way_on(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    low = replace(limits.SIGN_IN_NETWORK, times=1)
    monkeypatch.setattr(limits, "SIGN_IN_NETWORK", low)
    for who in (AIGERIM, BOLAT):
        wrong = {"email": who.email, "password": "неверный пароль тут"}
        answer = submit(client, "/account/login", wrong)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Попробуйте снова не раньше" in answer.text
    assert "без учётной записи" in answer.text
