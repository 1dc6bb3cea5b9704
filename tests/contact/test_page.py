"""The page of a question: who reads it, and what they can add."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from neupusti.contact.models import ContactRequest, RequestState
from neupusti.contact.service import asking, links
from neupusti.core.data.database import writing
from neupusti.core.registry import registry
from neupusti.core.security import throttle, tokens
from neupusti.core.security.throttle import RateUse
from neupusti.retention.service import sweeps as retention
from tests.accounts.cast import emails_to
from tests.conftest import SQLITE
from tests.contact.asked import asked, count, request_of, said
from tests.numbers import turn_back
from tests.orders.buying import SAME_ORIGIN, hidden
from tests.people import AIGERIM, BOLAT

NOON = datetime(2026, 11, 25, 7, tzinfo=UTC)
LINK = re.compile(r"/contact/link/([\w-]+)")
Clock = Callable[[datetime], None]


def link() -> str:
    """Return the token of the newest email."""
    [*_older, newest] = LINK.findall(emails_to(AIGERIM.email)[-1].text)
    return str(newest)


def add(browser: FlaskClient, number: str, words: str) -> int:
    page = f"/en/contact/{number}"
    form = {**hidden(browser.get(page).text), "words": words}
    return browser.post(page, data=form, headers=SAME_ORIGIN).status_code


def test_the_number_alone_opens_nothing(app: Flask, client: FlaskClient) -> None:
    _browser, number = asked(app)
    for page in (number, "NC-261122-1C0H-5", "нет", "x" * 300):
        answer = client.get(f"/en/contact/{page}")
        assert answer.status_code == 404, page
        assert "by the link of our last e-mail" in answer.text
    spelt = client.get(f"/en/contact/{number.lower()}")
    assert (spelt.status_code, spelt.location) == (301, f"/en/contact/{number}")
    form = {**hidden(client.get("/contact/").text), "words": "and more"}
    sent = client.post(f"/contact/{number}", data=form, headers=SAME_ORIGIN)
    assert (sent.status_code, len(said(number))) == (404, 1)


def test_the_link_of_the_email_opens_it_at_a_clean_address(
    app: Flask, client: FlaskClient, at: Clock
) -> None:
    at(NOON)
    _browser, number = asked(app)
    token = link()
    answer = client.get(f"/en/contact/link/{token}")
    assert (answer.status_code, answer.location) == (303, f"/en/contact/{number}")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert client.get(answer.location).status_code == 200
    at(NOON + links.LIFE)
    assert client.get(answer.location).status_code == 404
    gone = client.get(f"/en/contact/link/{token}")
    assert (gone.status_code, "This link has ended" in gone.text) == (404, True)


@SQLITE
def test_a_token_of_another_purpose_or_question_opens_nothing(app: Flask) -> None:
    browser, _number = asked(app)
    _other, theirs = asked(app)
    target = request_of(theirs).id
    with writing() as session:
        _row, text = tokens.issue_row(session, "order", links.LIFE, target=target)
    assert browser.get(f"/contact/link/{text}").status_code == 404
    assert browser.get(f"/contact/{theirs}").status_code == 404


def test_a_message_opens_the_question_again(app: Flask, at: Clock) -> None:
    at(NOON)
    browser, number = asked(app)
    at(NOON + timedelta(days=1))
    assert add(browser, number, "It fell silent.") == 303
    assert said(number)[-1] == ("person", "It fell silent.")
    request = request_of(number)
    assert (request.state, request.version) == ("new", 2)
    assert request.last_at == NOON + timedelta(days=1)
    assert add(browser, number, " ") == 422
    assert len(said(number)) == 2


@SQLITE
def test_a_flood_of_messages_is_stopped_in_words(app: Flask) -> None:
    browser, number = asked(app)
    for nth in range(asking.MORE.times):
        assert add(browser, number, f"message {nth}") == 303
    page = f"/en/contact/{number}"
    form = {**hidden(browser.get(page).text), "words": "one too many"}
    answer = browser.post(page, data=form, headers=SAME_ORIGIN)
    assert (answer.status_code, "one too many" in answer.text) == (429, True)
    assert len(said(number)) == asking.MORE.times + 1


@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="retention")
@pytest.mark.parametrize("when", ["before the limit is counted", "after"])
def test_a_message_to_a_question_that_goes_meanwhile_finds_none(
    app: Flask, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """The question is destroyed while the message is being sent."""
    browser, number = asked(app)
    take = throttle.take

    def destroyed(*uses: RateUse) -> None:
        if when == "after":
            take(*uses)
        with writing() as session:
            session.execute(delete(ContactRequest))
        if when != "after":
            take(*uses)

    monkeypatch.setattr(throttle, "take", destroyed)
    app.testing = False
    assert add(browser, number, "and more") == 404
    assert count() == 0


@SQLITE
def test_a_flood_in_a_question_that_is_gone_shuts_no_other(app: Flask) -> None:
    """In a restored backup SQLite gives the id of a row that is gone to the next one."""
    browser, number = asked(app)
    for _ in range(asking.MORE.times):
        assert add(browser, number, "and more") == 303
    former = request_of(number).id
    with writing() as session:
        session.execute(delete(ContactRequest))
    turn_back()
    browser, number = asked(app, email=BOLAT.email)
    assert request_of(number).id == former
    assert add(browser, number, "and more") == 303


def test_a_question_goes_three_years_after_the_last_word(app: Flask, at: Clock) -> None:
    at(NOON)
    _browser, number = asked(app)
    [rule] = [one for one in registry().retention if one.model.__name__ == "ContactRequest"]
    at(NOON + timedelta(days=rule.term, seconds=-1))
    retention.sweep(registry().retention)
    assert request_of(number).number == number
    at(NOON + timedelta(days=rule.term))
    retention.sweep(registry().retention)
    assert count() == 1  # nobody has answered it
    with writing() as session:
        session.execute(update(ContactRequest).values(state=RequestState.ANSWERED.value))
    retention.sweep(registry().retention)
    assert count() == 0
