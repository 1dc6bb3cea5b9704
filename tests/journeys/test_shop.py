"""Whole purchases in a real browser on a served site.

A guest with a courier, a person with an account who collects, an invoice; cancelling,
another address, a return, a link; cookies refused, scripts off, only the keyboard.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from neupusti.catalog.models import ProductPhoto
from neupusti.core.data.database import db, writing
from neupusti.core.text.languages import Language
from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.models.order import OrderState, ShopOrder
from neupusti.orders.queries import details
from neupusti.orders.service.life import deciding, parcels
from tests.accounts import cast
from tests.canary import addresses, revealing
from tests.conftest import SQLITE
from tests.journeys.test_reading import RULES, Visit
from tests.orders import buying
from tests.people import AIGERIM, GUEST, Person

LOOKS = ((360, "dark"), (1366, "light"))
"""Width and colour scheme in which a page is looked at."""
CONTINUE, SEND = "main button[name=go]", "main form:has([name=consent]) .button"
ADDRESS = {
    "city": "Алматы",
    "street": "улица Жибек Жолы",
    "house": "50",
    "flat": "12",
    "postcode": "050000",
    "comment": "Домофон 12К",
}


@dataclass
class Purchase(Visit):
    """A browser page of somebody who buys; each page is checked in its sizes."""

    who: Person = field(kw_only=True, default=GUEST)
    language: Language = field(kw_only=True, default=Language.RU)
    scripts: bool = field(kw_only=True, default=True)
    seen: set[str] = field(default_factory=set)

    def go(self, path: str) -> None:
        """Open a page in the language of the purchase, and check it."""
        self.open(self.language.prefix + path)
        self.check()

    def press(self, button: str) -> None:
        """Press the first of the buttons, and check the page that follows."""
        self.page.locator(button).first.click()
        self.page.wait_for_load_state("load")
        self.check()

    def fill(self, **answers: str) -> None:
        """Fill fields by name."""
        for name, answer in answers.items():
            self.page.fill(f"main [name={name}]", answer)

    def check(self) -> None:
        """Check language, leaks, sizes and accessibility of the page."""
        page = self.page
        assert page.get_attribute("html", "lang") == self.language.tag
        leaked = [one for one in addresses(page.content()) if revealing(one)]
        assert [*leaked, *filter(revealing, [page.url])] == []
        kind = f"{page.title()} {page.locator('.problem, .notice').count()}"
        if not self.scripts or kind in self.seen:
            return
        self.seen.add(kind)
        for width, scheme in LOOKS:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            overflow = page.evaluate("document.documentElement.scrollWidth") - width
            assert overflow <= 0, f"{page.url} at {width}"
            found = Axe().run(page, options=RULES)
            assert found.violations_count == 0, found.generate_report()

    def refuses_cookies(self) -> None:
        """Refuse all cookies but the necessary ones."""
        self.open(f"{self.language.prefix}/cart/")
        self.page.locator(".cookies [value=reject]").first.click()
        self.page.wait_for_load_state("load")

    def puts(self, number: int, quantity: int) -> None:
        """Put a product into the basket, as its page does."""
        self.page.request.post(
            f"{self.home}{self.language.prefix}/cart/",
            form={"product": str(number), "quantity": str(quantity)},
            headers=buying.SAME_ORIGIN,
        )

    def places(self, delivery: str, payment: str, **contact: str) -> str:
        """Go through the order form; return the number of the order."""
        self.go("/cart/")
        self.press("main a.button")
        self.fill(**contact)
        self.press(CONTINUE)
        self.page.check(f"[value={delivery}]")
        self.press(CONTINUE)
        if delivery != "pickup":
            self.page.select_option("[name=region]", "KZ-75")
            self.fill(**ADDRESS)
            self.press(CONTINUE)
        self.page.check(f"[value={payment}]")
        self.press(CONTINUE)
        expect(self.page.locator("[name=consent]")).not_to_be_checked()
        self.press(SEND)
        expect(self.page.locator("#consent-error")).to_be_visible()
        self.page.check("[name=consent]")
        self.press(SEND)
        return self.page.url.rpartition("/")[2].partition("?")[0]

    def _console(self, message: object) -> None:
        # Chromium logs a 422 or 404, which are expected here.
        text = getattr(message, "text", "")
        if "status of 4" not in text:
            super()._console(message)  # type: ignore[arg-type]


Buy = Callable[..., Purchase]


@pytest.fixture
def buy(app: Flask, chromium: Browser, site_url: str) -> Iterator[Buy]:
    """Open a browser of its own for each purchase; two products are on sale."""
    app.config["SERVER_NAME"] = None
    contexts: list[BrowserContext] = []
    for names, photo in ((buying.KETTLE, "enamel-teapot"), (buying.SOCKS, "camel-socks")):
        number = buying.product(names, price=2500)
        with writing() as session:
            session.add(
                ProductPhoto(
                    product=number,
                    position=1,
                    name=f"{photo}.svg",
                    width=400,
                    height=300,
                    sha256="0" * 64,
                    alt_ru="",
                    alt_kk="",
                    alt_en="",
                )
            )

    def start(*, scripts: bool = True, **values: object) -> Purchase:
        context = chromium.new_context(java_script_enabled=scripts)
        contexts.append(context)
        return Purchase(context.new_page(), site_url, scripts=scripts, **values)  # type: ignore[arg-type]

    yield start
    for context in contexts:
        context.close()


def contact(who: Person) -> dict[str, str]:
    """Return the answers of the first step."""
    return {
        "family_name": "Пример",
        "given_name": who.name,
        "phone": who.phone,
        "email": who.email,
    }


def order() -> ShopOrder:
    """Return the newest order."""
    return buying.orders()[-1]


def delivers(found: ShopOrder) -> None:
    """Let staff deliver all of an order."""
    deciding.confirm(buying.press(found))
    db.session.rollback()
    lines = details.of(db.session(), order()).lines
    parcel = parcels.pack(buying.press(found), {line.id: line.left for line in lines})
    for state in (ParcelState.HANDED_OVER, ParcelState.DELIVERED):
        parcels.move(buying.press(found), parcel, state)
    db.session.rollback()


@SQLITE
@pytest.mark.clause("3.3.1")
@pytest.mark.clause("4.1.1")
@pytest.mark.situation(32)
@pytest.mark.parametrize(
    ("language", "scripts"),
    [*((language, True) for language in Language), (Language.KK, False)],
    ids=[*Language, "kk without scripts"],
)
def test_a_guest_orders_changes_returns_and_cancels(
    buy: Buy, language: Language, *, scripts: bool
) -> None:
    guest = buy(language=language, scripts=scripts)
    guest.refuses_cookies()
    guest.puts(1, 2)
    guest.puts(2, 1)
    number = guest.places("courier", "card_on_delivery", **contact(GUEST))
    assert (order().number, order().language) == (number, language)
    expect(guest.page.locator("main [role=status]")).to_be_visible()

    guest.go(f"/orders/{number}/address")
    guest.fill(house="")
    guest.press("main form .button")
    expect(guest.page.locator("#house-error")).to_be_visible()
    guest.fill(house="52")
    guest.press("main form .button")
    expect(guest.page.locator("main")).to_contain_text("52")

    guest.go(f"/orders/{number}/cancel")
    guest.page.locator(".pieces").first.fill("1")
    guest.press("main form:has(.pieces) .button")
    delivers(order())
    guest.go(f"/orders/{number}/return")
    guest.page.locator(".pieces").first.fill("1")
    guest.fill(words="Скол")
    guest.press("main form .button")
    guest.go(f"/orders/{number}/cancel")

    guest.puts(2, 1)
    second = guest.places("post", "invoice", **contact(GUEST))
    guest.go(f"/orders/{second}/cancel")
    guest.press("button[value=whole]")
    assert order().state == OrderState.CANCELLED
    assert guest.complaints == []


@SQLITE
@pytest.mark.clause("3.2.4")
@pytest.mark.parametrize("language", [Language.RU, Language.KK])
def test_a_person_with_an_account_collects(buy: Buy, language: Language) -> None:
    account = cast.account(AIGERIM, language=language)
    person = buy(language=language, who=AIGERIM)
    person.refuses_cookies()
    person.puts(1, 1)
    person.go("/checkout/")
    person.page.locator("main a[href*='/account/login']").click()
    person.fill(email=AIGERIM.email, password=account.password)
    person.press("main form .button")
    expect(person.page.locator("[name=given_name]")).to_have_value(AIGERIM.name)
    number = person.places("pickup", "cash")
    assert order().person == account.number
    person.go("/account/orders")
    expect(person.page.locator("main table")).to_contain_text(number)
    person.press("main table a")
    expect(person.page.locator("h1")).to_contain_text(number)
    assert person.complaints == []


@SQLITE
@pytest.mark.situation(6)
def test_a_guest_finds_the_order_by_a_link(buy: Buy) -> None:
    guest, reader = buy(), buy()
    guest.refuses_cookies()
    guest.puts(1, 1)
    number = guest.places("pickup", "cash", **contact(GUEST))
    reader.refuses_cookies()
    reader.go(f"/orders/{number}")
    reader.fill(number=number.lower(), email=GUEST.email)
    reader.press("main form .button")
    expect(reader.page).to_have_url(f"{reader.home}/orders/find/sent")
    path = cast.link(cast.emails_to(GUEST.email)[-1], "/orders/link/")
    db.session.rollback()
    reader.open(path)
    expect(reader.page).to_have_url(f"{reader.home}/orders/{number}")
    reader.check()
    assert [*guest.complaints, *reader.complaints] == []


def tabs_to(page: Page, selector: str) -> None:
    """Press Tab until an element of `selector` has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


