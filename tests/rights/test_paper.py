"""Requests on paper and by telephone, and the board of staff."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core.data.database import db
from neupusti.core.deadlines.models import Deadline
from neupusti.core.records.journal import StaffAction
from neupusti.core.rules import Permission
from neupusti.rights import queries
from neupusti.rights.models import DataRequest
from neupusti.rights.service.signals import request_entered
from tests import desk
from tests.accounts.cast import account, emails_to
from tests.conftest import SQLITE
from tests.orders.buying import SAME_ORIGIN, hidden
from tests.people import AIGERIM, BOLAT, DANA, GUEST
from tests.rights.asking import count, send

DESK = "/en/admin/rights/"
THURSDAY = datetime(2026, 11, 26, 7, tzinfo=UTC)
SHOWN = re.compile(r"<strong>([0-9A-Z-]{14})</strong>")
Clock = Callable[[datetime], None]


def answers(**others: str) -> dict[str, str]:
    """Return the answers of a complete form."""
    return {
        "kind": "access",
        "channel": "paper",
        "received": "2026-11-25",
        "language": "en",
        "person": "",
        "email": AIGERIM.email,
        "agent": "Identity card 012345678 of 2020-01-31",
        "about": "Everything that is kept.",
        **others,
    }


@SQLITE
def test_a_paper_that_blocks_locks_the_blocks_before_the_journal(app: Flask) -> None:
    """As every other write does: else each of two would wait for the other."""
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    journalled = []

    def look(_request: DataRequest, *, session: Session, **_staff: object) -> None:
        entered = select(StaffAction).filter_by(action="rights.entered")
        journalled.append(len(session.scalars(entered).all()))

    with request_entered.connected_to(look):
        send(browser, f"{DESK}new", **answers(kind="block"))
    assert (journalled, len(desk.staff_actions("rights.entered"))) == ([0], 1)


@pytest.mark.clause("6.1.3")
def test_a_request_on_paper_is_due_from_its_receipt(app: Flask, at: Clock) -> None:
    at(THURSDAY)
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    page = send(browser, f"{DESK}new", **answers())
    assert page.status_code == 200
    [request] = queries.board(everything=False, page=1).rows
    assert (request.channel, request.assurance) == ("paper", 3)
    due = queries.dues([request])[request.number]
    assert due.promised.isoformat() == "2026-11-30"
    assert request.number in emails_to(AIGERIM.email)[-1].subject
    board = browser.get(DESK).text
    assert (request.number in board, "overdue" in board) == (True, False)
    at(THURSDAY + timedelta(days=7))
    browser = desk.signed_in(app, 1)
    assert "overdue" in browser.get(DESK).text
    path = f"{DESK}{request.number}"
    browser.post(f"{path}/taking", data=desk.form(app))
    form = desk.form(app, outcome="given", words="Handed over in person.")
    assert browser.post(f"{path}/answer", data=form).status_code == 303
    db.session.rollback()
    db.session.expire_all()
    [deadline] = queries.dues([request]).values()
    assert isinstance(deadline, Deadline)
    assert (deadline.met_at is None, deadline.late) == (False, True)
    assert "Nobody waits" in browser.get(DESK).text
    assert "Handed over in person." in emails_to(AIGERIM.email)[-1].text


@SQLITE
@pytest.mark.parametrize(
    "wrong",
    [
        {"received": "2026-11-27"},
        {"received": "1970-01-01"},
        {"received": "29 November"},
        {"received": ""},
        {"channel": "site"},
        {"kind": "sell"},
        {"about": ""},
        {"person": "x"},
        {"person": "1"},
        {"person": "99"},
    ],
    ids=str,
)
def test_what_cannot_be_is_refused(app: Flask, at: Clock, wrong: dict[str, str]) -> None:
    """Number 1 is the member of staff who enters it: their own request is a colleague's."""
    at(THURSDAY)
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    assert send(browser, f"{DESK}new", **answers(**wrong)).status_code == 422
    assert count(DataRequest) == 0


def test_the_code_of_an_account_goes_to_its_own_address(app: Flask, at: Clock) -> None:
    at(THURSDAY)
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    person = account(AIGERIM).number
    both = answers(person=str(person), email=GUEST.email)
    assert send(browser, f"{DESK}new", **both).status_code == 200
    [request] = queries.board(everything=False, page=1).rows
    assert (request.person, request.email, request.email_key) == (person, None, None)
    assert emails_to(GUEST.email) == []
    assert request.number in emails_to(AIGERIM.email)[-1].subject


@SQLITE
@pytest.mark.parametrize("kind", ["block", "destroy"])
def test_the_address_of_an_account_does_not_stand_for_it(app: Flask, kind: str) -> None:
    """Else the account stays in use, and its person is told that it is blocked, or gone."""
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    number = account(AIGERIM).number
    typed = answers(kind=kind, email=AIGERIM.email.upper())
    page = send(browser, f"{DESK}new", **typed)
    assert (page.status_code, "the e-mail of an account" in page.text) == (422, True)
    assert count(DataRequest) == 0
    named = {**typed, "person": str(number)}
    assert send(browser, f"{DESK}new", **named).status_code == 200


def test_a_form_that_is_sent_twice_is_one_request(app: Flask, at: Clock) -> None:
    """The second press shows the same code: a browser drops the answer to the first."""
    at(THURSDAY)
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    form = {**hidden(browser.get(f"{DESK}new").text), **answers()}
    pages = [
        browser.post(f"{DESK}new", data=form, headers=SAME_ORIGIN) for _press in range(2)
    ]
    assert [page.status_code for page in pages] == [200, 200]
    first, second = (SHOWN.findall(page.text) for page in pages)
    assert first == second != []
    assert (count(DataRequest), len(emails_to(AIGERIM.email))) == (1, 1)
    other = {**form, "about": "Something else."}
    third = browser.post(f"{DESK}new", data=other, headers=SAME_ORIGIN)
    assert third.status_code == 200
    # It may be about somebody else, who gets a code that opens nothing but theirs.
    assert SHOWN.findall(third.text) != first
    assert count(DataRequest) == 2
    assert len(desk.staff_actions("rights.entered")) == 2


def test_an_account_that_is_not_confirmed_is_nobodys(app: Flask, at: Clock) -> None:
    """Its address may be another's, who would get the answers."""
    at(THURSDAY)
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    number = desk.person(BOLAT, confirmed=False)
    form = answers(person=str(number), email="")
    assert send(browser, f"{DESK}new", **form).status_code == 422
    assert (count(DataRequest), emails_to(BOLAT.email)) == (0, [])


@SQLITE
@pytest.mark.parametrize(
    ("day", "words"),
    [("2026-11-27", "not after today"), ("2022-08-03", "before the first edition")],
)
def test_a_day_that_cannot_be_is_called_what_it_is(
    app: Flask, at: Clock, day: str, words: str
) -> None:
    at(THURSDAY)
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    page = send(browser, f"{DESK}new", **answers(received=day))
    assert (page.status_code, words in page.text) == (422, True)


def test_requests_are_counted_on_the_board(app: Flask) -> None:
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    assert queries.count_open() == 0
    send(browser, f"{DESK}new", **answers(received="2022-08-04", email=""))
    db.session.rollback()
    assert queries.count_open() == 1
    assert "Requests about data to answer" in browser.get("/en/admin/").text
