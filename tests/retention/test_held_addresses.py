"""A hold on a person keeps what has only their address, too."""

from typing import cast

import pytest
from flask import Flask
from sqlalchemy import Table, select, text

from neupusti.accounts.models import Person
from neupusti.accounts.service import registration
from neupusti.core.data.database import db, writing
from neupusti.core.registry import registry
from neupusti.newsletter.models import Subscriber
from neupusti.retention.service import hourly, placing
from tests import desk
from tests.people import AIGERIM, BOLAT
from tests.proofs.rows import row
from tests.retention.test_holds import DAY, wish
from tests.retention.test_sweep import count
from tests.times import NOON, Clock


@pytest.mark.clause("5.1")
def test_a_hold_is_on_what_only_the_address_of_its_person_names(
    app: Flask, at: Clock
) -> None:
    """Sent or signed up before there was an account, or without a sign-in."""
    at(NOON)
    person, stranger = desk.person(AIGERIM), desk.person(BOLAT, confirmed=False)
    with writing() as session:
        for number, who in enumerate((AIGERIM, BOLAT), 1):
            own = {"id": number, "email": who.email, "email_key": who.email}
            ended = {"state": "ended", "ended_at": NOON.isoformat(" ")}
            session.execute(text(row(Subscriber, **own, **ended)))
    for number in (person, stranger):
        until = (NOON + 400 * DAY).date()
        placing.place(wish(person=number, until=until), None)
    table = cast("Table", Subscriber.__table__)
    [held] = registry().holds_of(table)
    at(NOON + 365 * DAY)
    hourly.run()
    db.session.rollback()
    last = select(Subscriber.email, held.until(table))
    assert [tuple(one) for one in db.session.execute(last)] == [(AIGERIM.email, until)]
    at(NOON + 401 * DAY)
    hourly.run()
    assert count(Subscriber) == 0


@pytest.mark.clause("5.1")
def test_a_hold_is_on_an_account_though_another_gets_its_address(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    held, other, new = (desk.person(AIGERIM, confirmed=False) for _ in range(3))
    hold = placing.place(wish(person=held), None)
    with writing() as session:
        registration.mark_confirmed(session, session.get_one(Person, new))
    db.session.rollback()
    assert set(db.session.scalars(select(Person.id))) == {held, new}, other
    placing.release(hold.code, None, "Дело закрыто")
    at(NOON + registration.LIFE)
    hourly.run()
    assert count(Person) == 1
