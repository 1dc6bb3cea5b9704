"""What staff press on the board: moves, money, returns, notes."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.core.data.database import db
from neupusti.core.mail.models import OutboxEmail
from neupusti.orders.models.order import OrderState, ShopOrder
from neupusti.orders.models.states import Word
from neupusti.orders.service.life import returning
from tests.conftest import SQLITE
from tests.orders import buying, cast
from tests.orders.boards import (
    hands_over,
    now,
    page_of,
    pieces,
    press,
    send,
    word,
)
from tests.orders.buying import Shopper
from tests.people import DANA


@pytest.mark.situation(16)
def test_an_order_goes_its_way_in_two_parcels(dana: FlaskClient, order: ShopOrder) -> None:
    assert press(dana, order, "parcels", **pieces(order, 1, 0)).status_code == 422
    assert press(dana, order, "confirmation").status_code == 303
    assert word(order) == (Word.CONFIRMED, False)

    assert press(dana, order, "parcels", **pieces(order, 2, 0)).status_code == 303
    parcel = now(order).parcels[0][0].id
    assert hands_over(dana, order, parcel, track="KZ 1").status_code == 200
    assert word(order) == (Word.HANDED_OVER, True)
    assert press(dana, order, "parcels", **pieces(order, 2, 0)).status_code == 422
    assert press(dana, order, "parcels", **pieces(order, 1, 1)).status_code == 303

    second = now(order).parcels[1][0].id
    for one in (parcel, second):
        if one == second:
            hands_over(dana, order, one)
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
    for odd in ("", "x", "2147483648", "9" * 10, "9" * 40, "-1"):
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
    forged = press(dana, order, f"parcels/{parcel}/moves", to="handed_over")
    assert forged.status_code == 422
    assert hands_over(dana, order, parcel).status_code == 200
    assert press(dana, order, "cancellation", reason="Поздно").status_code == 422
    assert press(dana, order, "parcels/999999/moves", to="delivered").status_code == 422
    assert now(order).order.state == OrderState.CONFIRMED


@pytest.mark.situation(4)
def test_a_cancelled_order_is_not_delivered_by_a_forged_press(
    dana: FlaskClient, order: ShopOrder
) -> None:
    press(dana, order, "confirmation")
    press(dana, order, "parcels", **pieces(order, 3, 1))
    parcel, seen = now(order).parcels[0][0].id, now(order).order.version
    where = f"parcels/{parcel}/moves"
    assert press(dana, order, "cancellation", reason="Передумали").status_code == 303
    stock = [buying.left(line.product) for line in now(order).lines]
    for to in ("handed_over", "delivered", "packed"):
        stale = send(dana, f"{page_of(order)}/{where}", version=seen, to=to)
        assert (stale.status_code, press(dana, order, where, to=to).status_code) == (
            409,
            422,
        )
    assert press(dana, order, "confirmation").status_code == 422
    assert word(order) == (Word.CANCELLED, False)
    assert [buying.left(line.product) for line in now(order).lines] == stock == [20, 20]


def test_a_part_is_cancelled_with_a_reason(dana: FlaskClient, order: ShopOrder) -> None:
    without = press(dana, order, "cancellation", **pieces(order, 1, 0))
    assert without.status_code == 422
    done = press(dana, order, "cancellation", **pieces(order, 1, 0), reason="Скол на эмали")
    assert done.status_code == 303
    assert [line.cancelled for line in now(order).lines] == [1, 0]
    assert press(dana, order, "cancellation", reason="Покупатель просит").status_code == 303
    assert word(order) == (Word.CANCELLED, False)


def test_what_was_never_packed_is_cancelled_after_a_parcel_left(
    dana: FlaskClient, order: ShopOrder
) -> None:
    press(dana, order, "confirmation")
    press(dana, order, "parcels", **pieces(order, 2, 1))
    parcel = now(order).parcels[0][0].id
    assert hands_over(dana, order, parcel).status_code == 200
    page = dana.get(page_of(order)).text
    assert f"{page_of(order)}/cancellation" in page
    assert "Все нули" not in page
    done = press(dana, order, "cancellation", **pieces(order, 1, 0), reason="Разбит")
    assert done.status_code == 303
    press(dana, order, f"parcels/{parcel}/moves", to="delivered")
    assert word(order) == (Word.DELIVERED, False)
    assert f"{page_of(order)}/cancellation" not in dana.get(page_of(order)).text


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
    hands_over(dana, order, parcel)
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
    hands_over(dana, order, parcel)
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
    address = cast.address_of(order.number)
    assert address is not None
    assert (address.region, address.house) == ("KZ-71", "1")


def field(page: str, mark: str) -> str:
    """Return the value of the first field after a mark in a page."""
    return page.partition(mark)[2].partition('value="')[2].partition('"')[0]


def test_a_refused_press_keeps_what_was_typed_into_its_form(
    dana: FlaskClient, order: ShopOrder
) -> None:
    kettle = now(order).lines[0].id
    page = press(dana, order, "cancellation", **pieces(order, 1, 0)).text
    assert field(page, f'id="cancel-{kettle}"') == "1", "zeros would cancel all of it"
    early = press(dana, order, "parcels", **pieces(order, 2, 0), reason="Звонила")
    assert field(early.text, 'id="cancel-reason"') == ""
    press(dana, order, "confirmation")
    seen = now(order).order.version
    press(dana, order, "notes", words="Звонила")
    late = send(dana, f"{page_of(order)}/parcels", version=seen, **pieces(order, 2, 0))
    assert late.status_code == 409
    assert field(late.text, f'id="pack-{kettle}"') == "2"


def test_a_late_press_keeps_the_boxes_of_what_is_sold_again(
    dana: FlaskClient, order: ShopOrder
) -> None:
    press(dana, order, "confirmation")
    press(dana, order, "parcels", **pieces(order, 3, 1))
    parcel = now(order).parcels[0][0].id
    hands_over(dana, order, parcel)
    press(dana, order, f"parcels/{parcel}/moves", to="refused")
    box, seen = f"restock-{now(order).lines[0].id}", now(order).order.version
    press(dana, order, "notes", words="Звонила")
    where = f"{page_of(order)}/parcels/{parcel}/arrival"
    late = send(dana, where, version=seen, **{box: "y"})
    assert late.status_code == 409
    assert f'name="{box}" value="y" checked>' in late.text


def test_a_late_address_is_shown_again(dana: FlaskClient, order: ShopOrder) -> None:
    seen = now(order).order.version
    press(dana, order, "confirmation")
    values = {"region": "KZ-71", "city": "Астана", "street": "Кенесары", "house": "1"}
    late = send(dana, f"{page_of(order)}/address", version=seen, **values)
    assert late.status_code == 409
    assert (DANA.name in late.text, "Кенесары" in late.text) == (True, True)
    assert field(late.text, 'name="version"') == str(now(order).order.version)
