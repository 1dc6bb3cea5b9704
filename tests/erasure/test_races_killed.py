"""Runs that are killed, at any statement and between two steps: nothing is left half."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from neupusti.accounts.service import avatar
from neupusti.config.settings import Settings
from neupusti.core.data.database import db, writing
from neupusti.erasure.models import State
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service.life import deciding
from neupusti.rights.models import RecipientNotice
from tests import handing, photos, stored
from tests.accounts.cast import account
from tests.delivery import couriers
from tests.erasure.erasing import BEGINS, NOON, confirmed, erasure_of, left_of, work
from tests.erasure.killing import run_and_die, run_and_die_at_border
from tests.orders import cast
from tests.people import AIGERIM
from tests.times import Clock

TempPaths = pytest.TempPathFactory
JPEG = photos.encoded(photos.drawn(), "JPEG")
OVER = {State.TOLD.value, State.WAITING.value, State.DONE.value}
KILLS = 3
"""How many runs about one person are killed."""
STEP, STATEMENTS = 487, 1300
"""By how many statements the next kill is later, and about how many a run has."""
BORDERS = 40
"""At least so many there are in a run about this person."""


@pytest.mark.ordeal(3, 300)
def test_a_killed_run_leaves_nothing_half_destroyed(
    app: Flask, settings: Settings, at: Clock, size: int
) -> None:
    """Killed some times at statements all over the run, then left alone."""
    for kill in range(size):
        if kill % KILLS == 0:
            at(NOON)
            person = account(AIGERIM).number
            number = confirmed(AIGERIM, person)
            whole = left_of(person)
        at(BEGINS)
        db.session.rollback()  # what is read here would keep the other run from wiping
        run_and_die(settings, BEGINS, kill * STEP % STATEMENTS)
        is_whole = erasure_of(number).state == State.CONFIRMED
        assert left_of(person) == (whole if is_whole else [])
        if kill % KILLS == KILLS - 1:
            work(3)
            assert erasure_of(number).state in OVER
            assert left_of(person) == []


@pytest.mark.slow
@pytest.mark.ordeal(0, 1)
def test_a_run_killed_between_two_steps_is_finished_by_the_next(
    app: Flask, settings: Settings, at: Clock, size: int, tmp_path_factory: TempPaths
) -> None:
    """Killed once at every border; at full size each time about somebody else."""
    died = tmp_path_factory.mktemp("borders") / "died"
    border, number, day = "before any", 0, timedelta()
    while border:
        if not number:
            at(NOON + day)
            person = with_everything()
            number, whole = confirmed(AIGERIM, person), left_of(person)
            begins = BEGINS + day
            at(begins)
        db.session.rollback()  # what is read here would keep the other run from wiping
        border = run_and_die_at_border(settings, begins, died)
        is_whole = erasure_of(number).state == State.CONFIRMED
        assert left_of(person) == (whole if is_whole else []), border
        assert notices(number) == (0 if is_whole else 1), border
        if size or not border:
            work(2)
            assert (erasure_of(number).state, left_of(person)) == ("done", []), border
            assert (notices(number), stored.names(avatar.FOLDER)) == (1, []), border
            number, day = 0, day + timedelta(days=1)  # so many orders a day are refused
    crossed = died.read_text(encoding="utf-8").splitlines()
    assert len(crossed) >= BORDERS, "a step has no border"


def with_everything() -> int:
    """Return the number of a person with a picture and an order that was handed over."""
    who = account(AIGERIM)
    avatar.replace(who.number, JPEG, "a.jpg")
    order = cast.placed((cast.product(f"T-{who.number}"), 1)).number
    deciding.confirm(cast.press(order))
    parcel = couriers.packed(order)
    handing.over(cast.press(order), parcel)
    with writing() as session:
        own = {"person": who.number, "ended_at": NOON - timedelta(days=30)}
        session.execute(update(ShopOrder).filter_by(number=order).values(own))
    return who.number


def notices(number: int) -> int:
    """Return how many recipients staff have to tell of an erasure."""
    request = erasure_of(number).request
    rows = select(RecipientNotice.id).filter_by(request=request)
    return len(db.session.scalars(rows).all())
