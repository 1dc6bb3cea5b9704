"""Every staff page in two sizes and two colour schemes, and by keyboard."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from neupusti.core.data.database import writing
from neupusti.core.mail.models import OutboxState
from neupusti.core.rules import Permission
from neupusti.staff.service import grants, suspending
from tests import desk
from tests.accounts.cast import account
from tests.admin.test_mail import email
from tests.conftest import SQLITE
from tests.journeys.test_reading import Visit
from tests.looks import audit
from tests.people import AIGERIM, BOLAT, DANA

PATHS = [
    "/admin/",
    "/admin/people/",
    "/admin/people/2",
    "/admin/people/2/blocks",
    "/admin/people/3/blocks",
    "/admin/people/?state=blocked",
    "/admin/staff/",
    "/admin/staff/1",
    "/admin/staff/new",
    "/admin/journal/",
    "/admin/journal/?book=site",
    "/admin/mail/",
    "/admin/mail/1",
    "/admin/consents/",
]
REASON = "Спросила по телефону о заказе"


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def visit(
    request: pytest.FixtureRequest, app: Flask, chromium: Browser, site_url: str
) -> Iterator[Visit]:
    """A page of a member of staff who has just signed in with a TOTP code."""
    with app.test_request_context():
        dana = account(DANA, with_second_factor=True)
    desk.person(AIGERIM, family_name="Нұрланова")
    bolat = desk.member(BOLAT, Permission.ORDERS, second_factor=False)
    with writing() as session:
        suspending.suspend(session, bolat, by=dana.number, reason=REASON)
        grants.change(session, dana.number, Permission, by=None)
        session.add(email(OutboxState.REFUSED))
    context = chromium.new_context(java_script_enabled=request.param)
    visit = Visit(context.new_page(), site_url)
    visit.open("/kk/account/login?next=/kk/admin/")
    page = visit.page
    page.locator("[name=email]").fill(dana.email)
    page.locator("[name=password]").fill(dana.password)
    page.keyboard.press("Enter")
    page.locator("[name=code]").fill(dana.code())
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site_url}/kk/admin/")
    yield visit
    context.close()


def suspend(page: Page, *, audited: bool) -> None:
    """Suspend the account whose page is open, and lift the suspension."""
    page.locator("#blocks + p + p a").click()
    for path in ("done=blocked", "done=released"):
        page.locator("[name=reason]").fill(REASON)
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(path))
        if audited:
            audit(page)


@SQLITE
def test_all_staff_pages(visit: Visit, request: pytest.FixtureRequest) -> None:
    audited = "no scripts" not in request.node.name
    page = visit.page
    for path in PATHS:
        visit.open(path)
        assert page.url.endswith(path)
        if audited:
            audit(page)
    visit.open("/kk/admin/people/")
    page.locator("main [name=q]").fill("нұрл")
    page.locator("[name=reason]").fill(REASON)
    page.keyboard.press("Enter")
    expect(page.get_by_role("rowheader", name="Нұрланова Айгерим")).to_be_visible()
    if audited:
        audit(page)
    page.locator("table button").click()
    expect(page.get_by_text(AIGERIM.email)).to_be_visible()
    if audited:
        audit(page)
    suspend(page, audited=audited)
    visit.open("/kk/admin/journal/?what=people.opened")
    expect(page.get_by_text(REASON)).to_be_visible()
    page.locator("nav form button").click()
    visit.open("/kk/admin/")
    assert "/account/login" in page.url
    assert visit.complaints == []
