"""An order handed to a courier, delivered by a phone, read in the ledger: no scripts."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect

from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.models.recipient import RecipientKind
from neupusti.orders.service.life import deciding, parcels
from tests import desk, handing
from tests.conftest import SQLITE
from tests.journeys.purchase import LOOKS
from tests.journeys.test_reading import Visit
from tests.looks import audit
from tests.orders import buying
from tests.orders.boards import now
from tests.orders.buying import Shopper
from tests.people import DANA, GUEST

pytestmark = SQLITE
EACH = pytest.mark.parametrize("language", Language)
Open = Callable[..., Visit]


@pytest.fixture
def shopper(app: Flask) -> Shopper:
    """The guest, who has ordered two kettles by courier."""
    app.config["SERVER_NAME"] = None
    found = Shopper(app)
    found.put(buying.product(), 2)
    assert found.order("courier").status_code == 303
    return found


@pytest.fixture
def order(shopper: Shopper) -> ShopOrder:
    """The order of the guest, packed."""
    (found,) = buying.orders()
    deciding.confirm(buying.press(found))
    (line,) = now(found).lines
    parcels.pack(buying.press(found), {line.id: 2})
    db.session.rollback()
    return found


@pytest.fixture
def visit(chromium: Browser, site_url: str) -> Iterator[Open]:
    """Open a browser without scripts, of whoever the key of a session signs in."""
    contexts: list[BrowserContext] = []

    def start(client: Any = None, *, width: int = 1366, scripts: bool = False) -> Visit:
        size = {"width": width, "height": 800}
        context = chromium.new_context(java_script_enabled=scripts, viewport=size)  # type: ignore[arg-type]
        contexts.append(context)
        if client is not None:
            key = client.get_cookie("session").value
            context.add_cookies([{"name": "session", "value": key, "url": site_url}])
        return Visit(context.new_page(), site_url)

    yield start
    for context in contexts:
        context.close()


def pressed(page: Page, button: str) -> None:
    """Press a button, and wait for the page that follows."""
    page.locator(button).first.click()
    page.wait_for_load_state("load")


@pytest.mark.clause("5.2")
@pytest.mark.situation(19)
@EACH
def test_a_parcel_is_handed_over_delivered_and_told(
    app: Flask, visit: Open, shopper: Shopper, order: ShopOrder, language: Language
) -> None:
    staff = visit(desk.signed_in(app, desk.member(DANA, Permission.ORDERS)))
    staff.open(f"{language.prefix}/admin/orders/{order.number}")
    staff.page.locator("a[href*='/parcels?order=']").first.click()
    expect(staff.page.locator("[name=parcel]")).to_be_checked()
    pressed(staff.page, "[name=channel][value=link]")
    path = staff.page.locator("a.token").get_attribute("href")
    assert path is not None

    phone = visit(width=360)
    phone.open(path)
    expect(phone.page.locator("main")).not_to_contain_text("Жибек Жолы")
    pressed(phone.page, "main form button")
    for shown in ("Жибек Жолы", "Домофон 12К", "+7\u00a0701"):
        expect(phone.page.locator("main")).to_contain_text(shown)
    for canary in (GUEST.email, "Чайник", "шәйнек", "teapot"):
        expect(phone.page.locator("main")).not_to_contain_text(canary)
    pressed(phone.page, "[name=to][value=took]")
    expect(phone.page.locator("main [role=status]")).to_be_visible()
    pressed(phone.page, "[name=to][value=delivered]")
    pressed(phone.page, "main form button")
    expect(phone.page.locator("main")).not_to_contain_text("701")
    assert now(order).parcels[0][0].state == "delivered"
    db.session.rollback()

    buyer = visit(shopper.browser)
    buyer.open(f"{language.prefix}/orders/{order.number}")
    ledger = buyer.page.locator("section[aria-labelledby=ledger]")
    name = {"ru": "курьер магазина", "kk": "дүкеннің курьері", "en": "the shop's courier"}
    expect(ledger).to_contain_text(name[language.value])
    expect(ledger).not_to_contain_text("Жибек Жолы")
    for one in (staff, phone, buyer):
        assert one.complaints == []


@EACH
def test_each_page_of_the_hand_over_can_be_read(
    app: Flask, visit: Open, order: ShopOrder, language: Language
) -> None:
    client = desk.signed_in(app, desk.member(DANA, *Permission))
    to = handing.recipient(RecipientKind.OWN_COURIER)
    staff = visit(client, scripts=True)
    token = handing.over(buying.press(order), now(order).parcels[0][0].id).token
    db.session.rollback()
    waiting = f"/admin/recipients/{to}/parcels?order={order.number}"
    for path, button in (
        *(("/policy/recipients/", ""), ("/admin/recipients/", "")),
        *((f"/admin/recipients/{to}", ""), ("/admin/recipients/new?kind=cdek", "")),
        *((waiting, ""), (f"/admin/orders/{order.number}/readdressing", "")),
        *((f"/delivery/{token}", ""), (f"/delivery/{token}", "open")),
        *((waiting, "print"), (waiting, "link")),
    ):
        staff.open(language.prefix + path)
        if button in {"print", "link"}:
            staff.page.fill("[name=reason]", "Нужно ещё раз")
            pressed(staff.page, f"[name=channel][value={button}]")
        elif button:
            pressed(staff.page, "main form button")
        audit(staff.page, LOOKS)
    assert staff.complaints == []


def test_waybills_are_printed_one_a_page(app: Flask, visit: Open, order: ShopOrder) -> None:
    second = Shopper(app)
    second.put(buying.product())
    assert second.order("courier").status_code == 303
    other = buying.orders()[-1]
    deciding.confirm(buying.press(other))
    (line,) = now(other).lines
    parcels.pack(buying.press(other), {line.id: 1})
    db.session.rollback()
    staff = visit(desk.signed_in(app, desk.member(DANA, Permission.ORDERS)), scripts=True)
    to = handing.recipient(RecipientKind.OWN_COURIER)
    staff.open(f"/admin/recipients/{to}/parcels")
    for box in staff.page.locator("[name=parcel]").all():
        box.check()
    pressed(staff.page, "[name=channel][value=print]")
    page = staff.page
    page.emulate_media(media="print", color_scheme="dark")
    for hidden in ("nav", "header form", ".skip"):
        for element in page.query_selector_all(hidden):
            assert not element.is_visible(), hidden
    for one in (order, other):
        expect(page.get_by_text(one.number).first).to_be_visible()
    assert page.pdf(format="A4").count(b"/Type /Page\n") == 2
