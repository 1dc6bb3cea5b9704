"""Ways out: I do not agree, and my account was broken into; with and without scripts."""

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from neupusti.core.data.database import db
from neupusti.core.text.languages import Language
from neupusti.rights.models import DataRequest
from tests.accounts.cast import account, signed_in
from tests.conftest import SQLITE
from tests.journeys.test_rights import WAYS, reader
from tests.people import AIGERIM

pytestmark = SQLITE
EVERY_WAY = pytest.mark.parametrize(("language", "scripts"), WAYS)


@pytest.mark.clause("2.2")
@EVERY_WAY
def test_whoever_disagrees_ends_everything_and_reads_on(
    app: Flask,
    chromium: Browser,
    site_url: str,
    language: Language,
    scripts: bool,  # noqa: FBT001 - pytest names it
) -> None:
    app.config["SERVER_NAME"] = None
    visit = reader(chromium, site_url, scripts=scripts)
    page = visit.page
    visit.open(f"{language.prefix}/")
    page.click("footer a[href$='/rights/']")
    page.click("main a[href$='/policy/disagree/']")
    visit.read()
    page.click("main form .button")
    expect(page.locator("section.cookies")).to_be_visible()
    assert page.url.partition("?")[0] == f"{site_url}{language.prefix}/policy/disagreed/"
    visit.read()
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert names == {"consent"}
    page.click("main a[href$='/catalog/']")
    assert {cookie["name"] for cookie in page.context.cookies()} == {"consent"}
    assert visit.complaints == []


@pytest.mark.clause("2.2")
@EVERY_WAY
def test_an_account_disagrees_and_is_signed_out(
    app: Flask,
    chromium: Browser,
    site_url: str,
    language: Language,
    scripts: bool,  # noqa: FBT001 - pytest names it
) -> None:
    app.config["SERVER_NAME"] = None
    cookie = signed_in(app, account(AIGERIM)).get_cookie("session")
    assert cookie is not None
    visit = reader(chromium, site_url, scripts=scripts, session=cookie.value)
    page = visit.page
    visit.open(f"{language.prefix}/rights/")
    page.click("main a[href$='/policy/disagree/']")
    visit.read()
    page.click("main form .button")
    expect(page.locator("section.cookies")).to_be_visible()
    assert {one["name"] for one in page.context.cookies()} == {"consent"}
    visit.open(f"{language.prefix}/account/")
    assert "/account/login" in page.url
    assert visit.complaints == []


@pytest.mark.clause("5.5")
@EVERY_WAY
def test_an_account_that_was_broken_into_is_shut(
    app: Flask,
    chromium: Browser,
    site_url: str,
    language: Language,
    scripts: bool,  # noqa: FBT001 - pytest names it
) -> None:
    app.config["SERVER_NAME"] = None
    cookie = signed_in(app, account(AIGERIM)).get_cookie("session")
    assert cookie is not None
    visit = reader(chromium, site_url, scripts=scripts, session=cookie.value)
    page = visit.page
    visit.open(f"{language.prefix}/account/")
    page.click("main a[href$='/rights/emergency']")
    visit.read()
    page.click("main form .button")
    assert page.url == f"{site_url}{language.prefix}/rights/emergency/done"
    visit.read()
    visit.open(f"{language.prefix}/account/")
    assert "/account/login" in page.url
    db.session.rollback()
    assert db.session.query(DataRequest).one().kind == "block"
    assert visit.complaints == []
