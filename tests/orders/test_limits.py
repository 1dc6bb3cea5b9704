"""Limits of orders: by product, recipient and network, in words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask

from neupusti.core.web.errors import TooManyError
from neupusti.orders.service import limits, placing
from tests.conftest import SQLITE
from tests.orders import cast
from tests.orders.cast import BUYER, COURIER, PROOF
from tests.people import AIGERIM

NOON = datetime(2026, 11, 25, 7, tzinfo=UTC)
"""Noon of a Wednesday in Almaty."""
Clock = Callable[[datetime], None]


LIMITS = {
    "network": (limits.ORDER_NETWORK, 10),
    "e-mail": (limits.ORDER_EMAIL, 5),
    "phone": (limits.ORDER_PHONE, 5),
    "product": (limits.ORDER_PRODUCT, 60),
}


@SQLITE
@pytest.mark.situation(27)
@pytest.mark.parametrize("what", LIMITS)
def test_orders_are_limited_by_what_a_flood_has_in_common(
    app: Flask, at: Clock, what: str
) -> None:
    at(NOON)
    number = cast.product("a", 99)
    limit, times = LIMITS[what]
    assert limit.times == times

    def order(count: int) -> placing.Placed:
        buyer = replace(
            BUYER,
            email=AIGERIM.email if what == "e-mail" else f"x{count}@example.kz",
            phone=AIGERIM.phone if what == "phone" else f"+7701{count:07}",
        )
        network = "203.0.113.0/24" if what == "network" else f"10.0.{count}.0/24"
        proof = replace(PROOF, network=network)
        return cast.placed((number, 1), buyer=buyer, proof=proof)

    for count in range(times):
        assert order(count).created
    for count in (times, times + 1):
        with pytest.raises(TooManyError):
            order(count)
    assert cast.pieces_of(number) == 99 - times
    at(NOON + 2 * limit.per)
    assert order(times + 2).created


@SQLITE
def test_who_is_locked_out_still_reaches_the_order_that_was_sent(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    number = cast.product("a", 99)
    full = cast.filled((number, 1))
    first = placing.place(full, BUYER, COURIER, PROOF)
    for _ in range(4):
        cast.placed((number, 1))
    with pytest.raises(TooManyError):
        cast.placed((number, 1))
    assert placing.place(full, BUYER, COURIER, PROOF).number == first.number
