"""What the manifest of orders brings: its jobs, duties, terms and pages."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.orders.models.order import Delivery, Payment
from neupusti.orders.service import masking
from neupusti.orders.service.life import deciding, parcels, returning
from neupusti.orders.service.placing import Wish
from tests import desk
from tests.conftest import SQLITE
from tests.orders import cast
from tests.people import DANA
from tests.times import Clock

pytestmark = SQLITE
NOON = datetime(2026, 11, 23, 7, tzinfo=UTC)
INVOICE = Wish(delivery=Delivery.PICKUP, payment=Payment.INVOICE, address=None)


@pytest.mark.manifest(field="jobs")
def test_the_site_runs_the_clocks_of_orders(app: Flask, at: Clock) -> None:
    jobs = {job.name: job for job in registry().jobs}
    at(NOON)
    number = cast.placed((cast.product("a"), 1), wish=INVOICE).number
    for days in (7, 14):
        at(NOON + timedelta(days=days))
        jobs["invoices"].run()
    assert cast.order_of(number).state == "cancelled"

    at(NOON + timedelta(days=15 + masking.DAYS))
    jobs["order identities"].run()
    assert cast.order_of(number).phone is None
    names = ("invoices", "order identities")
    assert all(jobs[name].every <= timedelta(hours=1) for name in names)


@pytest.mark.manifest(field="duties")
def test_the_board_of_staff_tells_what_waits(app: Flask) -> None:
    browser = desk.signed_in(app, desk.member(DANA, Permission.ORDERS))
    labels = (
        "New orders to confirm",
        "Invoices that are not paid yet",
        "Returns to answer or to take in",
    )
    page = browser.get("/en/admin/").text
    assert [label for label in labels if label not in page] == []

    number = cast.placed((cast.product("a"), 1), wish=cast.PICKUP).number
    cast.placed((cast.product("b"), 1), wish=INVOICE)
    deciding.confirm(cast.press(number))
    (line,) = cast.lines_of(number)
    parcel = parcels.pack(cast.press(number), {line.id: 1})
    phone_end = cast.order_of(number).phone_end or ""
    parcels.collect(cast.press(number), parcel, number, phone_end)
    returning.ask(cast.press(number, cast.GUEST), {line.id: 1}, "")
    mine = [duty for duty in registry().duties if duty.endpoint == "orders.board"]
    assert [duty.open() for duty in mine] == [1, 1, 1]


@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="retention")
def test_the_terms_tell_when_a_buyer_is_forgotten(client: FlaskClient) -> None:
    page = client.get("/en/policy/retention/").text
    assert "The names, the phone and the address of an order" in page
    assert "An order: goods, sums and events" in page


@pytest.mark.manifest(field="pages")
def test_every_page_leads_to_the_basket(client: FlaskClient) -> None:
    header = client.get("/en/").text.partition("</header>")[0]
    assert 'href="/en/cart/"' in header
