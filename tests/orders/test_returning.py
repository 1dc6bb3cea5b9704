"""Returns per piece: asked, answered, received, and never twice."""

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.models.states import Status, Word
from neupusti.orders.service.errors import MoveError
from neupusti.orders.service.life import deciding, parcels, returning
from neupusti.orders.views import offers
from tests.orders import cast
from tests.orders.cast import GUEST, press
from tests.orders.test_parcels import P, confirmed, moved, packed


def delivered(product: int, pieces: int) -> tuple[str, int]:
    """Return the number and the line of a delivered order."""
    number = confirmed((product, pieces))
    moved(number, packed(number, pieces), P.HANDED_OVER, P.DELIVERED)
    return number, cast.lines_of(number)[0].id


def returned(number: str, line: int, pieces: int, *, restock: bool = True) -> None:
    wish = returning.ask(press(number, GUEST), {line: pieces}, "Не подошёл")
    returning.answer(press(number), wish, accept=True)
    returning.receive(press(number), wish, {line: restock})


@pytest.mark.situation(17)
def test_situation_17_no_more_comes_back_than_was_bought(app: Flask) -> None:
    product = cast.product("a")
    number, line = delivered(product, 5)
    returned(number, line, 2)
    assert cast.pieces_of(product) == 7
    assert cast.seen(number).status.word is Word.DELIVERED
    returned(number, line, 3)
    assert cast.pieces_of(product) == 10
    assert cast.seen(number).status.word is Word.RETURNED
    with pytest.raises(MoveError):
        returning.ask(press(number, GUEST), {line: 1}, "")
    with pytest.raises(IntegrityError), writing() as session:
        session.execute(text("UPDATE order_line SET returned = returned + 1"))
    db.session.rollback()
    assert cast.pieces_of(product) == 10
    assert cast.holds()


def test_what_is_asked_for_is_not_asked_for_again(app: Flask) -> None:
    number, line = delivered(cast.product("a"), 2)
    wish = returning.ask(press(number, GUEST), {line: 2}, "Не подошёл")
    with pytest.raises(MoveError):
        returning.ask(press(number, GUEST), {line: 1}, "")
    with pytest.raises(MoveError):
        returning.answer(press(number), wish, accept=False, reason=" ")
    returning.answer(press(number), wish, accept=False, reason="Есть следы чая")
    letter = cast.letters()[-1]
    assert letter.kind == "orders.return_answered"
    assert "Есть следы чая" in letter.text
    assert "Не подошёл" not in "".join(x.text for x in cast.letters())
    assert returning.ask(press(number, GUEST), {line: 2}, "") != wish
    assert cast.holds()


def test_goods_come_back_once(app: Flask) -> None:
    product = cast.product("a")
    number, line = delivered(product, 2)
    wish = returning.ask(press(number, GUEST), {line: 1}, "")
    with pytest.raises(MoveError):
        returning.receive(press(number), wish, {line: True})
    returning.answer(press(number), wish, accept=True)
    with pytest.raises(MoveError):
        returning.receive(press(number, GUEST), wish, {line: True})
    returning.receive(press(number), wish, {line: True})
    with pytest.raises(MoveError):
        returning.receive(press(number), wish, {line: True})
    with pytest.raises(MoveError):
        returning.answer(press(number), wish, accept=False, reason="Нет")
    assert cast.pieces_of(product) == 9
    assert cast.seen(number).sums.due == 1000 + 1500
    assert cast.holds()


def test_a_return_whose_goods_never_come_is_closed(app: Flask) -> None:
    number, line = delivered(product := cast.product("a"), 2)
    wish = returning.ask(press(number, GUEST), {line: 2}, "")
    returning.answer(press(number), wish, accept=True)
    with pytest.raises(MoveError):
        returning.answer(press(number), wish, accept=False, reason="")
    returning.answer(press(number), wish, accept=False, reason="Товар не пришёл")
    assert "Товар не пришёл" in cast.letters()[-1].text
    with pytest.raises(MoveError):
        returning.receive(press(number), wish, {line: True})
    assert cast.pieces_of(product) == 8
    assert returning.ask(press(number, GUEST), {line: 2}, "") != wish
    assert cast.holds()


