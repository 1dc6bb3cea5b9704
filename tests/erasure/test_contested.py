"""What a check is about is destroyed once the check has ended (6.1.3, 6.2.4)."""

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.accounts.models import Person
from neupusti.backup.service import replaying
from neupusti.blocking.service import blocking
from neupusti.core.blocking import blocks
from neupusti.core.blocking.errors import BlockedError
from neupusti.core.blocking.models import Cause, DataBlock, Result
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.records import decision_file
from neupusti.core.records.decisions import Decision
from neupusti.core.records.journal import SYSTEM
from neupusti.core.text import emails
from neupusti.core.text.languages import Language
from neupusti.erasure.models import Erasure
from neupusti.erasure.service import running
from neupusti.newsletter.models import Subscriber, Topic
from neupusti.newsletter.service import signup
from neupusti.newsletter.service.signup import Wish
from neupusti.rights.models import Correction, Outcome
from neupusti.rights.models import Decision as Verdict
from neupusti.rights.service import correcting, emergency, settling
from tests.accounts.cast import account, emails_to
from tests.contact import asked
from tests.erasure.erasing import (
    BEGINS,
    NOON,
    answered,
    asker,
    confirmed,
    erasure_of,
    whose,
    work,
)
from tests.people import AIGERIM, BOLAT, GUEST
from tests.times import Clock

pytestmark = [pytest.mark.clause("6.1.3"), pytest.mark.clause("6.2.4")]


def contested() -> None:
    """Let the guest contest the name in their question."""
    one = asker(GUEST)
    [value] = correcting.values(one.whose)
    correcting.contest(one, value, "Дана", "")
    db.session.rollback()


def lines() -> int:
    """Return how many lines the file of decisions has."""
    return sum(1 for _line in decision_file.read())


def test_it_waits_for_the_check_of_a_value(app: Flask, at: Clock) -> None:
    at(NOON)
    asked.asked(app, email=GUEST.email)
    answered()
    contested()
    number = confirmed(GUEST)
    at(BEGINS)
    before = lines()
    work(2)
    assert (erasure_of(number).state, lines()) == ("confirmed", before)
    with writing() as session:
        correction = session.scalars(select(Correction)).one()
        correcting.lift(session, correction, Verdict.WRONG, SYSTEM)
    work(2)
    assert (erasure_of(number).destroyed_at, asked.count()) == (BEGINS, 0)


def test_what_a_law_kept_waits_for_the_end_of_a_block(app: Flask, at: Clock) -> None:
    at(NOON)
    asked.asked(app, email=GUEST.email)
    number = confirmed(GUEST)
    at(BEGINS)
    work(2)
    answered()
    with writing() as session:
        blocks.open_block(session, whose(GUEST), by=Cause.PERSON, request="NZ-1")
    at(BEGINS + running.AGAIN)
    work()
    assert (erasure_of(number).state, asked.count()) == ("waiting", 1)
    with writing() as session:
        block = session.scalars(select(DataBlock)).one()
        blocks.lift(session, block, outcome=Result.WITHDRAWN)
    at(BEGINS + 2 * running.AGAIN)
    work()
    assert (erasure_of(number).state, asked.count()) == ("done", 0)


@pytest.mark.situation(14, of="rights")
def test_a_restored_check_does_not_stand_against_a_replay(app: Flask, at: Clock) -> None:
    at(NOON)
    asked.asked(app, email=GUEST.email)
    answered()
    contested()
    key = emails.key(GUEST.email)
    line = decision_file.append(Decision.ERASED.value, email_key=key, ref="NZ-99")
    decision_file.append("done", ref=str(line.n))
    assert replaying.replay(replaying.missing())["erased"] > 0
    correction = db.session.scalars(select(Correction)).one()
    assert (asked.count(), correction.proposed) == (0, None)
    assert correction.decided_at == NOON


def test_it_waits_for_the_block_of_an_address_without_an_account(
    app: Flask, at: Clock
) -> None:
    """Else it failed each minute: the guards refuse to delete what has no number."""
    at(NOON)
    number = account(AIGERIM).number
    wish = Wish(topics=frozenset(Topic))
    signup.ask(AIGERIM.email, wish, Language.EN, "203.0.113.0/24")
    address = Whose(email_key=emails.key(AIGERIM.email))
    with writing() as session:
        block = blocks.open_block(session, address, by=Cause.PERSON).id
    erasure = confirmed(AIGERIM, number)
    at(BEGINS)
    before = lines()
    work(2)
    assert (erasure_of(erasure).state, lines()) == ("confirmed", before)
    with writing() as session:
        found = session.get_one(DataBlock, block)
        blocks.lift(session, found, outcome=Result.UNFOUNDED)
    work(2)
    assert erasure_of(erasure).state == "done"
    assert db.session.scalars(select(Subscriber)).all() == []


@pytest.mark.clause("5.5")
def test_an_emergency_undoes_what_whoever_broke_in_may_have_pressed(
    app: Flask, at: Clock
) -> None:
    """Else it would begin in the minute in which staff end the block."""
    at(NOON)
    who, other = account(AIGERIM).number, account(BOLAT).number
    mine, another = confirmed(AIGERIM, who), confirmed(BOLAT, other)
    emergency.declare(who, "Firefox, Linux")
    assert [erasure_of(one).state for one in (mine, another)] == ["undone", "confirmed"]
    assert "erasure.undone" in {email.kind for email in emails_to(AIGERIM.email)}
    block = db.session.scalars(select(DataBlock)).one()
    db.session.rollback()
    blocking.finish(block.request, Outcome.UNFOUNDED, "We have looked at it.")
    at(BEGINS)
    work()
    db.session.expire_all()
    assert db.session.get(Person, who) is not None


@pytest.mark.clause("5.5")
def test_nothing_is_confirmed_behind_an_emergency(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The press of whoever broke in, between its look and its write."""
    at(NOON)
    who = account(AIGERIM).number

    def pressed_by_its_person(person: int) -> None:
        db.session.rollback()
        emergency.declare(person, "Firefox, Linux")

    monkeypatch.setattr(settling, "ensure_settled", pressed_by_its_person)
    with pytest.raises(BlockedError):
        confirmed(AIGERIM, who)
    db.session.rollback()
    assert db.session.scalar(select(Erasure)) is None
