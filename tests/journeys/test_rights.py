"""Rights from the home page on, for a guest and an account, with and without scripts."""

import re
import zipfile
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from tests import desk
from tests.accounts.cast import account, emails_to, signed_in
from tests.conftest import SQLITE
from tests.journeys.test_contact import Reader
from tests.orders.buying import Shopper, product
from tests.people import AIGERIM, DANA, GUEST
from tests.rights.asking import work

OPEN = re.compile(r"(/rights/open/[\w-]{43})")
WAYS = [(language, scripts) for scripts in (True, False) for language in Language]


def reader(chromium: Browser, site_url: str, *, scripts: bool, session: str = "") -> Reader:
    """Return a new browser, signed in where it has the cookie of a session."""
    context = chromium.new_context(java_script_enabled=scripts, accept_downloads=True)
    if session:
        context.add_cookies([{"name": "session", "value": session, "url": site_url}])
    return Reader(context.new_page(), site_url, scripts=scripts)


def download(visit: Reader, tmp_path: Path) -> None:
    """Ask for the archive, let the job make it, and fetch it."""
    page = visit.page
    page.click("main form[action$='/export'] .button")
    work()  # before the page loads itself again
    page.reload()
    visit.read()
    with page.expect_download() as fetched:
        page.click("main a.button")
    file = tmp_path / "data.zip"
    fetched.value.save_as(file)
    with zipfile.ZipFile(file) as made:
        assert "index.html" in made.namelist()


def contest(page: Page) -> None:
    """Say in words that something is wrong."""
    page.fill("[name=about]", "Неверно отчество.")
    page.select_option("[name=value]", "")
    page.click("main form .button")


@SQLITE
@pytest.mark.clause("6.1.3")
@pytest.mark.parametrize(("language", "scripts"), WAYS)
def test_a_guest_sees_downloads_and_corrects(  # noqa: PLR0913, PLR0917 - pytest names them
    app: Flask,
    chromium: Browser,
    site_url: str,
    tmp_path: Path,
    language: Language,
    scripts: bool,  # noqa: FBT001
) -> None:
    app.config["SERVER_NAME"] = None
    Shopper(app).bought(product())
    visit = reader(chromium, site_url, scripts=scripts)
    page = visit.page
    visit.open(f"{language.prefix}/")
    page.click("footer a[href$='/rights/']")
    visit.read()
    page.fill("[name=email]", GUEST.email)
    page.click("[name=right][value=access]")
    visit.read()
    [link] = OPEN.findall(emails_to(GUEST.email)[-1].text)
    visit.open(language.prefix + link)
    visit.read()
    page.click("main form .button")
    expect(page.get_by_text(GUEST.email).first).to_be_visible()
    page.locator("summary").first.click()
    visit.read()
    download(visit, tmp_path)
    page.go_back()
    page.goto(f"{site_url}{language.prefix}/rights/data/correct")
    visit.read()
    contest(page)
    expect(page.locator("h1")).to_contain_text("NZ-")
    visit.read()
    assert visit.complaints == []


@SQLITE
@pytest.mark.clause("6.1.2")
@pytest.mark.parametrize(("language", "scripts"), WAYS)
def test_an_account_sees_downloads_and_corrects(  # noqa: PLR0913, PLR0917 - pytest names them
    app: Flask,
    chromium: Browser,
    site_url: str,
    tmp_path: Path,
    language: Language,
    scripts: bool,  # noqa: FBT001
) -> None:
    app.config["SERVER_NAME"] = None
    cookie = signed_in(app, account(AIGERIM)).get_cookie("session")
    assert cookie is not None
    visit = reader(chromium, site_url, scripts=scripts, session=cookie.value)
    page = visit.page
    visit.open(f"{language.prefix}/account/")
    page.click("main a[href$='/account/data/']")
    visit.read()
    download(visit, tmp_path)
    page.goto(f"{site_url}{language.prefix}/account/data/correct")
    contest(page)
    number = page.locator("h1").inner_text().strip()
    visit.read()
    _answer(app, chromium, site_url, language=language, scripts=scripts)
    page.reload()
    expect(page.get_by_text("Проверено.")).to_be_visible()
    assert number in page.locator("h1").inner_text()
    assert visit.complaints == []


def _answer(
    app: Flask,
    chromium: Browser,
    site_url: str,
    *,
    language: Language,
    scripts: bool,
) -> None:
    """Answer the only request at the desk."""
    client = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    key = client.get_cookie("session")
    assert key is not None
    staff = reader(chromium, site_url, scripts=scripts, session=key.value)
    staff.open(f"{language.prefix}/admin/rights/new")
    staff.read()
    staff.open(f"{language.prefix}/admin/rights/")
    staff.read()
    staff.page.click("main th a")
    staff.read()
    staff.page.click(".work form .button")
    staff.read()
    staff.page.select_option("[name=outcome]", "nothing")
    staff.page.fill("[name=words]", "Проверено.")
    staff.page.click(".work form .button")
    staff.read()
    assert staff.complaints == []