def test_broken_goods_come_back_but_not_into_stock(app: Flask) -> None:
    product = cast.product("a")
    number, line = delivered(product, 2)
    returned(number, line, 2, restock=False)
    assert cast.pieces_of(product) == 8
    assert cast.seen(number).status.word is Word.RETURNED
    assert cast.holds()


def test_what_was_not_delivered_is_not_returned(app: Flask) -> None:
    number = confirmed((cast.product("a"), 3))
    moved(number, packed(number, 1), P.HANDED_OVER, P.DELIVERED)
    moved(number, packed(number, 1), P.HANDED_OVER)
    (line,) = cast.lines_of(number)
    assert cast.seen(number).left_to_return(line) == 1
    with pytest.raises(MoveError):
        returning.ask(press(number, GUEST), {line.id: 2}, "")
    assert returning.ask(press(number, GUEST), {line.id: 1}, "")


def test_a_return_of_another_order_is_not_answered(app: Flask) -> None:
    product = cast.product("a")
    mine, line = delivered(product, 1)
    other, _line = delivered(product, 1)
    wish = returning.ask(press(mine, GUEST), {line: 1}, "")
    with pytest.raises(MoveError):
        returning.answer(press(other), wish, accept=True)


def test_words_have_an_end(app: Flask) -> None:
    number, line = delivered(cast.product("a"), 1)
    with pytest.raises(MoveError):
        returning.ask(press(number, GUEST), {line: 1}, "а" * 2001)
    assert returning.ask(press(number, GUEST), {line: 1}, "а" * 2000)


def test_what_was_not_packed_can_be_cancelled_once_the_rest_came_back(app: Flask) -> None:
    one, other = cast.product("a"), cast.product("b")
    number = confirmed((one, 1), (other, 1))
    moved(number, packed(number, 1, 0), P.HANDED_OVER, P.DELIVERED)
    first, second = cast.lines_of(number)
    returned(number, first.id, 1)
    deciding.cancel_lines(press(number, GUEST), {second.id: 1})
    found = cast.seen(number)
    assert found.status == Status(Word.RETURNED)
    assert found.order.ended_at is not None
    assert cast.pieces_of(other) == 10
    assert cast.holds()


@pytest.mark.clause("6.1.3")
def test_goods_of_somebody_whose_data_were_destroyed_are_taken_in(app: Flask) -> None:
    product = cast.product("a")
    number, line = delivered(product, 2)
    wish = returning.ask(press(number, GUEST), {line: 1}, "")
    said = len(cast.letters())
    with writing() as session:
        session.execute(update(ShopOrder).values(email="", email_key=""))
    returning.answer(press(number), wish, accept=True)
    returning.receive(press(number), wish, {line: True})
    assert cast.pieces_of(product) == 9
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(OutboxEmail)) == said
    assert cast.holds()


@pytest.mark.parametrize("state", ["asked", "accepted", "received"])
def test_no_press_undoes_the_delivery_of_what_comes_back(app: Flask, state: str) -> None:
    number, line = delivered(cast.product("a"), 2)
    ((parcel, _pieces),) = cast.seen(number).parcels
    wish = returning.ask(press(number, GUEST), {line: 1}, "")
    if state != "asked":
        returning.answer(press(number), wish, accept=True)
    if state == "received":
        returning.receive(press(number), wish, {line: True})
    found = cast.seen(number)
    assert offers.moves(found, found.parcels[0][0]) == []
    with pytest.raises(MoveError):
        parcels.move(press(number), parcel.id, P.ON_THE_WAY, reason="Ошибка")
    assert cast.seen(number).parcels[0][0].state == P.DELIVERED


def test_a_refused_return_leaves_a_mistaken_delivery_to_be_put_right(app: Flask) -> None:
    number, line = delivered(cast.product("a"), 2)
    wish = returning.ask(press(number, GUEST), {line: 2}, "")
    returning.answer(press(number), wish, accept=False, reason="Не доставлен")
    ((parcel, _pieces),) = cast.seen(number).parcels
    assert offers.moves(cast.seen(number), parcel)
    parcels.move(press(number), parcel.id, P.ON_THE_WAY, reason="Ошибка")
    assert cast.seen(number).status.word is Word.ON_THE_WAY
