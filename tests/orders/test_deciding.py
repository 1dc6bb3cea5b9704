"""Confirming and cancelling, wholly and in part."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select

from neupusti.catalog.models import StockMovement
from neupusti.core.data.database import db
from neupusti.core.records.journal import Actor, ProcessingEvent, StaffAction
from neupusti.core.text.languages import Language
from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.models.order import OrderState
from neupusti.orders.models.states import Status, Word
from neupusti.orders.service import emails
from neupusti.orders.service.errors import FrozenError, MoveError, NoOrderError, StaleError
from neupusti.orders.service.life import changing, deciding, parcels
from neupusti.orders.service.moves import Press
from tests import handing
from tests.orders import cast
from tests.orders.cast import GUEST, SITE, STAFF, press


def all_of(number: str) -> dict[int, int]:
    return {line.id: line.left for line in cast.lines_of(number)}


def sent(*lines: tuple[int, int]) -> tuple[str, int]:
    """Place, confirm and pack an order, and hand it over; return its number and parcel."""
    number = cast.placed(*lines).number
    deciding.confirm(press(number))
    parcel = parcels.pack(press(number), all_of(number))
    handing.over(press(number), parcel)
    return number, parcel


def test_staff_confirm_an_order_once(app: Flask) -> None:
    number = cast.placed((cast.product("a"), 1)).number
    with pytest.raises(MoveError):
        deciding.confirm(press(number, GUEST))
    deciding.confirm(press(number))
    found = cast.seen(number)
    assert (found.status.word, found.order.version) == (Word.CONFIRMED, 2)
    assert [x.kind for x in cast.letters()] == ["orders.placed", "orders.confirmed"]
    action = db.session.scalars(select(StaffAction)).one()
    assert (action.action, action.staff) == ("orders.moved", cast.DANA)
    assert action.what == f"{number} moved new > confirmed"
    with pytest.raises(MoveError):
        deciding.confirm(press(number))
    assert cast.holds()


@pytest.mark.parametrize("actor", [GUEST, STAFF, SITE])
def test_anybody_cancels_while_nothing_has_left(app: Flask, actor: Actor) -> None:
    one, other = cast.product("a"), cast.product("b")
    number = cast.placed((one, 2), (other, 1)).number
    deciding.confirm(press(number))
    parcels.pack(press(number), all_of(number))
    deciding.cancel(press(number, actor), "Не нужно")
    found = cast.seen(number)
    assert found.status.word is Word.CANCELLED
    assert found.order.ended_at is not None
    assert found.sums.due == 0
    assert (found.parcels, [x.cancelled for x in found.lines]) == ([], [2, 1])
    assert (cast.pieces_of(one), cast.pieces_of(other)) == (10, 10)
    assert cast.letters()[-1].kind == "orders.cancelled"
    assert cast.holds()
    with pytest.raises(MoveError):
        deciding.cancel(press(number, actor))


@pytest.mark.situation(15)
@pytest.mark.parametrize("actor", [GUEST, STAFF, SITE])
@pytest.mark.parametrize("back", [False, True])
def test_situation_15_nobody_cancels_what_was_handed_over(
    app: Flask, actor: Actor, *, back: bool
) -> None:
    product = cast.product("a")
    number, parcel = sent((product, 2))
    if back:
        parcels.move(press(number), parcel, ParcelState.DELIVERED)
    with pytest.raises(MoveError):
        deciding.cancel(press(number, actor))
    with pytest.raises(MoveError):
        deciding.cancel_lines(press(number, actor), all_of(number))
    assert cast.pieces_of(product) == 8
    assert cast.holds()


@pytest.mark.situation(4)
def test_situation_04_a_cancelled_order_goes_nowhere(app: Flask) -> None:
    product = cast.product("a")
    number = cast.placed((product, 2)).number
    deciding.confirm(press(number))
    pieces = all_of(number)
    parcel = parcels.pack(press(number), pieces)
    stale = press(number)
    deciding.cancel(press(number))
    with pytest.raises(StaleError):
        handing.over(stale, parcel)
    for to in ParcelState:
        with pytest.raises(MoveError):
            parcels.move(press(number), parcel, to)
    with pytest.raises(MoveError):
        parcels.pack(press(number), pieces)
    with pytest.raises(MoveError):
        deciding.confirm(press(number))
    assert cast.pieces_of(product) == 10
    assert cast.holds()


def test_a_part_is_cancelled_piece_by_piece(app: Flask) -> None:
    one, other = cast.product("a"), cast.product("b", price=500)
    number = cast.placed((one, 3), (other, 1)).number
    first, second = cast.lines_of(number)
    for _ in range(2):
        deciding.cancel_lines(press(number, GUEST), {first.id: 1, second.id: 0})
    found = cast.seen(number)
    assert [x.cancelled for x in found.lines] == [2, 0]
    assert (found.order.total, found.sums.due) == (5000, 1000 + 500 + 1500)
    assert (cast.pieces_of(one), cast.pieces_of(other)) == (9, 9)
    kinds = [x.kind for x in cast.letters()]
    assert kinds == ["orders.placed", "orders.cancelled", "orders.cancelled"]
    assert cast.holds()
    deciding.cancel_lines(press(number, GUEST), {first.id: 1, second.id: 1})
    assert cast.order_of(number).state == OrderState.CANCELLED
    assert (cast.pieces_of(one), cast.pieces_of(other)) == (10, 10)
    assert cast.holds()


@pytest.mark.parametrize(
    "pieces", [{}, {"line": 0}, {"line": 3}, {"line": -1}, {"other": 1}]
)
def test_no_more_is_cancelled_than_there_is(app: Flask, pieces: dict[str, int]) -> None:
    product = cast.product("a")
    number = cast.placed((product, 2), (cast.product("b"), 1)).number
    line = cast.lines_of(number)[0].id
    wanted = {line if name == "line" else 999: count for name, count in pieces.items()}
    with pytest.raises(MoveError):
        deciding.cancel_lines(press(number), wanted)
    assert cast.order_of(number).version == 1
    assert cast.pieces_of(product) == 8


def test_what_is_packed_is_not_cancelled_in_part(app: Flask) -> None:
    number = cast.placed((cast.product("a"), 3)).number
    deciding.confirm(press(number))
    (line,) = cast.lines_of(number)
    parcels.pack(press(number), {line.id: 2})
    with pytest.raises(MoveError):
        deciding.cancel_lines(press(number), {line.id: 2})
    deciding.cancel_lines(press(number), {line.id: 1})
    assert cast.seen(number).status == Status(Word.PACKED)
    assert cast.holds()


def test_a_stale_press_is_told_what_happened_and_who_did_it(app: Flask) -> None:
    number = cast.placed((cast.product("a"), 1)).number
    mine, hers = press(number), press(number)
    deciding.confirm(hers)
    with pytest.raises(StaleError) as error:
        deciding.cancel(mine)
    assert error.value.status == 409
    assert "магазин" in str(error.value.message)
    deciding.cancel(press(number, GUEST))
    with pytest.raises(StaleError) as error:
        deciding.confirm(hers)
    assert "покупатель" in str(error.value.message)


def test_an_order_that_is_not_there_is_not_found(app: Flask) -> None:
    with pytest.raises(NoOrderError):
        deciding.confirm(Press(999, 1, STAFF))


def test_a_blocked_order_can_only_be_cancelled(app: Flask) -> None:
    number = cast.placed((cast.product("a"), 1)).number
    deciding.confirm(press(number))
    pieces = all_of(number)
    changing.freeze(press(number), "Обращение")
    for move in (
        lambda: parcels.pack(press(number), pieces),
        lambda: changing.change_address(press(number), cast.ADDRESS),
        lambda: changing.freeze(press(number), "Ещё раз"),
    ):
        with pytest.raises(FrozenError):
            move()
    changing.thaw(press(number), "Закрыто")
    with pytest.raises(MoveError):
        changing.thaw(press(number), "Закрыто")
    changing.freeze(press(number), "Обращение")
    deciding.cancel(press(number, GUEST))
    assert cast.seen(number).status.word is Word.CANCELLED
    assert cast.holds()


@pytest.mark.situation(14)
def test_situation_14_letters_keep_the_language_of_the_order(app: Flask) -> None:
    buyer = replace(cast.BUYER, language=Language.KK)
    number = cast.placed((cast.product("a"), 2), buyer=buyer).number
    deciding.confirm(press(number))
    parcel = parcels.pack(press(number), all_of(number))
    for to in (ParcelState.HANDED_OVER, ParcelState.ON_THE_WAY, ParcelState.DELIVERED):
        handing.moved(press(number), parcel, to)
    sent_ = cast.letters()
    assert len(sent_) == 6
    assert {x.language for x in sent_} == {"kk"}
    assert "Шәйнек a, 2 ×" in sent_[0].text
    for letter in sent_:
        assert "сайттың қызметтік хаты" in letter.text
        assert number in letter.subject
        assert not {*"ABCDEFGHIJKLMNOQRSTUVWXYZ"} & {*letter.subject.replace(number, "")}


def test_each_event_has_one_letter_and_no_number_is_missing(app: Flask) -> None:
    number, _parcel = sent((cast.product("a"), 1))
    events = cast.seen(number).events
    assert [event.seq for event in events] == [1, 2, 3, 4]
    order = cast.order_of(number).id
    assert [x.key for x in cast.letters()] == [f"order:{order}:{n}" for n in range(1, 5)]


def test_a_move_that_fails_late_leaves_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = cast.product("a")
    number = cast.placed((product, 1)).number

    def fail(*_args: object) -> None:
        raise RuntimeError("no disk")

    monkeypatch.setattr(emails, "send", fail)
    with pytest.raises(RuntimeError):
        deciding.cancel(press(number))
    assert cast.order_of(number).version == 1
    assert (len(cast.letters()), cast.pieces_of(product)) == (1, 9)
    assert cast.holds()


def test_each_change_of_a_buyer_is_in_the_journal(app: Flask) -> None:
    number = cast.placed((cast.product("a"), 1)).number
    deciding.cancel(press(number, GUEST))
    whats = list(db.session.scalars(select(ProcessingEvent.what)))
    assert whats == ["order", "order moved new > cancelled"]
    assert db.session.scalar(select(func.count()).select_from(StockMovement)) == 3
