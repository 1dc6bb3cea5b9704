"""Undo against claim, writers beside an erasure, many at once."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from neupusti.accounts.models import KnownDevice, Person
from neupusti.core import clock
from neupusti.core.blocking import blocks
from neupusti.core.blocking.errors import GONE
from neupusti.core.data.database import db, writing
from neupusti.core.records.journal import Actor, ActorKind, SecurityEvent
from neupusti.erasure.models import Erasure, State
from neupusti.erasure.service import asking, destroying
from neupusti.erasure.service.errors import ErasureError
from tests.accounts.cast import account
from tests.erasure.erasing import (
    BEGINS,
    NOON,
    confirmed,
    destroyed,
    erasure_of,
    left_of,
    work,
)
from tests.newsletter import cast as news
from tests.people import AIGERIM, BOLAT, DANA
from tests.site.test_server import eventually
from tests.times import Clock

ME = Actor(ActorKind.PERSON, None)


def write(app: Flask, nth: int, person: int) -> None:
    """Read somebody and write about them a moment later, until that is refused."""
    with app.app_context():
        for step in range(10):
            if db.session.get(Person, person) is None:
                break
            db.session.rollback()
            now, name = clock.now(), f"{nth} {step}"
            event = SecurityEvent(person=person, at=now, kind="x", device=name)
            device = KnownDevice(person=person, device=name, network=name)
            device.first_at = device.last_at = now
            try:
                with writing() as session:
                    session.add_all([event, device])
            except DBAPIError:
                break
        with suppress(DBAPIError), writing() as session:
            session.add(noticed(person))


@pytest.mark.ordeal(3, 500)
def test_either_it_is_undone_or_it_happens(app: Flask, at: Clock, size: int) -> None:
    """Never both, never neither."""
    for _round in range(size):
        at(NOON)
        person = account(AIGERIM).number
        number = confirmed(AIGERIM, person)
        at(BEGINS)

        def undo(erasure: int = number) -> bool:
            with app.app_context():
                try:
                    asking.undo(erasure, ME)
                except (ErasureError, OperationalError):  # too late, or asked to try again
                    return False
                return True

        def claim(erasure: int = number) -> bool:
            with app.app_context():
                return destroyed(erasure)

        acts = [undo, claim]
        random.shuffle(acts)
        with ThreadPoolExecutor(2) as pool:
            answers = [one.result() for one in [pool.submit(act) for act in acts]]
        assert sum(answers) == 1
        state = erasure_of(number).state
        undone = answers[acts.index(undo)]
        assert state == ("undone" if undone else "destroyed")
        assert bool(left_of(person)) is undone
        if undone:
            number = confirmed(AIGERIM, person)
            at(BEGINS + timedelta(days=1))
            assert destroyed(number)


@pytest.mark.ordeal(2, 300)
def test_nothing_is_written_about_whom_is_being_destroyed(
    app: Flask, at: Clock, size: int
) -> None:
    """Three writers that read, and insert a moment later."""
    for _round in range(size):
        at(NOON)
        person = account(AIGERIM).number
        number = confirmed(AIGERIM, person)
        at(BEGINS)

        def destroy(erasure: int = number) -> None:
            with app.app_context():
                destroyed(erasure)

        with ThreadPoolExecutor(4) as pool:
            writers = [pool.submit(write, app, nth, person) for nth in range(3)]
            pool.submit(destroy).result()
            for writer in writers:
                writer.result()
        assert erasure_of(number).state == State.DESTROYED
        assert left_of(person) == []


def noticed(person: int) -> SecurityEvent:
    """Return a row that refers to no other."""
    return SecurityEvent(person=person, at=clock.now(), kind="x", device="")


def test_what_refers_to_no_row_is_refused_about_whom_is_gone(app: Flask, at: Clock) -> None:
    at(NOON)
    person = account(AIGERIM).number
    number = confirmed(AIGERIM, person)
    at(BEGINS)
    assert destroyed(number)
    with pytest.raises(DBAPIError, match=GONE), writing() as session:
        session.add(noticed(person))
    with writing() as session:
        session.add(noticed(person + 1))


@pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
def test_a_destruction_waits_for_who_writes_about_its_person(app: Flask, at: Clock) -> None:
    at(NOON)
    person = account(AIGERIM).number
    number = confirmed(AIGERIM, person)
    at(BEGINS)
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    def destroy() -> bool:
        with app.app_context():
            return destroyed(number)

    with ThreadPoolExecutor(1) as pool:
        with writing() as session:
            session.add(noticed(person))
            session.flush()
            claim = pool.submit(destroy)
            eventually(lambda: session.scalar(waits))
        assert claim.result()
    assert left_of(person) == []


@pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
@pytest.mark.parametrize("had_account", [True, False])
def test_an_undo_waits_before_it_locks_for_who_has_locked_the_blocks(
    app: Flask, at: Clock, *, had_account: bool
) -> None:
    """Such as an emergency, or a destruction: each would wait for the other."""
    at(NOON)
    news.subscriber(AIGERIM.email)
    number = 0 if had_account else confirmed(AIGERIM)
    person = account(AIGERIM).number
    number = number or confirmed(AIGERIM, person)
    waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")

    def undo() -> None:
        with app.app_context():
            asking.undo(number, ME)

    with ThreadPoolExecutor(1) as pool:
        with writing() as session:
            blocks.wait_for_writers(session)
            session.get_one(Person, person, with_for_update=True)
            act = pool.submit(undo)
            eventually(lambda: session.scalar(waits))
            session.get_one(Erasure, number, with_for_update=True)
        act.result()
    assert erasure_of(number).state == State.UNDONE


@pytest.mark.situation(9, of="rights")
def test_many_are_destroyed_in_one_run(app: Flask, at: Clock) -> None:
    at(NOON)
    cast = (AIGERIM, BOLAT, DANA)
    people = [account(one).number for one in cast]
    numbers = [confirmed(who, one) for who, one in zip(cast, people, strict=True)]
    at(BEGINS)
    with ThreadPoolExecutor(3) as pool:

        def act(number: int) -> None:
            with app.app_context():
                destroyed(number)

        list(pool.map(act, numbers))
    work(2)
    assert [erasure_of(number).state for number in numbers] == ["done"] * 3
    assert [left_of(person) for person in people] == [[]] * 3


@pytest.mark.situation(9, of="rights")
def test_one_that_fails_holds_up_no_other(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(NOON)
    first, second = (confirmed(one, account(one).number) for one in (AIGERIM, BOLAT))
    real = destroying.destroy

    def fail(number: int) -> bool:
        if number == first:
            raise OSError(5, "no disk")
        return real(number)

    monkeypatch.setattr(destroying, "destroy", fail)
    at(BEGINS)
    with pytest.raises(OSError, match="no disk"):
        work()
    assert [erasure_of(one).state for one in (first, second)] == ["confirmed", "done"]


def test_the_erasure_of_nobody_is_no_erasure(app: Flask) -> None:
    assert destroying.destroy(1) is False
    assert db.session.scalars(select(Erasure)).all() == []
