"""The lists of buyers and of the board, and the commands."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from neupusti.core.data.database import db, writing
from neupusti.orders.models.order import Payment
from neupusti.orders.models.states import Word
from neupusti.orders.queries import lists
from neupusti.orders.queries.lists import Filter
from neupusti.orders.service.life import changing, deciding, returning
from tests.orders import cast
from tests.orders.cast import BUYER, COURIER, PICKUP, press
from tests.orders.test_parcels import P, confirmed, moved, packed
from tests.orders.test_returning import delivered, returned
from tests.people import BOLAT

NOON = datetime(2026, 11, 25, 7, tzinfo=UTC)
OTHER = replace(
    BUYER, family_name="Ёлкин", given_name=BOLAT.name, email=BOLAT.email, phone=BOLAT.phone
)
Clock = Callable[[datetime], None]


def found(**wanted: object) -> list[str]:
    db.session.expire_all()
    items, number = lists.board(Filter(**wanted))  # type: ignore[arg-type]
    assert number == len(items)
    numbers = [item.order.number for item in items]
    db.session.rollback()
    return numbers


def test_each_word_finds_its_orders(app: Flask) -> None:
    product = cast.product("a", 99)
    new = cast.placed((product, 1)).number
    ready = confirmed((product, 1))
    paid = cast.placed((product, 1), buyer=OTHER).number
    changing.enter_payment(press(paid), 2500)
    on_the_way = confirmed((product, 2))
    moved(on_the_way, packed(on_the_way, 1), P.HANDED_OVER, P.ON_THE_WAY)
    gone = cast.placed((product, 1), buyer=replace(OTHER, email="x@example.kz")).number
    deciding.cancel(press(gone))
    there, _line = delivered(product, 1)
    back, line = delivered(product, 1)
    returned(back, line, 1)
    assert {word: found(word=word) for word in Word} == {
        Word.NEW: [new],
        Word.CONFIRMED: [ready],
        Word.PAID: [paid],
        Word.PACKED: [],
        Word.HANDED_OVER: [],
        Word.ON_THE_WAY: [on_the_way],
        Word.DELIVERED: [there],
        Word.REFUSED: [],
        Word.RETURNED: [back],
        Word.CANCELLED: [gone],
    }
    assert lists.counts() == {
        Word.NEW: 1,
        Word.CONFIRMED: 1,
        Word.PAID: 1,
        Word.ON_THE_WAY: 1,
    }
    # Open ones first, the oldest on top; then those at their end.
    assert found()[:4] == [new, ready, paid, on_the_way]


def test_an_order_is_found_by_number_names_and_phone(app: Flask) -> None:
    product = cast.product("a")
    mine = cast.placed((product, 1)).number
    other = cast.placed((product, 1), buyer=OTHER).number
    for search, numbers in (
        (mine.lower().replace("-", " "), [mine]),
        ("0002", [other]),
        ("000-0002", [other]),
        ("+7 (701) 000 00 02", [other]),
        ("СЕРИК", [mine]),
        ("елкин бол", [other]),
        ("ёлк", [other]),
        ("Айгерим", []),
        ("%", []),
        ("_", []),
        ("' OR 1=1", []),
        ("9999", []),
    ):
        assert found(search=search) == numbers, search


def test_the_board_is_filtered(app: Flask, at: Clock) -> None:
    product = cast.product("a")
    at(NOON)
    courier = cast.placed(
        (product, 1), wish=replace(COURIER, payment=Payment.INVOICE)
    ).number
    at(NOON + timedelta(days=1))
    pickup = cast.placed((product, 1), wish=PICKUP).number
    assert found(delivery="pickup") == [pickup]
    assert found(payment="invoice") == [courier]
    assert found(since=date(2026, 11, 26)) == [pickup]
    assert found(until=date(2026, 11, 25)) == [courier]
    assert found(since=date(2026, 11, 25), until=date(2026, 11, 26)) == [courier, pickup]
    assert found(delivery="pickup", payment="invoice") == []


def test_a_person_sees_their_own_orders_newest_first(app: Flask) -> None:
    product = cast.product("a")
    mine = replace(BUYER, person=7)
    numbers = [cast.placed((product, 1), buyer=mine).number for _ in range(3)]
    cast.placed((product, 1), buyer=replace(OTHER, person=8))
    cast.placed((product, 1), buyer=OTHER)
    pages = [lists.of_person(7, page=page, size=2) for page in (1, 2, 3)]
    assert [[x.order.number for x in items] for items, _number in pages] == [
        numbers[:0:-1],
        numbers[:1],
        [],
    ]
    assert [number for _items, number in pages] == [3, 3, 3]
    assert lists.of_person(9) == ([], 0)


@pytest.mark.parametrize("count", [1, 6])
def test_a_list_takes_six_queries_whatever_is_in_it(app: Flask, count: int) -> None:
    product = cast.product("a", 99)
    for n in range(count):
        buyer = replace(BUYER, email=f"x{n}@example.kz", phone=f"+7701000{n:04}")
        cast.placed((product, 1), buyer=buyer)
    with cast.counted() as statements:
        lists.board(Filter())
    assert len(statements) == 6


def run(app: Flask, *args: str) -> tuple[int, str]:
    db.session.rollback()
    result = app.test_cli_runner().invoke(args=list(args))
    return result.exit_code, result.output


def test_commands_list_and_show_orders_without_names(app: Flask) -> None:
    product = cast.product("a")
    number, _line = delivered(product, 2)
    other = cast.placed((product, 1), buyer=OTHER).number
    code, output = run(app, "orders", "list")
    assert code == 0
    assert output.index(other) < output.index(number)
    assert "delivered" in output
    assert output.endswith("2 orders\n")
    assert number not in run(app, "orders", "list", "--state", "new")[1]
    assert run(app, "orders", "list", "--search", "0002")[1].startswith(other)
    code, shown = run(app, "orders", "show", number.lower())
    assert code == 0
    for part in (
        number,
        "Чайник a",
        "goods 2000 + delivery 1500 = 3500",
        "delivered",
        "(staff)",
    ):
        assert part in shown
    assert not {BUYER.email, BUYER.family_name, "Абая"} & set(shown.split())
    assert run(app, "orders", "show", "NP-261122-1C0H-5")[0] == 1
    assert run(app, "orders", "show", "нет")[0] == 1


SPOILED = {
    "UPDATE product SET stock = stock + 1": "stock is 9",
    "UPDATE shop_order SET goods = 7, total = 7 + fee": "lines add up to 2000",
    "UPDATE shop_order SET version = version + 1": "5 events, the last is 5",
    "UPDATE order_line SET returned = 1": "0 came back",
    "UPDATE parcel_line SET quantity = 3": "3 in parcels",
    "UPDATE order_line SET cancelled = 1": "stock moved by -2 and 0",
}


def test_what_holds_is_said(app: Flask) -> None:
    delivered(cast.product("a"), 2)
    assert run(app, "shop", "verify") == (0, "Stock, totals, events and counters hold.\n")


@pytest.mark.parametrize("change", SPOILED)
def test_what_does_not_hold_is_found(app: Flask, change: str) -> None:
    number, _line = delivered(cast.product("a"), 2)
    with writing() as session:
        session.execute(text(change))
    code, output = run(app, "shop", "verify")
    assert code == 1
    assert SPOILED[change] in output
    assert "product" in output or number in output


@pytest.mark.parametrize("accepted", [False, True])
def test_a_return_that_waits_is_counted_and_on_top_of_the_board(
    app: Flask, *, accepted: bool
) -> None:
    number, line = delivered(cast.product("a"), 1)
    newer = [delivered(cast.product(x), 1)[0] for x in ("b", "c")]
    wish = returning.ask(press(number, cast.GUEST), {line: 1}, "")
    if accepted:
        returning.answer(press(number), wish, accept=True)
    assert lists.count_returns() == 1
    items, _count = lists.board(Filter())
    assert [(x.order.number, x.returning) for x in items] == [
        (number, True),
        *((other, False) for other in reversed(newer)),
    ]
    returning.answer(press(number), wish, accept=False, reason="Товар не пришёл")
    assert lists.count_returns() == 0
    assert found() == [*reversed(newer), number]
