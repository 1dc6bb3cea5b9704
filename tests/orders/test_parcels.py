"""Parcels: packed, moved by hand, collected, and brought back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.models.order import Payment
from neupusti.orders.models.states import Status, Word
from neupusti.orders.service import moves
from neupusti.orders.service.errors import MoveError
from neupusti.orders.service.life import changing, deciding, parcels, returning
from neupusti.orders.service.placing import Wish
from tests import handing
from tests.orders import cast
from tests.orders.cast import COURIER, GUEST, PICKUP, press

P = ParcelState
NOON = datetime(2026, 11, 25, 7, tzinfo=UTC)
PATHS: dict[ParcelState, tuple[ParcelState, ...]] = {
    P.PACKED: (),
    P.HANDED_OVER: (P.HANDED_OVER,),
    P.ON_THE_WAY: (P.HANDED_OVER, P.ON_THE_WAY),
    P.DELIVERED: (P.HANDED_OVER, P.DELIVERED),
    P.REFUSED: (P.HANDED_OVER, P.REFUSED),
}
Clock = Callable[[datetime], None]


def confirmed(*lines: tuple[int, int], wish: Wish = COURIER) -> str:
    number = cast.placed(*lines, wish=wish).number
    deciding.confirm(press(number))
    return number


def packed(number: str, *pieces: int) -> int:
    lines = cast.lines_of(number)
    return parcels.pack(
        press(number), {x.id: n for x, n in zip(lines, pieces, strict=True)}
    )


def moved(number: str, parcel: int, *states: ParcelState) -> None:
    for state in states:
        handing.moved(press(number), parcel, state)


@pytest.mark.situation(16)
def test_situation_16_parts_are_handed_over_and_never_more_than_all(app: Flask) -> None:
    number = confirmed((cast.product("a"), 3))
    first = packed(number, 2)
    moved(number, first, P.HANDED_OVER)
    assert cast.seen(number).status == Status(Word.HANDED_OVER, partly=True)
    assert str(cast.seen(number).status.label) == "передан в доставку частично"
    with pytest.raises(MoveError):
        packed(number, 2)
    second = packed(number, 1)
    moved(number, second, P.HANDED_OVER)
    assert cast.seen(number).status == Status(Word.HANDED_OVER)
    moved(number, first, P.DELIVERED)
    assert cast.order_of(number).ended_at is None
    moved(number, second, P.DELIVERED)
    assert cast.seen(number).status == Status(Word.DELIVERED)
    assert cast.order_of(number).ended_at is not None
    assert cast.holds()


@pytest.mark.parametrize("start", PATHS)
@pytest.mark.parametrize("to", ParcelState)
def test_a_parcel_moves_by_the_table_alone(
    app: Flask, start: ParcelState, to: ParcelState
) -> None:
    number = confirmed((cast.product("a"), 1))
    parcel = packed(number, 1)
    moved(number, parcel, *PATHS[start])
    by_others = {
        (P.PACKED, P.HANDED_OVER),  # the hand-over
        (P.PACKED, P.DELIVERED),  # a pick-up
        (P.PACKED, P.GONE),
        (P.REFUSED, P.RETURNED),
    }
    if (start, to) in moves.JOURNEY.keys() - by_others:
        parcels.move(press(number), parcel, to, reason="Ошибка")
        assert cast.seen(number).parcels[0][0].state == to
    else:
        before = cast.order_of(number).version
        with pytest.raises(MoveError):
            parcels.move(press(number), parcel, to, reason="Ошибка")
        assert cast.order_of(number).version == before
    assert cast.holds()


def test_a_buyer_moves_no_parcel(app: Flask) -> None:
    number = confirmed((cast.product("a"), 1))
    parcel = packed(number, 1)
    with pytest.raises(MoveError):
        parcels.move(press(number, GUEST), parcel, P.HANDED_OVER)


def test_a_parcel_of_another_order_is_not_moved(app: Flask) -> None:
    product = cast.product("a")
    mine, other = confirmed((product, 1)), confirmed((product, 1))
    foreign = packed(other, 1)
    with pytest.raises(MoveError):
        parcels.move(press(mine), foreign, P.HANDED_OVER)
    with pytest.raises(MoveError):
        parcels.unpack(press(mine), foreign)


def test_a_new_order_is_not_packed(app: Flask) -> None:
    number = cast.placed((cast.product("a"), 1)).number
    with pytest.raises(MoveError):
        packed(number, 1)


def test_what_is_unpacked_can_be_packed_anew(app: Flask) -> None:
    number = confirmed((cast.product("a"), 2))
    parcel = packed(number, 2)
    parcels.unpack(press(number), parcel)
    assert cast.seen(number).status == Status(Word.CONFIRMED)
    moved(number, packed(number, 2), P.HANDED_OVER)
    assert cast.holds()


def test_an_unpaid_invoice_is_packed_only_with_a_reason(app: Flask) -> None:
    number = confirmed(
        (cast.product("a"), 2), wish=replace(COURIER, payment=Payment.INVOICE)
    )
    (line,) = cast.lines_of(number)
    with pytest.raises(MoveError):
        packed(number, 1)
    parcels.pack(press(number), {line.id: 1}, "Гарантийное письмо")
    assert cast.order_of(number).due_at is None
    changing.enter_payment(press(number), 3500)
    packed(number, 1)
    assert cast.holds()


def test_a_mistaken_delivery_is_put_right_within_a_day(app: Flask, at: Clock) -> None:
    at(NOON)
    number = confirmed((cast.product("a"), 1))
    parcel = packed(number, 1)
    moved(number, parcel, P.HANDED_OVER, P.DELIVERED)
    with pytest.raises(MoveError):
        parcels.move(press(number), parcel, P.ON_THE_WAY)
    at(NOON + timedelta(hours=24))
    letters = len(cast.letters())
    parcels.move(press(number), parcel, P.ON_THE_WAY, reason="Не та посылка")
    assert cast.order_of(number).ended_at is None
    assert cast.seen(number).parcels[0][0].delivered_at is None
    assert len(cast.letters()) == letters
    moved(number, parcel, P.DELIVERED)
    at(NOON + timedelta(hours=48, seconds=1))
    with pytest.raises(MoveError):
        parcels.move(press(number), parcel, P.ON_THE_WAY, reason="Не та посылка")


def test_who_collects_says_the_number_and_four_digits(app: Flask) -> None:
    number = confirmed((cast.product("a"), 1), wish=PICKUP)
    parcel = packed(number, 1)
    assert cast.letters()[-1].kind == "orders.ready"
    assert "Маркова" in cast.letters()[-1].text
    other = cast.placed((cast.product("b"), 1)).number
    for said, end in ((other, "0001"), (number, "0002"), (number, ""), ("нет", "0001")):
        with pytest.raises(MoveError):
            parcels.collect(press(number), parcel, said, end)
    with pytest.raises(MoveError):
        parcels.move(press(number), parcel, P.HANDED_OVER)
    parcels.collect(press(number), parcel, number.lower().replace("-", " "), " 0001 ")
    assert cast.seen(number).status == Status(Word.DELIVERED)
    assert cast.holds()


def test_what_travels_is_not_collected(app: Flask) -> None:
    number = confirmed((cast.product("a"), 1))
    parcel = packed(number, 1)
    with pytest.raises(MoveError):
        parcels.collect(press(number), parcel, number, "0001")


def test_what_was_refused_comes_back_and_is_sold_again_or_not(app: Flask) -> None:
    one, other = cast.product("a"), cast.product("b")
    number = confirmed((one, 2), (other, 1))
    parcel = packed(number, 2, 1)
    moved(number, parcel, P.HANDED_OVER, P.REFUSED)
    assert cast.seen(number).status == Status(Word.REFUSED)
    first, second = cast.lines_of(number)
    returning.take_back(press(number), parcel, {first.id: True, second.id: False})
    found = cast.seen(number)
    assert found.status == Status(Word.RETURNED)
    assert found.order.ended_at is not None
    assert (cast.pieces_of(one), cast.pieces_of(other)) == (10, 9)
    assert cast.letters()[-1].kind == "orders.returned"
    with pytest.raises(MoveError):
        returning.take_back(press(number), parcel, {first.id: True})
    assert [found.left_to_return(x) for x in found.lines] == [0, 0]
    assert cast.pieces_of(one) == 10
    assert cast.holds()


def test_the_tracking_number_is_in_the_letter(app: Flask) -> None:
    number = confirmed((cast.product("a"), 1))
    parcel = packed(number, 1)
    handing.over(press(number), parcel, track="RR123456785KZ")
    parcels.move(press(number), parcel, P.ON_THE_WAY)
    assert all("RR123456785KZ" in letter.text for letter in cast.letters()[-2:])


def test_what_was_refused_by_mistake_or_is_tried_again_travels_on(app: Flask) -> None:
    number = confirmed((cast.product("a"), 1))
    parcel = packed(number, 1)
    moved(number, parcel, P.HANDED_OVER, P.REFUSED)
    assert "никто не ответил" in cast.letters()[-1].text
    moved(number, parcel, P.ON_THE_WAY)
    assert cast.seen(number).status == Status(Word.ON_THE_WAY)
    assert cast.letters()[-1].kind == "orders.on_the_way"
    moved(number, parcel, P.DELIVERED)
    assert cast.seen(number).status == Status(Word.DELIVERED)
    assert cast.holds()
