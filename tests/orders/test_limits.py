"""Limits of orders: by recipient and product, widely by network, in words."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select

from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.security import throttle
from neupusti.core.security.throttle import RateLimit
from neupusti.core.web.errors import TooManyError
from neupusti.orders.service import limits, placing
from tests.accounts.cast import account, signed_in, submit
from tests.conftest import SQLITE
from tests.orders import buying, cast
from tests.orders.buying import Shopper
from tests.orders.cast import BUYER, COURIER, PROOF
from tests.people import AIGERIM

NOON = datetime(2026, 11, 25, 7, tzinfo=UTC)
"""Noon of a Wednesday in Almaty."""
Clock = Callable[[datetime], None]


LIMITS = {
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
        proof = replace(PROOF, network=f"10.0.{count}.0/24")
        return cast.placed((number, 1), buyer=buyer, proof=proof)

    for count in range(times):
        assert order(count).created
    for count in (times, times + 1):
        with pytest.raises(TooManyError):
            order(count)
    assert cast.pieces_of(number) == 99 - times
    at(NOON + 2 * limit.per)
    assert order(times + 2).created


def placed_from(network: str, count: int, product: int) -> placing.Placed:
    """Place an order of a buyer of its own from `network`."""
    buyer = replace(BUYER, email=f"x{count}@example.kz", phone=f"+7701{count:07}")
    return cast.placed((product, 1), buyer=buyer, proof=replace(PROOF, network=network))


@SQLITE
def test_a_network_orders_much_and_is_then_told_until_when(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An office or a carrier's range is one network: the guard is wide."""
    at(NOON)
    number, office = cast.product("a", 99), "203.0.113.0/24"
    for count in range(25):
        assert placed_from(office, count, number).created
    monkeypatch.setattr(limits, "ORDER_NETWORK", replace(limits.ORDER_NETWORK, times=25))
    with force_locale("en"), pytest.raises(TooManyError) as refused:
        placed_from(office, 25, number)
    # 12:00 in Almaty and an hour.
    assert "again from 13:00, Almaty time" in str(refused.value.message)
    assert placed_from("10.0.0.0/24", 26, number).created
    at(NOON + limits.HOUR)
    assert placed_from(office, 27, number).created


@SQLITE
def test_a_refused_order_locks_nobody_else_out(app: Flask, at: Clock) -> None:
    """Else one address could shut a product for everybody without buying it."""
    at(NOON)
    number = cast.product("a", 99)
    for count in range(70):
        with suppress(TooManyError):
            cast.placed((number, 1), proof=replace(PROOF, network=f"10.0.{count}.0/24"))
    assert cast.pieces_of(number) == 99 - 5
    assert placed_from("10.1.0.0/24", 70, number).created


@SQLITE
@pytest.mark.parametrize(
    "limit",
    [
        limits.ORDER_PRODUCT,
        limits.ORDER_EMAIL,
        limits.ORDER_PHONE,
        limits.FIND_EMAIL,
        limits.FIND_NUMBER,
    ],
    ids=lambda limit: limit.name,
)
def test_a_long_flood_shuts_what_is_shared_for_a_quarter_of_an_hour_at_most(
    app: Flask, at: Clock, limit: RateLimit
) -> None:
    at(NOON)
    moment, flooded = NOON, (limit, "1")
    for _turn in range(10):
        at(moment)
        with writing() as session:
            uses = range(limit.times + 1)
            wait = max(throttle.count(session, flooded) for _ in uses)
        assert timedelta() < wait <= timedelta(minutes=15)
        moment += wait


@SQLITE
def test_strangers_never_shut_out_the_signed_in_nor_a_known_browser(app: Flask) -> None:
    product, who = buying.product(pieces=99), account(AIGERIM)
    mine = Shopper(app, AIGERIM)
    mine.browser = signed_in(app, who)
    for _order in range(limits.ORDER_EMAIL.times):
        Shopper(app, AIGERIM).bought(product)
    stranger = Shopper(app, AIGERIM)
    stranger.put(product)
    assert stranger.order().status_code == 429
    for _order in range(limits.ORDER_KNOWN.times - 1):
        assert mine.bought(product).person == who.number
    submit(mine.browser, "/account/logout", page="/account/")
    mine.put(product)
    assert mine.order().status_code == 303
    # Their own count begins anew with the browser; that of the telephone does not.
    mine.put(product)
    assert mine.order().status_code == 429


@SQLITE
@pytest.mark.situation(27)
@pytest.mark.slow
def test_situation_27_a_flood_from_many_networks_stops_and_spreads_no_words(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    number, refused = cast.product("a", 999), 0
    words = {
        "city": "ВЫИГРЫШ",
        "street": "evil example",
        "house": "звоните",
        "flat": "ПРИЗ",
    }
    wish = replace(COURIER, comment="СРОЧНО", address=replace(cast.ADDRESS, **words))
    for count in range(300):
        buyer = replace(
            BUYER,
            family_name="Подарок",
            given_name="Срочный",
            email=f"x{count}@example.kz",
            phone=f"+7701{count:07}",
        )
        proof = replace(PROOF, network=f"10.{count}.0.0/24")
        try:
            cast.placed((number, 1), buyer=buyer, wish=wish, proof=proof)
        except TooManyError:
            refused += 1
    assert (refused, cast.pieces_of(number)) == (240, 999 - 60)
    letters = list(db.session.scalars(select(OutboxEmail)))
    assert len(letters) == 60
    spread = [*words.values(), "СРОЧНО", "Подарок", "Срочный"]
    for letter in letters:
        text = letter.subject + letter.text + letter.html
        assert [word for word in spread if word in text] == []


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
