"""Holds that staff place on one order of an account."""

import pytest
from flask import Flask
from sqlalchemy import update

from neupusti.core.data.database import writing
from neupusti.orders.models.order import ShopOrder
from neupusti.retention.service import placing
from neupusti.retention.service.errors import OWN, HoldError
from tests import desk
from tests.orders import cast
from tests.people import AIGERIM
from tests.retention.test_holds import asked_for_destruction, one, wish
from tests.times import NOON, Clock


def order_of(person: int) -> str:
    """Return the number of an order of an account."""
    number = cast.placed((cast.product("T-1"), 1)).number
    with writing() as session:
        session.execute(update(ShopOrder).values(person=person))
    return number


@pytest.mark.clause("5.1")
def test_a_hold_on_an_order_is_on_nothing_else_of_its_account(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    person = desk.person(AIGERIM)
    number = order_of(person)
    placing.place(wish(order=number.lower()), 4)
    hold = one()
    assert (hold.number, hold.person, hold.needs_second) == (number, None, False)
    [act] = [act for act in desk.staff_actions() if act.action == "retention.placed"]
    assert act.person == person


def test_a_hold_on_the_order_of_who_wants_destruction_needs_two(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    person = desk.person(AIGERIM)
    asked_for_destruction(person)
    hold = placing.place(wish(order=order_of(person)), 4)
    assert hold.needs_second


def test_nobody_decides_about_a_hold_on_their_own_order(app: Flask, at: Clock) -> None:
    at(NOON)
    person = desk.person(AIGERIM)
    number = order_of(person)
    with pytest.raises(HoldError) as refused:
        placing.place(wish(order=number), person)
    assert refused.value.message == OWN
    hold = placing.place(wish(order=number), 4)
    with pytest.raises(HoldError) as refused:
        placing.release(hold.code, person, "Хочу")
    assert refused.value.message == OWN


def test_so_does_one_without_an_account_that_their_destruction_reaches(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    number = cast.placed((cast.product("T-1"), 1)).number
    with writing() as session:
        session.execute(update(ShopOrder).values(email_key=AIGERIM.email))
    asked_for_destruction(desk.person(AIGERIM))
    assert placing.place(wish(order=number), 4).needs_second
