"""The pages on which staff hand over: links, waybills, tables, another address."""

import csv
import re
from io import StringIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.models.recipient import RecipientKind
from tests import desk, handing
from tests.conftest import SQLITE
from tests.delivery import couriers
from tests.orders import boards, buying, cast
from tests.orders.boards import now, page_of, press, send
from tests.orders.buying import Shopper
from tests.orders.conftest import dana, guest, order
from tests.people import BOLAT, DANA, GUEST

__all__ = ["dana", "guest", "order"]
pytestmark = pytest.mark.slow
K = RecipientKind
SECRETS = (GUEST.email, "Чайник", "Носки", "Капризный")
"""What no courier ever learns: the e-mail, the goods, the notes of staff."""
ARTICLE = re.compile(r"\bT-")
"""Nor this; a number of an order may have its signs inside."""


def packed(browser: FlaskClient, one: ShopOrder) -> int:
    """Confirm and pack all of an order; return its parcel."""
    press(browser, one, "confirmation")
    press(browser, one, "notes", words="Капризный покупатель")
    counts = [line.quantity for line in now(one).lines]
    press(browser, one, "parcels", **boards.pieces(one, *counts))
    return now(one).parcels[0][0].id


def handed(
    browser: FlaskClient, kind: RecipientKind, *orders: ShopOrder, **fields: object
) -> TestResponse:
    """Hand the parcels of orders over on the page of a recipient."""
    values: dict[str, object] = {"parcel": [], **fields}
    for one in orders:
        found = now(one)
        for parcel, _pieces in found.parcels:
            values["parcel"] = [*values["parcel"], parcel.id]  # type: ignore[misc]
            values[f"seen-{parcel.id}"] = found.order.version
    return send(browser, f"/admin/recipients/{handing.recipient(kind)}/parcels", **values)


@pytest.mark.clause("5.2")
def test_the_order_leads_to_who_may_have_it(dana: FlaskClient, order: ShopOrder) -> None:
    packed(dana, order)
    page = dana.get(page_of(order)).text
    leads = re.findall(r"/admin/recipients/(\d+)/parcels\?order=([\w-]+)", page)
    assert leads == [(str(handing.recipient(K.OWN_COURIER)), order.number)]
    where = f"/admin/recipients/{leads[0][0]}/parcels?order={order.number}"
    shown = dana.get(where).text
    assert order.number in shown
    assert shown.count('name="parcel"') == 1
    for personal in ("Жибек Жолы", "Пример", *SECRETS[:3]):
        assert personal not in shown
    other = handing.recipient(K.KAZPOST)
    assert order.number not in dana.get(f"/admin/recipients/{other}/parcels").text
    assert dana.get("/admin/recipients/99/parcels").status_code == 404
    assert dana.get(f"{where}x").status_code == 404


def test_a_link_is_shown_once(dana: FlaskClient, order: ShopOrder) -> None:
    packed(dana, order)
    answer = handed(dana, K.OWN_COURIER, order, channel="link")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    (path,) = re.findall(r'href="(/delivery/[\w-]{43})"', answer.text)
    assert dana.get(path).status_code == 200
    assert path not in dana.get(page_of(order)).text
    again = handed(dana, K.OWN_COURIER, order, channel="link")
    assert again.status_code == 422
    assert "ещё раз" in again.text
    assert len(couriers.entries()) == 1


@pytest.mark.situation(19)
def test_a_waybill_holds_the_address_and_the_number_in_its_code(
    dana: FlaskClient, order: ShopOrder
) -> None:
    packed(dana, order)
    page = handed(dana, K.OWN_COURIER, order, channel="print").text
    sheet = page[page.index("<article") : page.index("</article>")]
    for shown in (order.number, "улица Жибек Жолы, 50, 12", "Домофон 12К", "Алматы"):
        assert shown in sheet
    for canary in SECRETS:
        assert canary not in page, canary
    assert not ARTICLE.search(page)
    assert "/delivery/" not in page
    assert '<path d="M' in sheet


