"""Who was destroyed does not rise out of a backup."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.accounts.models import Person
from neupusti.backup.service import replaying
from neupusti.core.data.database import db
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records.journal import Actor, ActorKind
from neupusti.erasure.models import Erasure
from neupusti.erasure.service import asking
from neupusti.rights.models import DataRequest
from tests.accounts.cast import account
from tests.backup.yesterday import Yesterday
from tests.conftest import SQLITE
from tests.erasure.erasing import BEGINS, NOON, confirmed, dump, erasure_of, work
from tests.orders.buying import orders
from tests.people import AIGERIM, BOLAT, GUEST
from tests.rights.asking import bought, count
from tests.times import Clock

pytestmark = [SQLITE, pytest.mark.situation(14, of="rights")]


@pytest.mark.clause("6.1.3")
@pytest.mark.manifest(field="replays")
def test_a_restored_backup_brings_nobody_back(app: Flask, at: Clock) -> None:
    at(NOON)
    who, other = account(AIGERIM), account(BOLAT)
    bought(app)
    before = Yesterday(app)
    confirmed(AIGERIM, who.number)
    confirmed(GUEST)
    at(BEGINS)
    work(2)
    before.put_back()
    Path(before.copy).unlink()  # it lies in the data folder, where nothing may be left
    assert db.session.get(Person, who.number) is not None
    assert replaying.replay(replaying.missing())["erased"] > 0
    work(2)
    assert db.session.get(Person, who.number) is None
    assert db.session.get(Person, other.number) is not None
    assert (AIGERIM.email in dump(), orders()[0].family_name) == (False, "Пример")
    db.session.rollback()
    states = set(db.session.scalars(select(Erasure.state)))
    assert states == {"done", "waiting"}
    assert count(OutboxEmail) == 0  # nobody is told again
    assert replaying.missing() == []


@pytest.mark.clause("6.1.3")
@pytest.mark.manifest(field="replays")
@pytest.mark.parametrize("has_account", [True, False])
def test_a_restored_backup_destroys_nobody_who_had_undone_it(
    app: Flask, at: Clock, *, has_account: bool
) -> None:
    at(NOON)
    person = account(AIGERIM).number if has_account else None
    number = confirmed(AIGERIM, person)
    before = Yesterday(app)
    asking.undo(number, Actor(ActorKind.PERSON, person))
    before.put_back()
    assert erasure_of(number).state == "confirmed"
    assert replaying.replay(replaying.missing()) == {"undone": 1}
    found = erasure_of(number)
    assert (found.state, found.person, found.email_key) == ("undone", None, None)
    request = db.session.get_one(DataRequest, found.request)
    assert request.outcome == "withdrawn"
    at(BEGINS)
    work()
    assert erasure_of(number).destroyed_at is None
