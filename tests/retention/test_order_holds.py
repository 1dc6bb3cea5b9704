"""Holds that staff place on one order of an account."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from neupusti.accounts.models import Person
from neupusti.core.data.database import writing
from neupusti.core.records import journal
from neupusti.orders.models.order import ShopOrder
from neupusti.retention.service import placing
from neupusti.retention.service.errors import OWN, HoldError
from tests import desk
from tests.orders import cast
from tests.people import AIGERIM
from tests.retention.test_holds import asked_for_destruction, one, wish
from tests.site.test_server import eventually
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


@pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
@pytest.mark.parametrize("on_order", [True, False])
def test_a_hold_waits_for_the_journal_before_it_locks_a_row(
    app: Flask, at: Clock, *, on_order: bool
) -> None:
    """Whoever has written there may be about to write about the same person."""
    at(NOON)
    person = desk.person(AIGERIM)
    number = order_of(person)
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    def place() -> None:
        with app.app_context():
            of = wish(order=number) if on_order else wish(person=person)
            placing.place(of, 4)

    with ThreadPoolExecutor(1) as pool:
        with writing() as session:
            journal.ACTIONS.lock(session)
            act = pool.submit(place)
            eventually(lambda: session.scalar(waits))
            for row in (select(Person.id), select(ShopOrder.id)):
                session.scalars(row.with_for_update(read=True, key_share=True)).all()
        act.result()
    assert one().person == (None if on_order else person)
