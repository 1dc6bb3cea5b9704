"""What was shown is what is charged: rises, falls, and sums that add up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from flask import Flask
from sqlalchemy import func, select

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.text import money
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import (
    Delivery,
    Payment,
    ShopOrder,
)
from neupusti.orders.service import delivery, placing, quote
from neupusti.orders.service.basket import Basket, BasketLine
from neupusti.orders.service.errors import (
    OrderError,
    PriceRoseError,
    QuoteChangedError,
)
from neupusti.orders.service.quote import Quote, QuoteLine
from tests.conftest import SQLITE
from tests.orders import cast
from tests.orders.cast import BUYER, COURIER, PROOF

NOON = datetime(2026, 11, 25, 7, tzinfo=UTC)
"""Noon of a Wednesday in Almaty."""
Clock = Callable[[datetime], None]


def digest(of: Basket, **how: object) -> str:
    """Return the digest that the check page of a basket shows."""
    values = {
        "delivery": Delivery.COURIER,
        "payment": Payment.CASH,
        "language": Language.RU,
        "edition": cast.EDITION,
    }
    return quote.of(of, **{**values, **how}).digest  # type: ignore[arg-type]


def test_a_rise_is_refused_with_both_prices(app: Flask) -> None:
    one, other = cast.product("a"), cast.product("b")
    full = cast.filled((one, 1), (other, 1))
    cast.reprice(one, price=1300)
    for shown in ("", digest(full)):
        with pytest.raises(PriceRoseError) as error:
            placing.place(full, BUYER, COURIER, replace(PROOF, quote=shown))
        assert [(x.product, x.before, x.now) for x in error.value.rises] == [
            (one, 1000, 1300)
        ]
        assert money.tenge(1300) in str(error.value.message)
    assert db.session.scalar(select(func.count()).select_from(ShopOrder)) == 0
    assert cast.pieces_of(one) == 10


@pytest.mark.parametrize("shown", [False, True])
def test_a_fall_is_passed_on_and_said(app: Flask, *, shown: bool) -> None:
    number = cast.product("a")
    full = cast.filled((number, 2))
    sent = digest(full) if shown else ""
    cast.reprice(number, price=800)
    found = placing.place(full, BUYER, COURIER, replace(PROOF, quote=sent))
    assert found.fell
    order = cast.order_of(found.number)
    assert (order.goods, order.fee, order.total) == (1600, 1500, 3100)
    assert order.quote == digest(full)
    assert cast.holds()


def test_a_fall_that_makes_the_delivery_dearer_is_shown_first(app: Flask) -> None:
    number = cast.product("a", price=50_000)
    full = cast.filled((number, 1))
    cast.reprice(number, price=49_000)
    with pytest.raises(PriceRoseError) as error:
        placing.place(full, BUYER, COURIER, PROOF)
    assert [(x.product, x.before, x.now) for x in error.value.rises] == [(None, 0, 1500)]


@pytest.mark.parametrize(
    "how",
    [
        {"delivery": Delivery.POST},
        {"payment": Payment.INVOICE},
        {"language": Language.KK},
        {"edition": cast.EDITION - timedelta(days=1)},
    ],
)
def test_another_quote_than_the_one_shown_is_refused(
    app: Flask, how: dict[str, object]
) -> None:
    full = cast.filled((cast.product("a"), 1))
    with pytest.raises(QuoteChangedError):
        placing.place(full, BUYER, COURIER, replace(PROOF, quote=digest(full, **how)))
    assert placing.place(full, BUYER, COURIER, replace(PROOF, quote=digest(full))).created


def test_the_price_that_was_shown_today_counts_whatever_the_basket_carries(
    app: Flask,
) -> None:
    number = cast.product("a")
    full = cast.filled((number, 1))
    cast.reprice(number, price=1300)
    again = replace(full, lines=(BasketLine(number, 1, 1300),))
    shown = replace(PROOF, quote=digest(again))
    assert placing.place(full, BUYER, COURIER, shown).created


def test_a_deal_is_charged_to_the_end_of_its_day(app: Flask, at: Clock) -> None:
    at(NOON)
    number = cast.product("a")
    cast.reprice(number, deal_price=900, deal_until=clock.today())
    last = datetime(2026, 11, 25, 18, 59, 59, tzinfo=UTC)
    at(last)
    assert cast.lines_of(cast.placed((number, 1)).number)[0].unit_price == 900
    full = cast.filled((number, 1))
    at(last + timedelta(seconds=1))
    with pytest.raises(PriceRoseError):
        placing.place(full, BUYER, COURIER, PROOF)


@SQLITE
@pytest.mark.situation(13)
@pytest.mark.slow
def test_situation_13_lines_and_delivery_add_up_to_the_total(app: Flask) -> None:
    dice = Random(13)  # noqa: S311 - dice that fall the same
    for _ in range(10_000):
        lines = tuple(
            QuoteLine(product, dice.randint(1, 99), dice.randint(1, 5_000_000))
            for product in range(dice.randint(1, 30))
        )
        how = dice.choice(list(Delivery))
        shown = Quote(
            lines=lines,
            delivery=how,
            payment=Payment.CASH,
            language=Language.RU,
            edition=cast.EDITION,
        )
        goods = sum(x.quantity * x.unit_price for x in lines)
        assert shown.total == goods + delivery.fee(how, goods)
        assert as_read(goods) + as_read(shown.fee) == as_read(shown.total)


def as_read(amount: int) -> int:
    """Return an amount as it is read again from the text of a page."""
    text = money.tenge(amount)
    assert " " not in text
    return int(text.replace("\xa0", "").removesuffix("₸"))


def test_a_sum_that_no_column_holds_is_refused_in_words(app: Flask) -> None:
    dear = cast.product("a", pieces=99, price=99_999_999)
    with pytest.raises(OrderError) as refused:
        cast.placed((dear, 99))
    assert "разделите" in str(refused.value.message)
    assert (cast.pieces_of(dear), cast.letters()) == (99, [])
    assert cast.placed((dear, 21)).created
    assert cast.holds()
