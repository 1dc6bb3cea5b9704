"""What came on paper: two members of staff, neither of them the person."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.core.blocking import blocks
from neupusti.core.blocking.errors import BlockedError
from neupusti.core.blocking.models import Cause, Result
from neupusti.core.data.database import db, writing
from neupusti.core.mail.outbox import while_blocked
from neupusti.core.records.journal import Actor, ActorKind, StaffAction
from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from neupusti.erasure import queries
from neupusti.erasure.models import Erasure
from neupusti.erasure.service import asking, emails
from neupusti.erasure.service.errors import STAFF, ErasureError
from neupusti.rights.models import Channel, Outcome, RequestKind
from neupusti.rights.service import answering, requests
from neupusti.rights.service.answering import Entered
from neupusti.rights.service.errors import OF_ACCOUNT
from neupusti.staff.service import grants
from tests import desk
from tests.accounts.cast import account, emails_to, signed_in
from tests.conftest import SQLITE
from tests.erasure.erasing import BEGINS, NOON, asker, confirmed, erasure_of, whose, work
from tests.people import AIGERIM, BOLAT, DANA, GUEST, YERLAN
from tests.times import Clock

PRIVACY = Permission.PRIVACY


def entered(
    person: int | None, staff: int, agent: str = "ID 1, 2020-01-01", email: str = ""
) -> str:
    """Let staff enter a request for destruction from paper; return its number."""
    given = Entered(
        kind=RequestKind.DESTROY,
        channel=Channel.PAPER,
        received=NOON.date(),
        language=Language.RU,
        about="",
        agent=agent,
        email=email,
        person=person,
    )
    return answering.enter(given, staff, f"{person}-{agent}")[0].number


def press(app: Flask, browser: FlaskClient, number: str, act: str) -> int:
    """Press a button of the page of a destruction; return the status."""
    page = f"/en/admin/erasures/{number}/{act}"
    return browser.post(page, data=desk.form(app)).status_code


@pytest.mark.clause("6.1.3")
def test_the_request_leads_to_its_destruction(app: Flask, at: Clock) -> None:
    at(NOON)
    browser = desk.signed_in(app, desk.member(DANA, PRIVACY))
    number = entered(account(AIGERIM).number, 1)
    page = browser.get(f"/en/admin/rights/{number}").text
    assert f'href="/en/admin/erasures/{number}"' in page


@pytest.mark.clause("6.1.3")
def test_two_members_of_staff_destroy_what_a_paper_asks_for(app: Flask, at: Clock) -> None:
    at(NOON)
    first, second = desk.member(DANA, PRIVACY), desk.member(YERLAN, PRIVACY)
    who = account(AIGERIM)
    number = entered(who.number, first)
    board = desk.signed_in(app, first)
    assert number in board.get("/en/admin/erasures/").text
    assert queries.count_to_act() == 1
    assert press(app, board, number, "proposal") == 303
    db.session.rollback()
    [erasure] = db.session.scalars(select(Erasure)).all()
    assert (erasure.state, erasure.asked_by) == ("asked", first)
    assert press(app, board, number, "second") == 422
    own = signed_in(app, who).get("/en/account/").text
    assert ("has to confirm" in own, "will be destroyed at" in own) == (True, False)
    other = desk.signed_in(app, second)
    page, button = f"/en/admin/erasures/{number}", "Confirm the destruction"
    assert [button in one.get(page).text for one in (board, other)] == [False, True]
    at(BEGINS)
    work()
    assert erasure_of(erasure.id).state == "asked"
    assert press(app, desk.signed_in(app, second), number, "second") == 303
    found = erasure_of(erasure.id)
    assert (found.state, found.confirmed_by) == ("confirmed", second)
    at(BEGINS + asking.WAIT)
    work(2)
    assert erasure_of(erasure.id).state == "done"
    actions = set(db.session.scalars(select(StaffAction.action)))
    assert {"erasure.proposed", "erasure.seconded"} <= actions
    shown = desk.signed_in(app, second).get(f"/en/admin/erasures/{number}").text
    assert ("person" in shown, AIGERIM.email in shown) == (True, False)


@pytest.mark.situation(8, of="rights")
@SQLITE
def test_staff_do_not_destroy_themselves(app: Flask, at: Clock) -> None:
    at(NOON)
    first, second = desk.member(DANA, PRIVACY), desk.member(YERLAN, PRIVACY)
    page = desk.signed_in(app, first).get("/en/account/data/destroy")
    assert "permissions back first" in page.text
    number = entered(second, first)
    assert press(app, desk.signed_in(app, second), number, "proposal") == 422
    grant(second)
    erasure = confirmed(YERLAN, second)
    at(BEGINS)
    work(2)
    assert erasure_of(erasure).state == "done"


@pytest.mark.situation(8, of="rights")
def test_two_members_of_staff_destroy_no_third_one(app: Flask, at: Clock) -> None:
    at(NOON)
    first, second = desk.member(DANA, PRIVACY), desk.member(YERLAN, PRIVACY)
    third = desk.member(BOLAT, PRIVACY)
    request = requests.by_number(db.session(), entered(third, first)).id
    db.session.rollback()
    with pytest.raises(ErasureError) as refusal:
        asking.propose(request, first)
    assert refusal.value.message == STAFF
    grant(third)
    erasure = asking.propose(request, first).id
    grant(third, PRIVACY)
    with pytest.raises(ErasureError) as refusal:
        asking.second(erasure, second)
    assert refusal.value.message == STAFF
    grant(third)
    asking.second(erasure, second)
    grant(third, PRIVACY)
    at(BEGINS)
    work()
    assert erasure_of(erasure).state == "confirmed"
    grant(third)
    work(2)
    assert erasure_of(erasure).state == "done"


def grant(person: int, *held: Permission) -> None:
    """Give somebody these permissions, and no other."""
    with writing() as session:
        grants.change(session, person, held, by=None)


@SQLITE
def test_what_nobody_proved_is_not_destroyed(app: Flask, at: Clock) -> None:
    at(NOON)
    staff = desk.member(DANA, PRIVACY)
    number = entered(account(AIGERIM).number, staff, agent="")
    assert press(app, desk.signed_in(app, staff), number, "proposal") == 422
    assert db.session.scalars(select(Erasure)).all() == []


@pytest.mark.situation(40, of="rights")
def test_blocked_data_wait_until_their_check_has_ended(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    erasure = confirmed(AIGERIM, who.number)
    with writing() as session:
        block = blocks.open_block(session, whose(AIGERIM, who.number), by=Cause.PERSON)
    at(BEGINS)
    work()
    assert erasure_of(erasure).state == "confirmed"
    at(BEGINS + timedelta(hours=2))
    assert queries.count_to_act() == 1
    with writing() as session:
        blocks.lift(session, session.merge(block), outcome=Result.UNFOUNDED)
    work(2)
    assert erasure_of(erasure).state == "done"


@pytest.mark.situation(40, of="rights")
def test_the_blocked_are_told_and_can_undo_it(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    erasure = confirmed(AIGERIM, who.number)
    with writing() as session:
        blocks.open_block(session, whose(AIGERIM, who.number), by=Cause.PERSON)
    assert [kind.name for kind in emails.ALL if kind.name not in while_blocked()] == []
    asking.undo(erasure, Actor(ActorKind.PERSON, who.number))
    assert erasure_of(erasure).state == "undone"


@SQLITE
def test_blocked_data_cannot_be_asked_to_be_destroyed(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    with writing() as session:
        blocks.open_block(session, whose(AIGERIM, who.number), by=Cause.PERSON)
    with pytest.raises(BlockedError):
        asking.preview(asker(AIGERIM, who.number).whose)


@SQLITE
def test_what_staff_have_answered_is_not_destroyed(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    erasure = confirmed(AIGERIM, who.number)
    refused(erasure_of(erasure).request)
    found = erasure_of(erasure)
    assert (found.state, found.person, found.email_key) == ("undone", None, None)
    assert asking.pending(whose(AIGERIM, who.number)) is None
    told = next(m.text for m in emails_to(AIGERIM.email) if m.kind == "erasure.scheduled")
    link = re.search(r"/en/rights/undo/[\w-]{43}", told)
    assert link is not None
    assert "called off before" in app.test_client().get(link[0]).text
    at(BEGINS)
    work()
    assert erasure_of(erasure).destroyed_at is None


def test_a_refused_paper_leaves_the_right_to_its_person(app: Flask, at: Clock) -> None:
    at(NOON)
    first = desk.member(DANA, PRIVACY)
    who = account(AIGERIM)
    request = requests.by_number(db.session(), entered(who.number, first)).id
    db.session.rollback()
    paper = asking.propose(request, first).id
    db.session.rollback()
    assert queries.count_to_act() == 1
    page = desk.signed_in(app, who.number).get("/en/account/data/destroy").text
    assert ("nothing is destroyed before" in page, "destroyed at" in page) == (True, False)
    db.session.rollback()
    refused(request)
    assert queries.count_to_act() == 0
    number = confirmed(AIGERIM, who.number)
    at(BEGINS)
    work(2)
    assert (erasure_of(paper).state, erasure_of(number).state) == ("undone", "done")


def test_a_guest_who_was_refused_once_can_be_destroyed(app: Flask, at: Clock) -> None:
    at(NOON)
    refused(erasure_of(confirmed(GUEST)).request)
    number = confirmed(GUEST)
    at(BEGINS)
    work(2)
    assert erasure_of(number).state == "done"


def refused(request: int) -> None:
    """Let a member of staff refuse a request."""
    staff = desk.member(YERLAN, PRIVACY)
    answering.take(request, staff)
    answering.answer(request, staff, Outcome.IDENTITY, "Another person.", {})


@pytest.mark.clause("6.1.3")
def test_the_paper_of_who_has_an_account_by_now_is_entered_by_its_number(
    app: Flask, at: Clock
) -> None:
    """By the address alone nothing of the account would be destroyed."""
    at(NOON)
    dana = desk.member(DANA, PRIVACY)
    number = entered(None, dana, email=GUEST.email)
    account(GUEST)
    request = requests.by_number(db.session(), number).id
    db.session.rollback()
    with pytest.raises(ErasureError) as raised:
        asking.propose(request, dana)
    assert raised.value.message == OF_ACCOUNT
    assert db.session.scalars(select(Erasure)).all() == []


@SQLITE
def test_the_commands_say_one_as_they_say_many(app: Flask, at: Clock) -> None:
    at(NOON)
    dana = desk.member(DANA, PRIVACY)
    entered(account(AIGERIM).number, dana)
    run = app.test_cli_runner().invoke
    listed = run(args=["erasures", "list"]).output
    assert listed.endswith("requests for destruction: 1\n")
    done = run(args=["erasures", "run"]).output
    assert done == "destructions that need a member of staff: 1\n"
