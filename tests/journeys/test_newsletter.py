"""Into the newsletter and out of it, without JavaScript, in three languages."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from neupusti.core.data.database import db
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import Subscriber, SubscriberState
from neupusti.newsletter.service import issues
from tests.conftest import SQLITE
from tests.core.smtp_server import SmtpServer
from tests.newsletter import cast
from tests.people import AIGERIM

BASE = "http://127.0.0.1:8000"
SUBJECTS = {
    Language.RU: "Новые чайники",
    Language.KK: "Жаңа шәйнектер",
    Language.EN: "New teapots",
}
"""The issue of `cast.issue` in each language."""


@pytest.fixture
def smtp(app: Flask) -> Iterator[SmtpServer]:
    """The mail server by which the served site sends."""
    with SmtpServer().open() as smtp:
        cast.send_by(app, smtp.port)
        yield smtp


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A phone without JavaScript."""
    context = chromium.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}
    )
    yield context.new_page()
    context.close()


def state() -> str:
    db.session.rollback()
    return db.session.scalars(select(Subscriber.state)).one()


def link(text: str, part: str) -> str:
    found = re.search(rf"{BASE}(\S*/newsletter/{part}/\S+)", text)
    assert found, text
    return found[1]


@SQLITE
@pytest.mark.slow
@pytest.mark.clause("4.1.9")
@pytest.mark.clause("3.3.1")
@pytest.mark.parametrize("language", Language)
def test_in_by_a_press_one_issue_and_out_by_one_click(
    app: Flask, site_url: str, smtp: SmtpServer, page: Page, language: Language
) -> None:
    page.goto(f"{site_url}{language.prefix}/")
    page.locator(f'footer a[href="{language.prefix}/newsletter/"]').click()
    page.locator("#email").fill(AIGERIM.email)
    page.locator('input[name="topic"][value="goods"]').check()
    page.locator("#consent").check()
    page.locator("main form button.button").click()
    assert page.url.endswith("/newsletter/sent")

    cast.round_of_worker()
    [asking] = smtp.emails
    confirm = site_url + link(cast.body(asking), "confirm")
    for _ in range(10):  # a scanner of emails
        assert page.request.get(confirm).status == 200
        assert page.request.head(confirm).status == 200
    assert state() == SubscriberState.PENDING
    page.goto(confirm)
    page.locator("main form button.button").click()
    assert page.url.endswith("/newsletter/confirmed")
    assert state() == SubscriberState.ACTIVE
    assert page.context.cookies() == []

    number = cast.issue()
    assert issues.start(number, staff=cast.DANA) == 1
    cast.sent_through(number)
    received = smtp.emails[1]
    assert received["Subject"] == SUBJECTS[language]
    leaving = received["List-Unsubscribe"].strip("<>").removeprefix(BASE)
    assert leaving == link(cast.body(received), "unsubscribe")
    page.goto(site_url + leaving)
    assert state() == SubscriberState.ACTIVE
    one_click: dict[str, str | float | bool] = {"List-Unsubscribe": "One-Click"}
    answer = page.request.post(site_url + leaving, form=one_click, max_redirects=0)
    assert (answer.status, answer.body()) == (200, b"")
    assert "set-cookie" not in answer.headers
    assert state() == SubscriberState.ENDED
    page.locator("main form button").click()
    assert page.url.endswith("/newsletter/unsubscribed")
