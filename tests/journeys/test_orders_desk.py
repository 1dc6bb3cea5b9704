"""The pages on which staff work orders, in both sizes and schemes, and printed."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service.life import deciding, parcels
from tests import desk
from tests.conftest import SQLITE
from tests.journeys.purchase import LOOKS
from tests.journeys.test_reading import Visit
from tests.looks import fits, look, violations
from tests.orders import buying
from tests.orders.boards import now
from tests.orders.buying import SOCKS, Shopper
from tests.people import AIGERIM, DANA, GUEST

PATHS = ("", "{}", "{}/address", "packing/?number={}")


@pytest.fixture
def orders(app: Flask) -> list[ShopOrder]:
    """Two orders: one is packed in part, one is new."""
    for who, pieces in ((GUEST, 3), (AIGERIM, 1)):
        shopper = Shopper(app, who)
        shopper.put(buying.product(), pieces)
        shopper.bought(buying.product(SOCKS, price=2500), by="courier")
    first, second = buying.orders()
    deciding.confirm(buying.press(first))
    lines = now(first).lines
    parcels.pack(buying.press(first), {lines[0].id: 2})
    return [first, second]


@pytest.fixture
def visit(app: Flask, chromium: Browser, site_url: str) -> Iterator[Visit]:
    """Дана's browser, signed in."""
    app.config["SERVER_NAME"] = None
    client = desk.signed_in(app, desk.member(DANA, Permission.ORDERS))
    key = client.get_cookie("session")
    assert key is not None
    context = chromium.new_context()
    context.add_cookies([{"name": "session", "value": key.value, "url": site_url}])
    yield Visit(context.new_page(), site_url)
    context.close()


@SQLITE
@pytest.mark.parametrize("language", Language)
def test_each_page_of_the_board_can_be_read(
    visit: Visit, orders: list[ShopOrder], language: Language
) -> None:
    page = visit.page
    for path in PATHS:
        address = path.format(orders[0].number)
        for width, scheme in LOOKS:
            look(page, width, scheme)
            visit.open(f"{language.prefix}/admin/orders/{address}")
            expect(page.locator("main")).to_contain_text(orders[0].number)
            fits(page)
            assert violations(page) == [], (address, width, scheme)
    assert visit.complaints == []


@SQLITE
def test_packing_lists_are_printed_one_a_page(
    visit: Visit, orders: list[ShopOrder]
) -> None:
    numbers = "&".join(f"number={order.number}" for order in orders)
    visit.open(f"/admin/orders/packing/?{numbers}")
    page = visit.page
    page.emulate_media(media="print", color_scheme="dark")
    for hidden in ("nav", "header form", ".skip"):
        for element in page.query_selector_all(hidden):
            assert not element.is_visible(), hidden
    for order in orders:
        expect(page.get_by_text(order.number).first).to_be_visible()
    assert page.pdf(format="A4").count(b"/Type /Page\n") == len(orders)
