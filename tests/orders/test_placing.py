"""Placing an order: what is stored, what is refused, and what a repetition reaches."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, event, func, select
from sqlalchemy.engine.interfaces import CacheStats

from neupusti.catalog.models import ProductPhoto, StockMovement
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.records.consents import FormConsent
from neupusti.core.records.journal import ProcessingEvent
from neupusti.core.security.tokens import Token
from neupusti.core.text import money, order_numbers
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.fulfilment import OrderEvent
from neupusti.orders.models.order import (
    OrderLine,
    Payment,
    ShopOrder,
)
from neupusti.orders.service import basket, placing
from neupusti.orders.service.basket import BasketLine
from neupusti.orders.service.errors import (
    BasketError,
    OrderError,
    ShortageError,
)
from tests.orders import cast
from tests.orders.cast import BUYER, COURIER, PICKUP, PROOF
from tests.people import AIGERIM, BOLAT

NOON = datetime(2026, 11, 25, 7, tzinfo=UTC)
"""Noon of a Wednesday in Almaty."""
STORED = (ShopOrder, OrderLine, OrderAddress, OrderEvent, FormConsent, Token)
Clock = Callable[[datetime], None]


def rows() -> dict[str, int]:
    """Return how many rows each table holds that an order writes."""
    db.session.rollback()
    counts = {
        model.__tablename__: db.session.scalar(select(func.count()).select_from(model)) or 0
        for model in (*STORED, StockMovement, ProcessingEvent)
    }
    return counts | {"letters": len(cast.letters())}


@pytest.mark.clause("3.1")
@pytest.mark.clause("3.2.5")
@pytest.mark.clause("4.1.1")
@pytest.mark.clause("4.1.6")
def test_an_order_is_stored_with_all_that_belongs_to_it(app: Flask, at: Clock) -> None:
    at(NOON)
    one, other = cast.product("a", price=700), cast.product("b", price=1200)
    wish = replace(COURIER, comment="Код 12")
    found = cast.placed((other, 1), (one, 3), wish=wish)
    assert found.created
    assert found.same
    assert not found.fell
    everything = cast.seen(found.number)
    order = everything.order
    assert order_numbers.parse(order.number).startswith("NP-261125-")
    assert (order.goods, order.fee, order.total) == (3300, 1500, 4800)
    assert (order.email, order.email_key) == (AIGERIM.email, AIGERIM.email)
    assert (order.phone, order.phone_end) == (AIGERIM.phone, "0001")
    assert order.search == "сериккызы айгерим"
    assert (order.person, order.email_proved_at, order.due_at) == (None, None, None)
    assert (order.state, order.version, order.comment) == ("new", 1, "Код 12")
    lines = [(x.product, x.name, x.unit_price, x.quantity) for x in everything.lines]
    assert lines == [(other, "Чайник b", 1200, 1), (one, "Чайник a", 700, 3)]
    address = cast.address_of(order.number)
    assert address is not None
    assert address.city == "Алматы"
    assert [(e.seq, e.what, e.moved_to) for e in everything.events] == [
        (1, "placed", "new")
    ]
    assert everything.status.word == "new"
    consent = db.session.get_one(FormConsent, order.consent)
    assert (consent.form, consent.purpose, consent.person) == ("order", "4.1.1", None)
    record = db.session.scalars(select(ProcessingEvent)).one()
    assert (record.operation, record.what, record.why) == ("collection", "order", "4.1.1")
    assert (cast.pieces_of(one), cast.pieces_of(other)) == (7, 9)
    assert cast.holds()


@pytest.mark.clause("4.1.3")
@pytest.mark.clause("4.1.7")
def test_its_email_names_goods_and_sums_and_has_a_link(app: Flask) -> None:
    number = cast.placed((cast.product("a", price=700), 3)).number
    (email,) = cast.letters()
    assert number in email.subject
    assert money.tenge(3600) in email.text
    assert f"Чайник a, 3 × {money.tenge(700)}" in email.text
    assert cast.link_of(email)
    assert email.priority == 0
    assert (AIGERIM.name in email.text, "Абая" in email.text) == (False, False)


@pytest.mark.clause("3.2.5")
def test_an_order_that_is_collected_has_no_address(app: Flask) -> None:
    number = cast.placed((cast.product("a"), 1), wish=PICKUP).number
    everything = cast.seen(number)
    assert cast.address_of(number) is None
    assert (everything.order.fee, everything.order.total) == (0, 1000)


@pytest.mark.clause("3.2.5")
@pytest.mark.parametrize(
    "wish", [replace(PICKUP, address=cast.ADDRESS), replace(COURIER, address=None)]
)
def test_an_address_that_is_not_needed_or_missing_stores_nothing(
    app: Flask, wish: placing.Wish
) -> None:
    number = cast.product("a")
    before = rows()
    with pytest.raises(OrderError):
        cast.placed((number, 1), wish=wish)
    assert rows() == before


def test_an_empty_basket_is_no_order(app: Flask) -> None:
    with pytest.raises(OrderError):
        cast.placed()


def test_the_order_of_an_account_is_its_own_at_once(app: Flask) -> None:
    buyer = replace(BUYER, person=7)
    order = cast.order_of(cast.placed((cast.product("a"), 1), buyer=buyer).number)
    assert (order.person, order.email_proved_at) == (7, order.placed_at)


def test_an_invoice_is_due_after_three_working_days(app: Flask, at: Clock) -> None:
    at(NOON)
    wish = replace(COURIER, payment=Payment.INVOICE)
    order = cast.order_of(cast.placed((cast.product("a"), 1), wish=wish).number)
    # Thursday, Friday, Monday: to the midnight after it.
    assert order.due_at == datetime(2026, 11, 30, 19, tzinfo=UTC)


@pytest.mark.situation(3)
def test_situation_03_a_second_press_reaches_the_same_order(app: Flask) -> None:
    number = cast.product("a")
    full = cast.filled((number, 2))
    first = placing.place(full, BUYER, COURIER, PROOF)
    before = rows()
    second = placing.place(full, BUYER, COURIER, PROOF)
    assert (first.created, second.created, second.same) == (True, False, True)
    assert first.number == second.number
    assert second.token is not None
    after = rows()
    assert after.pop("token") == before.pop("token") + 1
    assert after == before
    assert cast.pieces_of(number) == 8


def test_a_basket_changed_after_it_was_sent_reaches_the_order_and_it_is_said(
    app: Flask,
) -> None:
    one, other = cast.product("a"), cast.product("b")
    full = cast.filled((one, 2))
    first = placing.place(full, BUYER, COURIER, PROOF)
    second = placing.place(basket.put(full, other, 1), BUYER, COURIER, PROOF)
    assert (second.number, second.created, second.same) == (first.number, False, False)
    assert cast.pieces_of(other) == 10


def test_a_foreign_basket_shows_nobody_its_order(app: Flask) -> None:
    full = cast.filled((cast.product("a"), 2))
    first = placing.place(full, BUYER, COURIER, PROOF)
    thief = replace(BUYER, email=BOLAT.email, phone=BOLAT.phone)
    second = placing.place(full, thief, COURIER, PROOF)
    assert (second.number, second.created, second.token) == (first.number, False, None)


@pytest.mark.situation(1)
def test_situation_01_the_second_buyer_is_told_what_is_left(app: Flask) -> None:
    number = cast.product("a", 3)
    mine, theirs = cast.filled((number, 2)), cast.filled((number, 2))
    placing.place(mine, BUYER, COURIER, PROOF)
    before = rows()
    with pytest.raises(ShortageError) as error:
        placing.place(theirs, BUYER, COURIER, PROOF)
    (line,) = error.value.lines
    assert (line.product, line.wanted, line.left) == (number, 2, 1)
    assert rows() == before
    assert cast.pieces_of(number) == 1
    assert cast.holds()


@pytest.mark.situation(11)
def test_situation_11_a_withdrawn_product_stops_its_line_alone(app: Flask) -> None:
    one, other = cast.product("a"), cast.product("b")
    number = cast.placed((one, 1)).number
    full = cast.filled((one, 1), (other, 1))
    cast.reprice(one, published=False)
    with pytest.raises(ShortageError) as error:
        placing.place(full, BUYER, COURIER, PROOF)
    assert [(x.product, x.left) for x in error.value.lines] == [(one, 0)]
    assert placing.place(basket.without(full, one), BUYER, COURIER, PROOF).created
    assert cast.lines_of(number)[0].name == "Чайник a"


def test_an_unknown_product_stops_its_line(app: Flask) -> None:
    full = replace(basket.empty(), lines=(BasketLine(999, 1, 1),))
    with pytest.raises(ShortageError) as error:
        placing.place(full, BUYER, COURIER, PROOF)
    assert [(x.product, x.left) for x in error.value.lines] == [(999, 0)]


@pytest.mark.situation(8)
def test_situation_08_a_number_that_repeats_is_drawn_again(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    product = cast.product("a")
    taken = cast.placed((product, 1)).number
    fresh = order_numbers.new(clock.today())
    for draws, created in (([taken, taken, fresh], True), ([taken] * 5, False)):
        left = list(draws)
        monkeypatch.setattr(order_numbers, "new", lambda _day, left=left: left.pop(0))
        if created:
            assert cast.placed((product, 1)).number == fresh
        else:
            with pytest.raises(RuntimeError):
                cast.placed((product, 1))
        assert left == []
    assert cast.holds()


@pytest.mark.situation(10)
def test_situation_10_a_negative_number_beside_a_right_one_changes_nothing(
    app: Flask,
) -> None:
    number = cast.product("a")
    with pytest.raises(BasketError):
        basket.quantity(["-5", "1"])
    for lines in ((BasketLine(number, -5, 1000),), (BasketLine(number, 1, -1000),)):
        value = basket.write(replace(basket.empty(), lines=lines))
        assert basket.read(value).lines == ()
    assert cast.pieces_of(number) == 10


def test_a_line_keeps_the_first_photo_of_its_product(app: Flask) -> None:
    shown, bare = cast.product("a"), cast.product("b")
    alts = {"alt_ru": "Чайник", "alt_kk": "Шәйнек", "alt_en": "Teapot"}
    with writing() as session:
        session.execute(delete(ProductPhoto).where(ProductPhoto.product.in_((shown, bare))))
        for position, name in ((2, "second"), (1, "first"), (3, "third")):
            place = {"product": shown, "position": position, "width": 640, "height": 640}
            session.add(ProductPhoto(name=name, sha256=name, **place, **alts))
    cast.placed((shown, 1), (bare, 1))
    lines = db.session.execute(select(OrderLine.product, OrderLine.photo))
    assert dict(lines.all()) == {shown: "first", bare: ""}


def test_statements_of_an_order_are_counted(app: Flask) -> None:
    numbers = [cast.product(f"a{n}") for n in range(4)]
    cast.placed((numbers[0], 1))
    for lines in (1, 2, 4):
        full = cast.filled(*((number, 1) for number in numbers[:lines]))
        with cast.counted() as statements:
            placing.place(full, BUYER, COURIER, PROOF)
        limiting = [x for x in statements if "throttle_count" in x]
        assert len(limiting) == 1
        assert len(statements) - len(limiting) == 9 + lines, statements


def test_an_order_at_the_prices_seen_is_flushed_once(app: Flask) -> None:
    """With what follows the goods."""
    full = cast.filled((cast.product("a"), 1))
    flushes: list[object] = []
    session = db.session()
    event.listen(session, "after_flush", lambda *args: flushes.append(args))
    placing.place(full, BUYER, COURIER, PROOF)
    assert len(flushes) == 1


def test_no_statement_of_a_later_order_is_compiled(app: Flask) -> None:
    numbers = [cast.product(f"a{n}") for n in range(2)]
    lines = [(number, 1) for number in numbers]
    # One that finds every row of the limits, as later ones do.
    for _ in range(2):
        cast.placed(*lines)
    found: list[tuple[CacheStats, str]] = []

    def noted(*args: Any) -> None:
        if args[4].compiled:
            found.append((args[4].cache_hit, args[2]))

    full = cast.filled(*lines)
    event.listen(db.engine, "before_cursor_execute", noted)
    placing.place(full, BUYER, COURIER, PROOF)
    event.remove(db.engine, "before_cursor_execute", noted)
    assert found
    assert [one for one in found if one[0] is not CacheStats.CACHE_HIT] == []
