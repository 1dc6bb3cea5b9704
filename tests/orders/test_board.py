"""The board of orders: who sees what there, and what staff can press."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from neupusti.core.data.database import db
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records.journal import StaffAction
from neupusti.core.rules import Permission
from neupusti.orders.models.fulfilment import OrderEvent, ParcelState
from neupusti.orders.models.order import OrderState, ShopOrder
from neupusti.orders.models.states import Word
from neupusti.orders.queries import details
from neupusti.orders.service.life import parcels, returning
from tests import desk
from tests.conftest import SQLITE
from tests.orders import buying
from tests.orders.buying import SAME_ORIGIN, SOCKS, Shopper
from tests.people import BOLAT, DANA, GUEST

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
BOARD = "/admin/orders/"


@pytest.fixture
def order(app: Flask) -> ShopOrder:
    """Three kettles and one pair of socks, ordered by a guest for the courier."""
    guest = Shopper(app)
    guest.put(buying.product(), 3)
    guest.put(buying.product(SOCKS, price=2500, return_rule="no:hosiery"))
    assert guest.order("courier").status_code == 303
    return buying.orders()[0]


@pytest.fixture
def dana(app: Flask) -> FlaskClient:
    """A browser of the staff who work on orders."""
    return desk.seat(app, desk.member(DANA, Permission.ORDERS))


def page_of(order: ShopOrder) -> str:
    """Return the address of an order on the board."""
    return f"{BOARD}{order.number}"


def send(browser: FlaskClient, path: str, **fields: Any) -> TestResponse:
    """Send a form of the board."""
    token = TOKEN.findall(browser.get(BOARD).text)[-1]
    return browser.post(path, data={"csrf_token": token, **fields}, headers=SAME_ORIGIN)


def now(order: ShopOrder) -> details.Details:
    """Return all of the order as it is stored now."""
    db.session.rollback()
    db.session.expire_all()
    found = details.by_number(order.number)
    assert found is not None
    return found


def press(browser: FlaskClient, order: ShopOrder, path: str, **fields: Any) -> TestResponse:
    """Press a button of the present page of an order."""
    version = now(order).order.version
    return send(browser, f"{page_of(order)}/{path}", version=version, **fields)


def pieces(order: ShopOrder, *counts: int) -> dict[str, int]:
    """Return the fields with the pieces of each line."""
    lines = now(order).lines
    return {f"line-{line.id}": n for line, n in zip(lines, counts, strict=True)}


def word(order: ShopOrder) -> tuple[Word, bool]:
    """Return what people read, and whether it is true of a part only."""
    status = now(order).status
    return status.word, status.partly


def actions() -> list[str]:
    """Return the codes of the actions that the journal holds."""
    db.session.rollback()
    return list(db.session.scalars(select(StaffAction.action).order_by(StaffAction.id)))


@SQLITE
def test_the_board_lists_orders_without_naming_buyers(
    dana: FlaskClient, order: ShopOrder
) -> None:
    page = dana.get(BOARD)
    assert page.status_code == 200
    assert order.number in page.text
    for personal in (GUEST.email, order.phone or "", order.phone_end or "", "Пример"):
        assert personal not in page.text


@SQLITE
def test_filters_hide_what_is_not_asked_for(dana: FlaskClient, order: ShopOrder) -> None:
    day = "2020-01-01"
    for hit in ("state=new", "delivery=courier", "payment=cash", f"since={day}", "state=x"):
        assert order.number in dana.get(f"{BOARD}?{hit}").text, hit
    for miss in ("state=paid", "delivery=pickup", "payment=invoice", f"until={day}"):
        page = dana.get(f"{BOARD}?{miss}")
        assert order.number not in page.text, miss
        assert page.status_code == 200
    for odd in ("since=0001-01-01", "until=9999-12-31", "page=999", "page=-1", "since=x"):
        assert dana.get(f"{BOARD}?{odd}").status_code == 200, odd


@pytest.mark.clause("1.1.1")
def test_a_search_finds_by_number_name_and_phone_and_is_logged(
    dana: FlaskClient, order: ShopOrder
) -> None:
    wanted = (order.number.lower(), "пример", "ПРИМЕР Го", order.phone_end, "0003")
    for q in wanted:
        assert order.number in send(dana, BOARD, q=q).text, q
    assert order.number not in send(dana, BOARD, q="9999").text
    assert actions().count("orders.searched") == len(wanted) + 1
    empty = send(dana, BOARD, q=" ")
    assert empty.status_code == 422
    assert actions().count("orders.searched") == len(wanted) + 1


@pytest.mark.clause("1.1.1")
@pytest.mark.clause("6.2.2")
def test_the_data_of_a_buyer_open_by_a_logged_press(
    dana: FlaskClient, order: ShopOrder
) -> None:
    personal = (GUEST.email, "+7 701", "Жибек Жолы", "Домофон 12К")
    page = dana.get(page_of(order)).text.replace("\xa0", " ")
    assert "Чайник" in page
    assert not [one for one in personal if one in page]

    opened = send(dana, page_of(order))
    shown = opened.text.replace("\xa0", " ")
    assert [one for one in personal if one not in shown] == []
    assert actions()[-1] == "orders.opened"
    assert dana.get(f"{BOARD}NP-000000-0000-0").status_code == 404


@pytest.mark.parametrize("held", [Permission.CONTENT, Permission.PRIVACY])
@SQLITE
def test_other_staff_and_strangers_are_refused(
    app: Flask, order: ShopOrder, held: Permission
) -> None:
    stranger = desk.seat(app, desk.person(BOLAT))
    other = desk.seat(app, desk.member(DANA, held))
    for path in (BOARD, page_of(order), f"{BOARD}packing/?number={order.number}"):
        assert stranger.get(path).status_code == 403
        assert other.get(path).status_code == 403
        assert app.test_client().get(path).status_code == 303


@pytest.mark.situation(16)
def test_an_order_goes_its_way_in_two_parcels(dana: FlaskClient, order: ShopOrder) -> None:
    assert press(dana, order, "parcels", **pieces(order, 1, 0)).status_code == 422
    assert press(dana, order, "confirmation").status_code == 303
    assert word(order) == (Word.CONFIRMED, False)

    assert press(dana, order, "parcels", **pieces(order, 2, 0)).status_code == 303
    parcel = now(order).parcels[0][0].id
    handed = press(dana, order, f"parcels/{parcel}/moves", to="handed_over", track="KZ 1")
    assert handed.status_code == 303
    assert word(order) == (Word.HANDED_OVER, True)
    assert press(dana, order, "parcels", **pieces(order, 2, 0)).status_code == 422
    assert press(dana, order, "parcels", **pieces(order, 1, 1)).status_code == 303

    second = now(order).parcels[1][0].id
    for one in (parcel, second):
        if one == second:
            press(dana, order, f"parcels/{one}/moves", to="handed_over")
        assert press(dana, order, f"parcels/{one}/moves", to="delivered").status_code == 303
    assert word(order) == (Word.DELIVERED, False)
    assert "KZ 1" in dana.get(page_of(order)).text


def test_a_stale_press_says_who_was_first(
    app: Flask, dana: FlaskClient, order: ShopOrder
) -> None:
    seen = order.version
    assert press(dana, order, "confirmation").status_code == 303
    late = send(dana, f"{page_of(order)}/cancellation", version=seen, reason="Передумал")
    assert late.status_code == 409
    assert DANA.name in late.text
    assert now(order).order.state == OrderState.CONFIRMED
    for odd in ("", "x", "9" * 40, "-1"):
        forged = send(dana, f"{page_of(order)}/cancellation", version=odd, reason="Причина")
        assert forged.status_code == 409, odd


@pytest.mark.situation(4)
@pytest.mark.situation(15)
def test_what_no_table_has_is_refused(dana: FlaskClient, order: ShopOrder) -> None:
    press(dana, order, "confirmation")
    press(dana, order, "parcels", **pieces(order, 3, 1))
    parcel = now(order).parcels[0][0].id
    for to in ("delivered", "returned", "refused", "x", ""):
        forged = press(dana, order, f"parcels/{parcel}/moves", to=to)
        assert forged.status_code == 422, to
    press(dana, order, f"parcels/{parcel}/moves", to="handed_over")
    assert press(dana, order, "cancellation", reason="Поздно").status_code == 422
    assert press(dana, order, "parcels/999999/moves", to="delivered").status_code == 422
    assert now(order).order.state == OrderState.CONFIRMED


def test_a_part_is_cancelled_with_a_reason(dana: FlaskClient, order: ShopOrder) -> None:
    without = press(dana, order, "cancellation", **pieces(order, 1, 0))
    assert without.status_code == 422
    done = press(dana, order, "cancellation", **pieces(order, 1, 0), reason="Скол на эмали")
    assert done.status_code == 303
    assert [line.cancelled for line in now(order).lines] == [1, 0]
    assert press(dana, order, "cancellation", reason="Покупатель просит").status_code == 303
    assert word(order) == (Word.CANCELLED, False)


def test_a_pick_up_needs_number_and_phone(app: Flask, dana: FlaskClient) -> None:
    order = Shopper(app).bought(buying.product())
    press(dana, order, "confirmation")
    press(dana, order, "parcels", **pieces(order, 1))
    parcel = now(order).parcels[0][0].id
    where = f"parcels/{parcel}/collection"
    wrong = press(dana, order, where, number=order.number, phone_end="0000")
    assert wrong.status_code == 422
    assert press(dana, order, where, number="", phone_end="").status_code == 422
    given = press(dana, order, where, number=order.number, phone_end=order.phone_end)
    assert given.status_code == 303
    assert word(order) == (Word.DELIVERED, False)


@pytest.mark.situation(17)
def test_a_return_is_answered_and_taken_in(dana: FlaskClient, order: ShopOrder) -> None:
    kettle = now(order).lines[0]
    stock = buying.left(kettle.product)
    press(dana, order, "confirmation")
    press(dana, order, "parcels", **pieces(order, 3, 1))
    parcel = now(order).parcels[0][0].id
    press(dana, order, f"parcels/{parcel}/moves", to="handed_over")
    press(dana, order, f"parcels/{parcel}/moves", to="delivered")
    wish = returning.ask(buying.press(now(order).order), {kettle.id: 2}, "Протекает")

    assert "Протекает" not in dana.get(page_of(order)).text
    assert "Протекает" in send(dana, page_of(order)).text
    refused = press(dana, order, f"returns/{wish}/answer", answer="refuse", reason="")
    assert refused.status_code == 422
    accepted = press(dana, order, f"returns/{wish}/answer", answer="accept", reason="")
    assert accepted.status_code == 303
    box = {f"restock-{kettle.id}": "y"}
    assert press(dana, order, f"returns/{wish}/arrival", **box).status_code == 303
    assert buying.left(kettle.product) == stock + 2
    assert press(dana, order, f"returns/{wish}/arrival", **box).status_code == 422
    assert buying.left(kettle.product) == stock + 2


def test_a_refused_parcel_comes_back(dana: FlaskClient, order: ShopOrder) -> None:
    press(dana, order, "confirmation")
    press(dana, order, "parcels", **pieces(order, 3, 1))
    parcel = now(order).parcels[0][0].id
    press(dana, order, f"parcels/{parcel}/moves", to="handed_over")
    press(dana, order, f"parcels/{parcel}/moves", to="refused", reason="Нет дома")
    kettle, socks = now(order).lines
    stock = buying.left(kettle.product), buying.left(socks.product)
    back = press(dana, order, f"parcels/{parcel}/arrival", **{f"restock-{kettle.id}": "y"})
    assert back.status_code == 303
    assert (buying.left(kettle.product), buying.left(socks.product)) == (
        stock[0] + 3,
        stock[1],
    )
    assert word(order) == (Word.RETURNED, False)


@pytest.mark.situation(12)
def test_money_is_entered_and_nothing_changes_the_sums(
    dana: FlaskClient, order: ShopOrder
) -> None:
    total = order.total
    for wrong in ("", "0", "12,5", "１２", "1_0", "1e3", "9" * 20):
        assert press(dana, order, "payments", amount=wrong).status_code == 422, wrong
    bad = press(dana, order, "payments", amount="10", receipt_url="http://example.kz")
    assert bad.status_code == 422
    paid = press(dana, order, "payments", amount=f"{total:,}".replace(",", "\xa0"))
    assert paid.status_code == 303
    assert (
        press(dana, order, "payments", amount="-500", reference="Скидка").status_code == 303
    )
    found = now(order)
    assert [entry.amount for entry in found.payments] == [total, -500]
    assert (found.order.total, found.sums.paid) == (total, total - 500)


@SQLITE
def test_a_note_stays_inside(dana: FlaskClient, order: ShopOrder) -> None:
    letters = select(OutboxEmail.id)
    before = len(db.session.scalars(letters).all())
    db.session.rollback()
    assert press(dana, order, "notes", words="").status_code == 422
    assert press(dana, order, "notes", words="Звонила, ждёт до пятницы").status_code == 303
    assert "ждёт до пятницы" in dana.get(page_of(order)).text
    assert len(db.session.scalars(letters).all()) == before


@pytest.mark.situation(14)
def test_the_buyer_is_written_to_in_the_language_of_the_order(
    app: Flask, dana: FlaskClient
) -> None:
    guest = Shopper(app, prefix="/kk")
    order = guest.bought(buying.product())
    press(dana, order, "confirmation")
    db.session.rollback()
    last = db.session.scalars(select(OutboxEmail).order_by(OutboxEmail.id.desc())).first()
    assert last is not None
    assert last.language == "kk"
    assert "/kk/orders/link/" in last.text


def test_an_address_is_changed_without_showing_the_old_one(
    dana: FlaskClient, order: ShopOrder
) -> None:
    where = f"{page_of(order)}/address"
    assert "Жибек Жолы" not in dana.get(where).text
    wrong = press(dana, order, "address", region="KZ-75", city="")
    assert wrong.status_code == 422
    values = {"region": "KZ-71", "city": "Астана", "street": "Кенесары", "house": "1"}
    assert press(dana, order, "address", **values).status_code == 303
    address = now(order).address
    assert address is not None
    assert (address.region, address.house) == ("KZ-71", "1")


@SQLITE
def test_packing_lists_name_no_person(dana: FlaskClient, order: ShopOrder) -> None:
    page = dana.get(f"{BOARD}packing/?number={order.number.lower()}&number=x").text
    assert "Чайник" in page
    for personal in (GUEST.email, GUEST.name, "0003", "Жибек Жолы"):
        assert personal not in page
    assert dana.get(f"{BOARD}packing/").status_code == 404


@SQLITE
def test_each_event_names_who_made_it(dana: FlaskClient, order: ShopOrder) -> None:
    press(dana, order, "confirmation")
    page = dana.get(page_of(order)).text
    assert DANA.name in page
    db.session.rollback()
    events = db.session.scalars(select(OrderEvent).filter_by(order=order.id)).all()
    assert [event.seq for event in events] == [1, 2]


@SQLITE
def test_only_moves_of_the_tables_are_offered(dana: FlaskClient, order: ShopOrder) -> None:
    press(dana, order, "confirmation")
    press(dana, order, "parcels", **pieces(order, 3, 1))
    offered = re.findall(r'name="to" value="(\w+)"', dana.get(page_of(order)).text)
    assert offered == [ParcelState.HANDED_OVER, ParcelState.GONE]
    parcel = now(order).parcels[0][0].id
    parcels.move(buying.press(now(order).order), parcel, ParcelState.HANDED_OVER)
    offered = re.findall(r'name="to" value="(\w+)"', dana.get(page_of(order)).text)
    assert set(offered) == {"packed", "on_the_way", "delivered", "refused"}


@SQLITE
@pytest.mark.parametrize("path", ["confirmation", "cancellation", "parcels", "payments"])
def test_a_press_is_a_post(dana: FlaskClient, order: ShopOrder, path: str) -> None:
    assert dana.get(f"{page_of(order)}/{path}").status_code == 405
