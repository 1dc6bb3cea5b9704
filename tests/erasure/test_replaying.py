"""Who was destroyed does not rise out of a backup."""

import shutil
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.accounts.models import Person
from neupusti.backup.service import replaying
from neupusti.blocking.service import blocking
from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import Cause
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.proofs import whole
from neupusti.core.proofs.proof import State
from neupusti.core.records import consents, decision_file, decisions
from neupusti.core.records.decisions import Decision
from neupusti.core.records.journal import Actor, ActorKind
from neupusti.core.registry import registry
from neupusti.erasure.models import Erasure
from neupusti.erasure.service import asking
from neupusti.rights.models import DataRequest
from tests.accounts.cast import account
from tests.accounts.test_consents import given_consent
from tests.backup.yesterday import Yesterday
from tests.conftest import SQLITE
from tests.contact import asked
from tests.erasure.erasing import (
    BEGINS,
    NOON,
    answered,
    asker,
    confirmed,
    dump,
    erasure_of,
    last_emails,
    whose,
    work,
)
from tests.orders.buying import orders
from tests.people import AIGERIM, BOLAT, GUEST
from tests.rights.asking import bought
from tests.times import Clock

HOUR = timedelta(hours=1)
pytestmark = [SQLITE, pytest.mark.situation(14, of="rights")]


@pytest.mark.clause("6.1.3")
@pytest.mark.manifest(field="replays")
def test_a_restored_backup_brings_nobody_back(
    app: Flask,
    at: Clock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    told = last_emails(monkeypatch)
    at(NOON)
    who, other = account(AIGERIM), account(BOLAT)
    bought(app)
    before = Yesterday(app)
    # Not in the data folder, where nothing may be left.
    before.copy = shutil.move(before.copy, str(tmp_path_factory.mktemp("backups")))
    confirmed(AIGERIM, who.number)
    confirmed(GUEST)
    at(BEGINS)
    work(2)
    assert len(told) == 2
    before.put_back()
    assert db.session.get(Person, who.number) is not None
    assert replaying.replay(replaying.missing())["erased"] > 0
    work(2)
    assert db.session.get(Person, who.number) is None
    assert db.session.get(Person, other.number) is not None
    assert (AIGERIM.email in dump(), orders()[0].family_name) == (False, "Пример")
    db.session.rollback()
    states = set(db.session.scalars(select(Erasure.state)))
    assert states == {"done", "waiting"}
    assert len(told) == 2  # nobody is told again
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


@pytest.mark.clause("6.1.3")
@pytest.mark.clause("6.2.4")
def test_what_was_decided_after_a_destruction_is_not_left_of_it(
    app: Flask, at: Clock, tmp_path_factory: pytest.TempPathFactory
) -> None:
    at(NOON)
    asked.asked(app, email=GUEST.email)
    answered()
    before = Yesterday(app)
    before.copy = shutil.move(before.copy, str(tmp_path_factory.mktemp("backups")))
    confirmed(GUEST)
    at(BEGINS)
    work(2)
    at(BEGINS + HOUR)
    blocking.block(asker(GUEST), "Somebody writes in my name")
    at(BEGINS + 2 * HOUR)
    before.put_back()
    replaying.replay(replaying.missing())
    work(2)
    [erasure] = db.session.scalars(select(Erasure))
    assert (erasure.state, erasure.destroyed_at) == ("done", BEGINS)
    assert blocks.is_blocked(db.session(), whose(GUEST))
    db.session.rollback()
    risen = [one for one in registry().proofs if one.name == "nobody-has-risen"]
    assert [one.state for one in whole.run(risen)] == [State.HOLDS]


def interrupted(app: Flask, at: Clock) -> tuple[int, int]:
    """Kill a destruction after its decision; return the erasure and the person."""
    at(NOON)
    person = account(AIGERIM).number
    number = confirmed(AIGERIM, person)
    request = db.session.get_one(DataRequest, erasure_of(number).request)
    ref = request.number
    db.session.rollback()
    at(BEGINS)
    decision_file.append(Decision.ERASED.value, person=person, ref=ref)
    return number, person


def finish(at: Clock) -> None:
    """Run the job of interrupted decisions once nobody works at them any more."""
    at(BEGINS + timedelta(minutes=11))
    db.session.rollback()
    replaying.finish_interrupted()
    db.session.rollback()
    assert decisions.standing(db.session()).interrupted == []


def test_whoever_undid_a_killed_destruction_is_not_destroyed(app: Flask, at: Clock) -> None:
    number, person = interrupted(app, at)
    asking.undo(number, Actor(ActorKind.PERSON, person))
    finish(at)
    work()
    assert erasure_of(number).state == "undone"
    assert db.session.get(Person, person) is not None


def test_a_block_after_a_killed_destruction_holds_up_nothing(app: Flask, at: Clock) -> None:
    number, person = interrupted(app, at)
    other = account(BOLAT)
    consent = given_consent(other)
    values = {"method": "button pressed"}
    decision_file.append("withdrawn", person=other.number, ref=str(consent), values=values)
    with writing() as session:
        blocks.open_block(session, Whose(person=person), by=Cause.PERSON)
    finish(at)
    assert consents.in_force(other.number, Purpose.NEWS) is None
    assert erasure_of(number).state == "confirmed"
    assert db.session.get(Person, person) is not None


def test_a_killed_destruction_is_repeated_by_its_own_job(app: Flask, at: Clock) -> None:
    number, person = interrupted(app, at)
    finish(at)
    assert db.session.get(Person, person) is not None
    work(2)
    assert erasure_of(number).state == "done"


def test_a_killed_destruction_of_a_lost_request_is_carried_out(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    person = account(AIGERIM).number
    at(BEGINS)
    decision_file.append(Decision.ERASED.value, person=person, ref="NZ-261126-7K3F-5")
    finish(at)
    assert db.session.get(Person, person) is None
