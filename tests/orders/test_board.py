"""The board of orders: who sees what there, and what staff can press."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from neupusti.orders.models.fulfilment import OrderEvent, ParcelState
from neupusti.orders.models.order import ShopOrder
from tests import desk, handing
from tests.conftest import SQLITE
from tests.orders import buying
from tests.orders.boards import (
    BOARD,
    actions,
    now,
    page_of,
    pieces,
    press,
    send,
)
from tests.people import BOLAT, DANA, GUEST


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
    stranger = desk.signed_in(app, desk.person(BOLAT))
    other = desk.signed_in(app, desk.member(DANA, held))
    for path in (BOARD, page_of(order), f"{BOARD}packing/?number={order.number}"):
        assert stranger.get(path).status_code == 403
        assert other.get(path).status_code == 403
        assert app.test_client().get(path).status_code == 303


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
    assert offered == [ParcelState.GONE]
    parcel = now(order).parcels[0][0].id
    handing.over(buying.press(now(order).order), parcel)
    offered = re.findall(r'name="to" value="(\w+)"', dana.get(page_of(order)).text)
    assert set(offered) == {"packed", "on_the_way", "delivered", "refused"}


@SQLITE
@pytest.mark.parametrize("path", ["confirmation", "cancellation", "parcels", "payments"])
def test_a_press_is_a_post(dana: FlaskClient, order: ShopOrder, path: str) -> None:
    assert dana.get(f"{page_of(order)}/{path}").status_code == 405
