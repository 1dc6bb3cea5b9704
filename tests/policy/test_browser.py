"""What a browser decides: the printed page keeps the operator's card."""

from playwright.sync_api import Browser, expect

from tests.conftest import SQLITE

pytestmark = SQLITE


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
