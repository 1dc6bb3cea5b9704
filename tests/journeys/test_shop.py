"""Whole purchases in a real browser on a served site.

A guest with a courier, a person with an account who collects, an invoice; cancelling,
another address, a return, a link; cookies refused, scripts off, only the keyboard.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from neupusti.catalog.models import Product, ProductPhoto
from neupusti.core.data.database import db, writing
from neupusti.core.text.languages import Language
from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.models.order import OrderState, ShopOrder
from neupusti.orders.queries import details
from neupusti.orders.service.life import deciding, parcels
from tests import handing
from tests.accounts import cast
from tests.conftest import SQLITE
from tests.journeys.purchase import ADDRESS, CONTINUE, SEND, Purchase
from tests.looks import rendered
from tests.orders import buying
from tests.people import AIGERIM, GUEST, Person

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
        handing.moved(buying.press(found), parcel, state)
    db.session.rollback()


@SQLITE
@pytest.mark.clause("3.3.1")
@pytest.mark.clause("4.1.1")
@pytest.mark.situation(32)
@pytest.mark.parametrize(
    ("language", "width", "scripts"),
    [
        (Language.RU, 1366, True),
        (Language.KK, 360, True),
        (Language.EN, 360, True),
        (Language.KK, 1366, False),
    ],
    ids=["ru", "kk", "en", "kk without scripts"],
)
def test_a_guest_orders_changes_returns_and_cancels(
    buy: Buy, language: Language, width: int, *, scripts: bool
) -> None:
    guest = buy(language=language, width=width, scripts=scripts)
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
    guest.ends()


@SQLITE
@pytest.mark.clause("3.2.4")
@pytest.mark.parametrize(
    ("language", "width", "scripts"),
    [(Language.RU, 360, True), (Language.EN, 1366, True), (Language.KK, 360, False)],
    ids=["ru", "en", "kk without scripts"],
)
def test_a_person_with_an_account_collects(
    buy: Buy, language: Language, width: int, *, scripts: bool
) -> None:
    account = cast.account(AIGERIM, language=language)
    person = buy(language=language, width=width, scripts=scripts, who=AIGERIM)
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
    person.ends()


@SQLITE
@pytest.mark.situation(6)
def test_a_guest_finds_the_order_by_a_link(buy: Buy) -> None:
    kazakh = Language.KK
    guest, reader = buy(language=kazakh), buy(language=kazakh, width=360)
    guest.refuses_cookies()
    guest.puts(1, 1)
    number = guest.places("pickup", "cash", **contact(GUEST))
    reader.refuses_cookies()
    reader.go(f"/orders/{number}")
    reader.fill(number=number.lower(), email=GUEST.email)
    reader.press("main form .button")
    expect(reader.page).to_have_url(f"{reader.home}/kk/orders/find/sent")
    path = cast.link(cast.emails_to(GUEST.email)[-1], "/orders/link/")
    db.session.rollback()
    reader.open(path)
    expect(reader.page).to_have_url(f"{reader.home}/kk/orders/{number}")
    reader.check()
    for browser in (guest, reader):
        browser.ends()


def tabs_to(page: Page, selector: str) -> None:
    """Press Tab until an element of `selector` has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


def enter(page: Page, *, scripts: bool = True) -> None:
    """Press Enter, and wait for the page that follows."""
    with page.expect_navigation():
        page.keyboard.press("Enter")
    if scripts:
        rendered(page)


def fill_in(page: Page, answers: Mapping[str, str]) -> None:
    """Type each answer into the field of its name."""
    for name, answer in answers.items():
        tabs_to(page, f"[name={name}]")
        page.keyboard.type(answer)


def choose(page: Page, *keys: str) -> None:
    """Press keys on the choices of a step."""
    tabs_to(page, "[type=radio]")
    for key in keys:
        page.keyboard.press(key)


@SQLITE
@pytest.mark.situation(32)
@pytest.mark.parametrize(
    ("language", "scripts", "delivery"),
    [(Language.EN, True, "pickup"), (Language.KK, False, "courier")],
    ids=["en", "kk without scripts"],
)
def test_a_whole_purchase_with_the_keyboard(
    buy: Buy, language: Language, delivery: str, *, scripts: bool
) -> None:
    guest = buy(language=language, width=360, scripts=scripts)
    guest.refuses_cookies()
    page, onward = guest.page, partial(enter, guest.page, scripts=scripts)
    page.set_viewport_size({"width": guest.width, "height": 800})
    product = db.session.get_one(Product, buying.made(1))
    guest.open(f"{language.prefix}/product/{product.slug}")
    fill_in(page, {"quantity": "2"})
    tabs_to(page, "main form[action$='/cart/'] button")
    onward()
    tabs_to(page, "main a.button")
    onward()
    fill_in(page, contact(GUEST))
    onward()
    choose(page, "Space", *["ArrowDown"] * (delivery == "courier"))
    onward()
    if delivery == "courier":
        tabs_to(page, "[name=region]")
        page.keyboard.press("ArrowDown")
        fill_in(page, ADDRESS)
        tabs_to(page, CONTINUE)
        onward()
    choose(page, "ArrowDown")
    onward()
    tabs_to(page, "[name=consent]")
    page.keyboard.press("Space")
    tabs_to(page, SEND)
    onward()
    expect(page.locator("main [role=status]")).to_be_visible()
    found = details.of(db.session(), order())
    chosen = (found.order.language, found.order.delivery, found.order.payment)
    assert chosen == (language, delivery, "card_on_delivery")
    assert [(x.product, x.quantity) for x in found.lines] == [(product.id, 2)]
    guest.ends()


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
