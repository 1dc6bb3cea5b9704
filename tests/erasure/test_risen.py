"""Whoever was destroyed and is there again, without having come back, is seen."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from neupusti.core.data.database import db, writing
from neupusti.core.proofs.proof import Check
from neupusti.core.proofs.reading import looking
from neupusti.erasure import proofs
from neupusti.newsletter.models import Subscriber
from tests.conftest import SQLITE
from tests.erasure.erasing import BEGINS, NOON, ONCE, confirmed, work
from tests.newsletter import cast as news
from tests.people import AIGERIM, BOLAT, GUEST
from tests.rights.canaries import Planted
from tests.times import Clock

Plant = Callable[..., Planted]
DAY = timedelta(days=1)


def risen() -> list[str]:
    """Return the tables in which the proof finds somebody who was destroyed."""
    db.session.rollback()
    [check] = [one for one in proofs.ALL if one.name == "nobody-has-risen"]
    assert isinstance(check, Check)
    with looking() as found:
        return [one.table for one in check.items(found) if check.wrong(one)]


@SQLITE
def test_a_guest_who_rose_is_told_from_one_who_came_back(app: Flask, at: Clock) -> None:
    at(NOON - DAY)
    news.subscriber(BOLAT.email)
    news.subscriber(GUEST.email)
    at(NOON)
    confirmed(GUEST)
    assert risen() == []
    at(BEGINS)
    work(2)
    assert risen() == []
    at(BEGINS + DAY)
    back = news.subscriber(GUEST.email.upper())
    assert risen() == []
    for asked_at, found in ((BEGINS, []), (NOON, ["subscriber"])):
        with writing() as session:
            session.execute(update(Subscriber).filter_by(id=back).values(asked_at=asked_at))
        assert risen() == found


@SQLITE
@pytest.mark.parametrize("person", [1, None], ids=["account", "guest"])
def test_what_stays_by_law_is_no_rising(
    app: Flask, plant: Plant, at: Clock, person: int | None
) -> None:
    at(NOON)
    who = AIGERIM if person else GUEST
    plant(who, person, *ONCE)
    plant(BOLAT, 2, *ONCE)
    confirmed(who, person)
    at(BEGINS)
    work(2)
    assert risen() == []
