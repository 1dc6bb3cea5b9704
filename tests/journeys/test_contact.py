"""A question from the form to the answer, in three languages and without scripts."""

import re
from dataclasses import dataclass, field

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, expect

from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from tests import desk
from tests.accounts.cast import emails_to
from tests.conftest import SQLITE
from tests.journeys.purchase import LOOKS
from tests.journeys.test_reading import Visit
from tests.looks import audit_once
from tests.people import AIGERIM, DANA

QUESTION, ANSWER = "Шәйнек ысқыра ма?", "Иә, үш дауыспен."
LINK = re.compile(r"(/contact/link/[\w-]+)")


@dataclass
class Reader(Visit):
    """A browser page that is checked in its sizes and schemes where scripts run."""

    scripts: bool = field(kw_only=True)

    def read(self) -> None:
        """Check the page as it is now."""
        if self.scripts:
            audit_once(self.page, LOOKS)


@SQLITE
@pytest.mark.parametrize(
    ("language", "scripts"),
    [*((language, True) for language in Language), (Language.KK, False)],
)
def test_a_question_is_asked_and_answered(
    app: Flask, chromium: Browser, site_url: str, *, language: Language, scripts: bool
) -> None:
    app.config["SERVER_NAME"] = None
    visit = Reader(
        _context(chromium, scripts=scripts).new_page(), site_url, scripts=scripts
    )
    visit.open(f"{language.prefix}/contact/")
    page = visit.page
    page.click("main form .button")
    expect(page.locator(".problem")).to_be_visible()
    visit.complaints.clear()  # the browser complains about the status 422
    visit.read()
    page.select_option("[name=subject]", "goods")
    page.fill("[name=words]", QUESTION)
    page.fill("[name=email]", AIGERIM.email)
    page.check("[name=attach]")
    page.check("[name=consent]")
    page.click("main form .button")
    number = page.url.rpartition("/")[2].partition("?")[0]
    expect(page.locator("h1")).to_contain_text(number)
    visit.read()

    _answer(app, chromium, site_url, number, language=language, scripts=scripts)
    [*_first, email] = emails_to(AIGERIM.email)
    assert ANSWER in email.text
    elsewhere = Visit(_context(chromium, scripts=scripts).new_page(), site_url)
    [link] = LINK.findall(email.text)
    elsewhere.open(language.prefix + link)
    expect(elsewhere.page.get_by_text(ANSWER)).to_be_visible()
    assert "link" not in elsewhere.page.url
    assert (visit.complaints, elsewhere.complaints) == ([], [])


def _answer(  # noqa: PLR0913 - who, where and in which way
    app: Flask,
    chromium: Browser,
    site_url: str,
    number: str,
    *,
    language: Language,
    scripts: bool,
) -> None:
    """Answer a question at the desk, in a browser of its own."""
    answering = _context(chromium, scripts=scripts)
    client = desk.signed_in(app, desk.member(DANA, Permission.ORDERS))
    key = client.get_cookie("session")
    assert key is not None
    answering.add_cookies([{"name": "session", "value": key.value, "url": site_url}])
    staff = Reader(answering.new_page(), site_url, scripts=scripts)
    staff.open(f"{language.prefix}/admin/contact/")
    staff.read()
    staff.page.click(f"main a:has-text('{number}')")
    staff.read()
    staff.page.click(".work .button")
    expect(staff.page.get_by_text(QUESTION)).to_be_visible()
    staff.read()
    staff.page.fill("[name=words]", ANSWER)
    staff.page.click("[value=answer]")
    staff.read()
    assert staff.complaints == []


def _context(chromium: Browser, *, scripts: bool) -> BrowserContext:
    return chromium.new_context(java_script_enabled=scripts)
