"""Yesterday's backup is restored: who was blocked since is blocked again."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.backup.service import replaying
from neupusti.blocking.service import blocking
from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import Cause, DataBlock, Result
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.deadlines import register
from neupusti.core.records import decision_file, decisions
from neupusti.rights.models import Outcome
from neupusti.rights.service.requests import DEADLINE
from tests import desk
from tests.backup.test_replaying import replayed
from tests.backup.yesterday import Yesterday
from tests.blocking.cast import OWN_PAGE, blocked, newest
from tests.newsletter import cast as news
from tests.people import AIGERIM, BOLAT, GUEST
from tests.rights.asking import request_of, send
from tests.times import NOON, Clock

pytestmark = pytest.mark.situation(14, of="rights")


def block(whose: Whose) -> DataBlock:
    with writing() as session:
        return blocks.open_block(session, whose, by=Cause.PERSON, request="NZ-1")


def stored() -> DataBlock | None:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalar(select(DataBlock))


@pytest.mark.clause("6.2.4")
@pytest.mark.parametrize("has_account", [True, False])
def test_a_block_since_the_backup_holds_with_its_first_date(
    app: Flask, at: Clock, *, has_account: bool
) -> None:
    news.subscriber(GUEST.email)
    person = desk.person(AIGERIM)
    whose = Whose(person=person) if has_account else Whose(email_key=GUEST.email)
    before = Yesterday(app)
    at(NOON)
    due = block(whose).due
    at(NOON + timedelta(days=1))
    assert before.put_back() == "behind by 1"
    assert stored() is None
    assert replayed() == {"blocked": 1}
    found = stored()
    assert found is not None
    assert (found.from_at, found.due, found.request) == (NOON, due, "NZ-1")
    assert blocks.is_blocked(db.session(), whose)


@pytest.mark.manifest(field="replays")
@pytest.mark.clause("6.2.4")
def test_staff_end_a_block_whose_request_the_backup_lacks(app: Flask, at: Clock) -> None:
    at(NOON)
    browser = desk.signed_in(app, desk.person(AIGERIM))
    before = Yesterday(app)
    number = blocked(browser, OWN_PAGE).request
    due = register.deadline_of(db.session(), DEADLINE, number).due
    before.put_back()
    assert replayed() == {"blocked": 1}
    request = request_of(number)
    assert (request.kind, request.received_at) == ("block", NOON)
    assert register.deadline_of(db.session(), DEADLINE, number).due == due
    blocking.finish(number, Outcome.UNFOUNDED, "All is right.")
    assert newest().outcome == "unfounded"


@pytest.mark.clause("6.2.4")
def test_a_block_taken_over_since_the_backup_is_taken_over_again(app: Flask) -> None:
    whose = Whose(person=desk.person(AIGERIM))
    since = block(whose).from_at
    before = Yesterday(app)
    with writing() as session:
        taken = blocks.open_of(session, whose)
        assert taken is not None
        assert blocks.take_over(session, taken, Cause.BODY)
    before.put_back()
    assert replayed() == {"blocked": 1}
    assert (newest().by, newest().from_at) == ("body", since)
    assert replayed() == {}


@pytest.mark.manifest(field="replays")
def test_the_request_of_a_block_that_ended_since_the_backup_is_closed(app: Flask) -> None:
    browser = desk.signed_in(app, desk.person(AIGERIM))
    number = blocked(browser, OWN_PAGE).request
    before = Yesterday(app)
    assert send(browser, f"{OWN_PAGE}/end", OWN_PAGE).status_code == 303
    before.put_back()
    assert request_of(number).closed_at is None
    assert replayed() == {"lifted": 1}
    assert request_of(number).outcome == "withdrawn"


def test_a_block_that_ended_since_the_backup_has_ended(app: Flask, at: Clock) -> None:
    whose = Whose(person=desk.person(AIGERIM))
    block(whose)
    before = Yesterday(app)
    at(NOON)
    with writing() as session:
        found = blocks.open_of(session, whose)
        assert found is not None
        blocks.lift(session, found, outcome=Result.CORRECTED, by=9)
    before.put_back()
    assert blocks.is_blocked(db.session(), whose)
    assert replayed() == {"lifted": 1}
    again = stored()
    assert again is not None
    assert (again.lifted_at, again.outcome) == (NOON, "corrected")


def test_a_killed_block_is_not_opened_after_its_end(app: Flask, at: Clock) -> None:
    at(NOON)
    person = desk.person(AIGERIM)
    decision_file.append("blocked", person=person, ref="NZ-0", values={"by": "person"})
    other = desk.person(BOLAT)
    decision_file.append("blocked", person=other, ref="NZ-2", values={"by": "person"})
    found = block(Whose(person=person))
    with writing() as session:
        blocks.lift(session, session.merge(found), outcome=Result.WITHDRAWN)
    at(NOON + timedelta(minutes=11))
    replaying.finish_interrupted()
    assert not blocks.is_blocked(db.session(), Whose(person=person))
    assert blocks.is_blocked(db.session(), Whose(person=other))
    assert decisions.standing(db.session()).interrupted == []
