"""Block one's data from the home page on, for a guest and an account, without scripts."""

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from neupusti.core.text.languages import Language
from tests.accounts.cast import account, emails_to, signed_in
from tests.blocking.cast import newest
from tests.conftest import SQLITE
from tests.journeys.test_contact import Reader
from tests.journeys.test_rights import OPEN, WAYS, reader
from tests.orders.buying import Shopper, product
from tests.people import AIGERIM, GUEST

EVERY_WAY = pytest.mark.parametrize(("language", "scripts"), WAYS)


def block_and_take_back(visit: Reader) -> None:
    """Press the button, see that it is blocked, and take it back."""
    page = visit.page
    page.fill("main [name=reason]", "Телефон не мой.")
    page.click("main form .button")
    assert newest().lifted_at is None
    assert newest().request in page.inner_text("main")
    visit.read()
    page.click("main form[action$='/block/end'] .button")
    assert newest().outcome == "withdrawn"
    expect(page.get_by_role("status")).to_be_visible()
    assert page.locator("main [name=reason]").count() == 1
    visit.read()
    assert visit.complaints == []


@SQLITE
@pytest.mark.clause("6.2.4")
@EVERY_WAY
def test_a_guest_blocks(
    app: Flask,
    chromium: Browser,
    site_url: str,
    language: Language,
    scripts: bool,  # noqa: FBT001
) -> None:
    app.config["SERVER_NAME"] = None
    Shopper(app).bought(product())
    visit = reader(chromium, site_url, scripts=scripts)
    page = visit.page
    visit.open(f"{language.prefix}/")
    page.click("footer a[href$='/rights/']")
    page.fill("[name=email]", GUEST.email)
    page.click("[name=right][value=block]")
    [link] = OPEN.findall(emails_to(GUEST.email)[-1].text)
    visit.open(language.prefix + link)
    page.click("main form .button")
    visit.read()
    block_and_take_back(visit)


@SQLITE
@pytest.mark.clause("6.2.4")
@EVERY_WAY
def test_an_account_blocks(
    app: Flask,
    chromium: Browser,
    site_url: str,
    language: Language,
    scripts: bool,  # noqa: FBT001
) -> None:
    app.config["SERVER_NAME"] = None
    cookie = signed_in(app, account(AIGERIM)).get_cookie("session")
    assert cookie is not None
    visit = reader(chromium, site_url, scripts=scripts, session=cookie.value)
    visit.open(f"{language.prefix}/rights/")
    visit.page.click("main a[href$='/account/data/block']")
    visit.read()
    block_and_take_back(visit)
