"""How a hold that staff placed ends: with its day, unseconded, and during a block."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import Cause
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.records.holds import PlacedHold
from neupusti.retention.service import hourly, placing
from tests import desk
from tests.people import AIGERIM
from tests.retention.test_holds import DAY, REVIEW, asked_for_destruction, one, wish
from tests.times import NOON, Clock


@pytest.mark.clause("5.1")
def test_a_hold_ends_with_its_last_day(app: Flask, at: Clock) -> None:
    at(NOON)
    placing.place(wish(person=desk.person(AIGERIM), until=date(2027, 1, 10)), 4)
    at(NOON + 49 * DAY)
    hourly.run()
    assert one().released_at is None
    at(NOON + 50 * DAY)
    hourly.run()
    assert (one().released_at, one().released_by) == (NOON + 50 * DAY, None)


def test_a_hold_on_somebody_blocked_is_placed_decided_and_ends(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    person = desk.person(AIGERIM)
    asked_for_destruction(person)
    with writing() as session:
        blocks.open_block(session, Whose(person=person), by=Cause.PERSON)
    dated = placing.place(wish(person=person, until=date(2027, 1, 10)), 4)
    placing.second(dated.code, 5)
    placing.review(dated.code, 5, REVIEW, "Дело не закрыто")
    released = placing.place(wish(person=person), 4)
    placing.release(released.code, 5, "Дело закрыто")
    at(NOON + 60 * DAY)
    hourly.run()
    db.session.rollback()
    assert set(db.session.scalars(select(PlacedHold.released_at))) == {
        NOON,
        NOON + 60 * DAY,
    }
