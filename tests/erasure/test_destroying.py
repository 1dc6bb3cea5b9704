"""Everything about one person goes, and nothing of anybody else."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import func, select

from neupusti.config.settings import settings
from neupusti.core.blocking.models import Tombstone
from neupusti.core.data.database import db
from neupusti.erasure.models import ErasureStep, State
from neupusti.erasure.service import words
from neupusti.orders.models.order import ShopOrder
from tests.accounts.cast import account
from tests.conftest import SQLITE
from tests.erasure.erasing import (
    BEGINS,
    NOON,
    ONCE,
    SOON,
    answered,
    confirmed,
    dump,
    erasure_of,
    in_any_form,
    last_emails,
    must_go,
    on_disk,
    work,
)
from tests.people import AIGERIM, BOLAT, GUEST
from tests.rights.canaries import Planted
from tests.times import Clock

Plant = Callable[..., Planted]
CANARIES = 125


@pytest.mark.clause("6.1.3")
@pytest.mark.situation(2, of="rights")
@pytest.mark.situation(6, of="rights")
@pytest.mark.situation(7, of="rights")
@pytest.mark.situation(16, of="rights")
@pytest.mark.parametrize("person", [1, None], ids=["account", "guest"])
def test_nothing_is_left_of_a_person_and_all_of_their_twin(
    app: Flask, plant: Plant, at: Clock, person: int | None
) -> None:
    at(NOON)
    who, other = (AIGERIM, BOLAT) if person else (GUEST, BOLAT)
    planted, twin = plant(who, person, *ONCE), plant(other, 2, *ONCE)
    answered()
    if person:
        assert len(planted.canaries) >= CANARIES
    number = confirmed(who, person)
    work()
    assert erasure_of(number).state == "confirmed"
    at(BEGINS)
    work(2)
    assert erasure_of(number).state == "done", steps(number)
    canaries, stored = must_go(planted), dump()
    assert [name for name, word in canaries.items() if word in stored] == []
    assert who.email not in stored
    assert on_disk(Path(app.instance_path), in_any_form(canaries)) == {}
    theirs = {n: w for n, w in twin.canaries.items() if "." in n and w.startswith("zq")}
    assert [name for name, word in theirs.items() if word not in stored] == []


def steps(number: int) -> list[tuple[str, int]]:
    """Return what was left, and where."""
    rows = select(ErasureStep.store, ErasureStep.left).filter_by(erasure=number)
    found = db.session.execute(rows.where(ErasureStep.left > 0))
    return [(row.store, row.left) for row in found]


@pytest.mark.clause("6.1.3")
def test_sums_are_what_they_were(app: Flask, plant: Plant, at: Clock) -> None:
    at(NOON)
    plant(AIGERIM, 1, *ONCE)
    answered()
    sums = select(func.count(), func.sum(ShopOrder.total), func.sum(ShopOrder.goods))
    before = tuple(db.session.execute(sums).one())
    confirmed(AIGERIM, 1)
    at(BEGINS + SOON)
    work(2)
    assert tuple(db.session.execute(sums).one()) == before
    order = db.session.scalars(select(ShopOrder)).one()
    assert (order.person, order.email, order.phone) == (None, "", None)
    assert order.identity_ended_at == BEGINS + SOON
    stone = db.session.scalars(select(Tombstone)).all()[-1]
    assert stone.person == 1


@SQLITE
@pytest.mark.clause("6.1.3")
@pytest.mark.parametrize(("days", "says"), [(1, "within 1 day,"), (7, "within 7 days,")])
def test_the_last_email_says_when_backups_go(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch, days: int, says: str
) -> None:
    object.__setattr__(settings(), "backup_days", days)
    told = last_emails(monkeypatch)
    at(NOON)
    confirmed(AIGERIM, account(AIGERIM).number)
    at(BEGINS)
    work()
    assert [says in " ".join(text.split()) for text in told] == [True]


@SQLITE
@pytest.mark.parametrize(
    ("language", "done"), [("ru", "уничтожено"), ("kk", "жойылды"), ("en", "destroyed")]
)
def test_what_is_done_is_called_so(app: Flask, language: str, done: str) -> None:
    with app.test_request_context(), force_locale(language):
        assert str(words.STATES[State.DONE]) == done
