"""The destruction of one's data from the home page on, with and without scripts."""

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from tests import desk
from tests.accounts.cast import account, emails_to, signed_in
from tests.conftest import SQLITE
from tests.erasure.erasing import confirmed
from tests.erasure.test_pages import UNDO
from tests.journeys.test_rights import OPEN, WAYS, reader
from tests.orders.buying import Shopper, product
from tests.people import AIGERIM, DANA, GUEST


@SQLITE
@pytest.mark.clause("6.1.3")
@pytest.mark.parametrize(("language", "scripts"), WAYS)
def test_a_guest_asks_for_it_and_undoes_it_by_the_e_mail(
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
    visit.open(f"{language.prefix}/rights/")
    page.fill("[name=email]", GUEST.email)
    page.click("[name=right][value=destroy]")
    [link] = OPEN.findall(emails_to(GUEST.email)[-1].text)
    visit.open(language.prefix + link)
    page.click("main form .button")
    expect(page).to_have_url(f"{site_url}{language.prefix}/rights/destroy")
    visit.read()
    page.click("main form .button")
    expect(page.locator("main form.notice")).to_be_visible()
    visit.read()
    [token] = UNDO.findall(emails_to(GUEST.email)[-1].text)
    visit.open(f"{language.prefix}/rights/undo/{token}")
    visit.read()
    page.click("main form .button")
    expect(page.get_by_role("status")).to_be_visible()
    visit.read()
    assert visit.complaints == []


@SQLITE
@pytest.mark.clause("6.1.3")
@pytest.mark.parametrize(("language", "scripts"), WAYS)
def test_an_account_asks_for_it_and_undoes_it(
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
    page = visit.page
    visit.open(f"{language.prefix}/account/")
    page.click("main a[href$='/account/data/destroy']")
    visit.read()
    page.click("main form .button")
    visit.open(f"{language.prefix}/account/")
    visit.read()
    page.click("main form.notice .button")
    expect(page.get_by_role("status")).to_be_visible()
    visit.read()
    visit.open(f"{language.prefix}/account/")
    expect(page.locator("main form.notice")).to_have_count(0)
    assert visit.complaints == []


@SQLITE
@pytest.mark.clause("6.1.3")
def test_staff_see_how_far_it_is(app: Flask, chromium: Browser, site_url: str) -> None:
    app.config["SERVER_NAME"] = None
    confirmed(AIGERIM, account(AIGERIM).number)
    staff = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY)).get_cookie("session")
    assert staff is not None
    visit = reader(chromium, site_url, scripts=True, session=staff.value)
    visit.open("/kk/admin/erasures/")
    visit.read()
    visit.page.click("main table a")
    visit.read()
    assert visit.complaints == []