@pytest.mark.situation(19)
def test_a_table_has_a_row_a_parcel_and_phones_as_digits(
    app: Flask, dana: FlaskClient
) -> None:
    first = Shopper(app).bought(buying.product(), by="post")
    hostile = {"street": "=HYPERLINK(1)", "house": "+1"}
    second = Shopper(app, BOLAT).bought(buying.product(), by="post", **hostile)
    for one in (first, second):
        packed(dana, one)
    answer = handed(dana, K.KAZPOST, first, second, channel="csv")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    body = answer.get_data().decode()
    assert body.startswith("\ufeff")
    heading, *rows = csv.reader(StringIO(body.removeprefix("\ufeff")))
    assert heading[0] == "номер заказа"
    phone, street = heading.index("телефон"), heading.index("улица")
    assert [row[phone] for row in rows] == ["87010000003", "87010000002"]
    assert [row[street] for row in rows] == ["улица Жибек Жолы", "'=HYPERLINK(1)"]
    assert rows[1][heading.index("дом")] == "'+1"
    assert "пожелание к доставке" not in heading
    for canary in (*SECRETS, BOLAT.email):
        assert canary not in body
    assert not ARTICLE.search(body)
    assert len(couriers.entries()) == 2


def test_what_was_not_seen_or_chosen_is_refused(
    dana: FlaskClient, order: ShopOrder
) -> None:
    parcel = packed(dana, order)
    seen = {f"seen-{parcel}": now(order).order.version}
    press(dana, order, "notes", words="Тем временем")
    where = f"/admin/recipients/{handing.recipient(K.OWN_COURIER)}/parcels"
    for status, fields in (
        (409, {"parcel": parcel, "channel": "link", **seen}),
        (409, {"parcel": parcel, "channel": "link"}),
        (422, {"channel": "link"}),
        (422, {"parcel": parcel, "channel": "mail", **seen}),
        (404, {"parcel": 999_999, "channel": "link", "seen-999999": 1}),
        (422, {"parcel": "x", "channel": "link", "seen-x": 1}),
    ):
        assert send(dana, where, **fields).status_code == status, fields
    assert couriers.entries() == []


@SQLITE
def test_strangers_and_other_staff_stay_outside(app: Flask, order: ShopOrder) -> None:
    where = f"/admin/recipients/{handing.recipient(K.OWN_COURIER)}/parcels"
    other = desk.signed_in(app, desk.member(DANA, Permission.CONTENT))
    for path in (where, f"{page_of(order)}/readdressing"):
        assert other.get(path).status_code == 403
        assert app.test_client().get(path).status_code == 303


@pytest.mark.clause("5.2")
def test_another_address_on_the_way_gives_a_new_link(
    dana: FlaskClient, order: ShopOrder
) -> None:
    packed(dana, order)
    handed(dana, K.OWN_COURIER, order, channel="link")
    where = f"{page_of(order)}/readdressing"
    assert where in dana.get(page_of(order)).text
    assert "Жибек Жолы" not in dana.get(where).text
    values = {"region": "KZ-71", "city": "Астана", "street": "Кенесары", "house": "1"}
    assert press(dana, order, "readdressing", **values).status_code == 422
    values["answer"] = "Ерлан сможет заехать"
    stale = send(dana, where, version=1, **values)
    assert stale.status_code == 409
    done = press(dana, order, "readdressing", **values)
    assert done.status_code == 200
    assert re.search(r'href="/delivery/[\w-]{43}"', done.text)
    found = cast.address_of(order.number)
    assert found is not None
    assert found.city == "Астана"
    assert len(couriers.entries()) == 2
    db.session.rollback()


@pytest.mark.clause("5.2")
@pytest.mark.parametrize("prefix", ["", "/kk", "/en"])
def test_the_buyer_reads_who_got_what(
    dana: FlaskClient, guest: Shopper, order: ShopOrder, prefix: str
) -> None:
    path = f"{prefix}/orders/{order.number}"
    nobody = {"": "Пока никто", "/kk": "Әзірге ешкім", "/en": "Nobody yet"}[prefix]
    assert nobody in guest.browser.get(path).text
    packed(dana, order)
    link = handed(dana, K.OWN_COURIER, order, channel="link").text
    (courier,) = re.findall(r'href="(/delivery/[\w-]{43})"', link)
    token = buying.hidden(dana.get(courier).text, form=-2)
    dana.post(courier, data=token, headers=buying.SAME_ORIGIN)
    page = guest.browser.get(path).text
    ledger = page[page.index('id="ledger"') : page.index('id="events"')]
    named = {
        "": ("курьер магазина", "Казахстан", "телефон", "улица", "1 раз"),
        "/kk": ("дүкеннің курьері", "Қазақстан", "телефон", "көше", "1 рет"),
        "/en": ("the shop&#39;s courier", "Kazakhstan", "phone", "street", "1 time"),
    }[prefix]
    for word in named:
        assert word in ledger, word
    assert nobody not in ledger
    assert GUEST.phone not in ledger
    assert courier not in page