def enter(page: Page) -> None:
    """Press Enter, and wait for the page that follows."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


@SQLITE
def test_a_whole_purchase_with_the_keyboard(buy: Buy) -> None:
    guest = buy()
    guest.refuses_cookies()
    guest.puts(1, 1)
    guest.open("/cart/")
    page = guest.page
    tabs_to(page, "main a.button")
    enter(page)
    for name, answer in contact(GUEST).items():
        tabs_to(page, f"[name={name}]")
        page.keyboard.type(answer)
    enter(page)
    tabs_to(page, "[type=radio]")
    page.keyboard.press("Space")
    enter(page)
    tabs_to(page, "[type=radio]")
    page.keyboard.press("ArrowDown")
    enter(page)
    tabs_to(page, "[name=consent]")
    page.keyboard.press("Space")
    tabs_to(page, SEND)
    enter(page)
    expect(page.locator("main [role=status]")).to_be_visible()
    assert (order().delivery, order().payment) == ("pickup", "card_on_delivery")
    assert guest.complaints == []


@SQLITE
def test_a_printed_order_is_a_document(buy: Buy, tmp_path: Path) -> None:
    guest = buy()
    guest.refuses_cookies()
    guest.puts(1, 1)
    guest.places("courier", "cash", **contact(GUEST))
    page = guest.page
    page.emulate_media(media="print", color_scheme="dark")
    for hidden in ("nav", "header form", ".skip", ".notice", "main .away"):
        for element in page.query_selector_all(hidden):
            assert not element.is_visible(), hidden
    for shown in ("h1", ".sums .total", "main .card-box", ".timeline"):
        assert page.locator(shown).first.is_visible()
    assert page.pdf(format="A4").count(b"/Type /Page\n") <= 1
