"""What a browser decides: on screen in two sizes and colour schemes, and on paper."""

from datetime import date

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from neupusti.policy.models import Edition, EditionKind
from neupusti.policy.service import clauses, editions
from neupusti.policy.service.drafts import Draft
from neupusti.policy.service.edition_store import current_store
from tests import desk
from tests.conftest import SQLITE
from tests.looks import audit
from tests.people import DANA
from tests.policy.documents import current_text, inserted, publish
from tests.policy.test_alignment import HEALTH

pytestmark = SQLITE

SHIPPED, DAY = date(2026, 11, 26), date(2026, 11, 30)
PAPER = {"width": 700, "height": 900}


@pytest.fixture
def operators(app: Flask) -> str:
    """The operator's edition in force, with a new clause before others; its text."""
    text = inserted(current_text(), "4.1.3", HEALTH).replace("Беречь", "Беречь вас")
    publish(text, DAY, backdate="Принята раньше")
    return text


def on_paper(page: Page, address: str) -> None:
    """Open a page as it is printed; tags are black on white, links to tools are gone."""
    page.goto(address)
    page.set_viewport_size(PAPER)  # type: ignore[arg-type]
    page.emulate_media(media="print", color_scheme="light")
    assert page.evaluate("document.documentElement.scrollWidth") <= PAPER["width"]
    tags = page.locator(".tag").all()
    assert tags
    for tag in tags:
        expect(tag).to_have_css("background-color", "rgba(0, 0, 0, 0)")
        expect(tag).to_have_css("color", "rgb(0, 0, 0)")
    for control in page.locator("nav, form, .button, .tool").all():
        expect(control).to_be_hidden()


@pytest.mark.clause("9.4")
def test_a_comparison_and_the_life_of_a_clause(
    operators: str, site_url: str, chromium: Browser
) -> None:
    store = current_store()
    moved = clauses.ids_of(store, store.text(DAY, Language.RU))["4.1.4"]
    comparison = f"/policy/compare/{SHIPPED}/{DAY}/"
    page = chromium.new_page()
    for path in (comparison, f"/policy/clauses/{moved}/"):
        page.goto(f"{site_url}/kk{path}")
        audit(page)
        on_paper(page, site_url + path)
        page.emulate_media(media="screen")
    page.close()


def test_the_review_sheet_of_a_draft(
    app: Flask, operators: str, site_url: str, chromium: Browser
) -> None:
    draft = Draft(
        text=inserted(operators, "5.1", HEALTH),
        language=Language.RU,
        day=date(2027, 3, 1),
        kind=EditionKind.MATERIAL,
        note="Сведения о здоровье",
    )
    edition: Edition = editions.import_draft(draft)[0]
    address = f"{site_url}/kk/admin/policy/{edition.id}"
    db.session.remove()
    staff = desk.signed_in(app, desk.member(DANA, Permission.CONTENT))
    cookie = staff.get_cookie("session")
    assert cookie is not None
    context = chromium.new_context()
    context.add_cookies([{"name": "session", "value": cookie.value, "url": site_url}])
    page = context.new_page()
    for path in (address, f"{site_url}/kk/admin/policy/"):
        page.goto(path)
        audit(page)
    on_paper(page, address)
    expect(page.locator("#decide")).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    context.close()


def test_print_keeps_the_operators_card(site_url: str, chromium: Browser) -> None:
    page = chromium.new_page()
    page.goto(f"{site_url}/en/policy/")
    page.emulate_media(media="print")
    footer = page.get_by_role("contentinfo").last
    expect(footer.get_by_role("heading", name="Neupusti.net")).to_be_visible()
    expect(footer.get_by_text("22/37 Markov Street")).to_be_visible()
    for hidden in ("nav", "p.muted", ".horn"):
        for element in footer.locator(hidden).all():
            expect(element).to_be_hidden()
    page.close()


def test_each_section_leads_back_to_the_contents(chromium: Browser, site_url: str) -> None:
    page = chromium.new_page()
    page.goto(f"{site_url}/kk/policy/")
    links = page.get_by_role("link", name="Мазмұнға оралу")
    sections = page.locator("main section[id^=s]").count()
    assert links.count() == sections > 5
    links.nth(3).focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.hash") == "#s1"
    page.emulate_media(media="print")
    assert not links.first.is_visible()
    page.close()
