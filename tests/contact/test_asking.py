"""Asking: what is stored, what is refused, and what a machine cannot do to anybody."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from neupusti.contact.forms import LONGEST
from neupusti.contact.service import asking
from neupusti.core.data.database import db, writing
from neupusti.core.records.consents import FormConsent
from neupusti.core.records.journal import ProcessingEvent
from neupusti.core.security import throttle
from neupusti.core.security.tokens import Token
from neupusti.core.text import order_numbers
from tests import desk
from tests.accounts.cast import account, emails_to, signed_in, submit
from tests.conftest import SQLITE
from tests.contact.asked import FORM, WORDS, answers, asked, count, request_of, said, send
from tests.orders.buying import SAME_ORIGIN, hidden
from tests.people import AIGERIM, BOLAT, GUEST

NOON = datetime(2026, 11, 25, 7, tzinfo=UTC)
LOGIN = "/en/account/login"
Clock = Callable[[datetime], None]


@pytest.mark.clause("4.1.3")
def test_a_question_gets_a_number_an_email_and_a_page(app: Flask) -> None:
    browser, number = asked(app)
    assert number.startswith("NC-")
    request = request_of(number)
    assert (request.state, request.language, request.person) == ("new", "en", None)
    assert (request.email, request.given_name) == (AIGERIM.email, AIGERIM.name)
    assert said(number) == [("person", WORDS)]
    page = browser.get(f"/en/contact/{number}")
    assert "whistles in D minor &amp; the lid is &lt;b&gt;loose" in page.text
    assert "no-store" in page.headers["Cache-Control"]
    [email] = emails_to(AIGERIM.email)
    assert (email.kind, number in email.subject) == ("contact.received", True)


def test_a_browser_that_refuses_cookies_asks_as_well(app: Flask) -> None:
    """The page of the sign-in says so."""
    assert send(app.test_client(use_cookies=False)).status_code == 303
    assert "questions to us work without cookies" in app.test_client().get(LOGIN).text
    assert len(emails_to(AIGERIM.email)) == 1


@pytest.mark.clause("3.1")
def test_the_consent_is_kept_with_the_words_that_were_shown(app: Flask) -> None:
    _browser, number = asked(app)
    consent = db.session.get_one(FormConsent, request_of(number).consent)
    assert (consent.form, consent.purpose) == ("contact", "4.1.3")
    event = db.session.scalars(select(ProcessingEvent)).one()
    assert (event.operation, event.why) == ("collection", "4.1.3")


@pytest.mark.situation(27)
def test_no_email_holds_what_a_stranger_typed(app: Flask) -> None:
    asked(app, given_name="Купите", words="BUY NOW at the best price")
    [email] = emails_to(AIGERIM.email)
    told = email.subject + email.text + email.html
    assert [word for word in ("Купите", "BUY NOW") if word in told] == []


@SQLITE
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("subject", "", "Choose what it is about."),
        ("subject", "nonsense", "Choose one of the list."),
        ("words", "  \n ", "Write your question."),
        ("words", "x" * (LONGEST + 1), f"Shorten it to {LONGEST} characters."),
        ("words", "a\u202eb", "Remove the invisible or damaged characters"),
        ("email", "", "Enter your e-mail."),
        ("email", "nobody", "Write the address like name@example.kz."),
        ("given_name", "R2D2", "A name holds no digits."),
        ("order_number", "NP-261122-7K3F-6", "One of the signs is wrong"),
        ("order_number", "the blue one", "Write the number like NP-261122-7K3F-5."),
        ("consent", "", "Tick the box if you agree"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    client: FlaskClient, field: str, value: str, message: str
) -> None:
    answer = send(client, **{field: value})
    assert answer.status_code == 422
    assert message in answer.text
    assert "<title>Error:" in answer.text
    kept = {n: v for n, v in answers().items() if n not in {field, "consent", "words"}}
    assert [v for v in kept.values() if v not in answer.text] == []
    assert count() == 0


@SQLITE
@pytest.mark.parametrize("sign", ["\U0001fae8", "\U0001fac8", "👩🏽‍🚀", "❤️", "🇰🇿", "🫖"])
def test_a_picture_newer_than_this_site_is_no_damage(app: Flask, sign: str) -> None:
    _browser, number = asked(app, words=f"Thanks {sign}")
    assert said(number) == [("person", f"Thanks {sign}")]


@SQLITE
def test_what_nobody_can_see_is_shown_where_it_stands(client: FlaskClient) -> None:
    """A mark of direction comes along with copied text; without a sign nobody finds it."""
    answer = send(client, words="Long text, \u200eand a mark.")
    assert answer.status_code == 422
    assert "Long text, \ufffdand a mark.</textarea>" in answer.text


@SQLITE
def test_the_number_of_an_order_is_kept_as_orders_write_it(app: Flask) -> None:
    order = order_numbers.new(NOON.date())
    _browser, number = asked(app, order_number=order.lower().replace("-", " "))
    assert request_of(number).order_number == order


def test_a_second_press_asks_once(app: Flask) -> None:
    browser = app.test_client()
    form = {**hidden(browser.get(FORM).text), **answers()}
    sent = [browser.post(FORM, data=form, headers=SAME_ORIGIN) for _press in range(2)]
    assert {one.status_code for one in sent} == {303}
    assert len({one.location for one in sent}) == 1
    assert (count(), len(emails_to(AIGERIM.email))) == (1, 1)


def test_two_presses_at_the_same_moment_ask_once(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL neither sees the other's question before both write theirs."""
    browser = app.test_client()
    form = {**hidden(browser.get(FORM).text), **answers()}
    first = browser.post(FORM, data=form, headers=SAME_ORIGIN)
    really, early = asking._sent_before, iter([None, None])  # noqa: SLF001 - the race
    monkeypatch.setattr(asking, "_sent_before", lambda *sent: next(early, really(*sent)))
    second = browser.post(FORM, data=form, headers=SAME_ORIGIN)
    assert (second.status_code, second.location) == (303, first.location)
    assert (count(), len(emails_to(AIGERIM.email))) == (1, 1)


def test_many_presses_store_no_more_links(app: Flask) -> None:
    """Nothing limits the presses of one form, as a retry must never be refused."""
    browser = app.test_client()
    form = {**hidden(browser.get(FORM).text), **answers()}
    for _press in range(5):
        answer = browser.post(FORM, data=form, headers=SAME_ORIGIN)
        assert browser.get(answer.location).status_code == 200
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(Token)) == 1


@SQLITE
def test_another_address_finds_no_ones_question_by_the_form(app: Flask) -> None:
    browser = app.test_client()
    form = {**hidden(browser.get(FORM).text), **answers()}
    first = browser.post(FORM, data=form, headers=SAME_ORIGIN).location
    stranger = app.test_client()
    stolen = {**form, "csrf_token": hidden(stranger.get(FORM).text)["csrf_token"]}
    answer = stranger.post(FORM, data={**stolen, "email": BOLAT.email}, headers=SAME_ORIGIN)
    assert (answer.status_code, count()) == (303, 2)
    assert answer.location != first


@SQLITE
@pytest.mark.situation(26)
@pytest.mark.parametrize(
    "fields",
    [
        {"website": "Пример"},
        {"words": "see https://a.example https://b.example https://c.example"},
    ],
    ids=["the trap is filled", "many links"],
)
def test_situation_26_suspicion_costs_one_more_press_and_no_word(
    app: Flask, fields: dict[str, str]
) -> None:
    browser = app.test_client()
    first = send(browser, **fields)
    assert (first.status_code, count()) == (200, 0)
    assert "press the button once more" in first.text
    again = {**hidden(first.text), **answers(), **fields, "website": ""}
    assert again["sure"] == "y"
    assert browser.post(FORM, data=again, headers=SAME_ORIGIN).status_code == 303
    assert count() == 1


@SQLITE
def test_a_flooded_address_is_told_until_when_and_keeps_its_words(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    for _question in range(asking.EMAIL.times):
        asked(app)
    answer = send(app.test_client())
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "whistles in D minor" in answer.text
    assert count() == asking.EMAIL.times
    asked(app, email=BOLAT.email)
    at(NOON + timedelta(minutes=15))
    asked(app)


@SQLITE
def test_strangers_shut_an_address_for_a_quarter_of_an_hour_at_most(
    app: Flask, at: Clock
) -> None:
    moment, flooded = NOON, (asking.EMAIL, AIGERIM.email)
    for _turn in range(10):
        at(moment)
        with writing() as session:
            waits = [throttle.count(session, flooded) for _question in range(6)]
        assert waits == [timedelta()] * 5 + [timedelta(minutes=15)]
        moment += max(waits)


@SQLITE
def test_strangers_never_shut_out_the_signed_in_nor_a_known_browser(app: Flask) -> None:
    who = account(AIGERIM)
    mine, other = signed_in(app, who), signed_in(app, account(BOLAT))
    for _question in range(asking.EMAIL.times):
        asked(app)
    assert send(app.test_client()).status_code == 429
    submit(other, "/account/logout", page="/account/")
    assert send(other).status_code == 429
    for _question in range(asking.KNOWN.times):
        assert send(mine).status_code == 303
    assert send(mine).status_code == 429
    # To another address they are a stranger like all others.
    for _question in range(asking.EMAIL.times):
        assert send(mine, email=GUEST.email).status_code == 303
    assert send(mine, email=GUEST.email).status_code == 429
    submit(mine, "/account/logout", page="/account/")
    assert send(mine).status_code == 303


@SQLITE
def test_an_office_asks_much_and_is_then_told_until_when(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(NOON)
    assert asking.NETWORK.times == 300
    monkeypatch.setattr(asking, "NETWORK", replace(asking.NETWORK, times=10))
    for number in range(10):
        asked(app, email=f"x{number}@example.kz")
    refused = [send(app.test_client()) for _question in range(asking.EMAIL.times + 1)]
    assert {one.status_code for one in refused} == {429}
    assert {one.headers["Retry-After"] for one in refused} == {"3600"}
    # 12:00 in Almaty and an hour.
    assert "again from 13:00, Almaty time" in refused[0].text
    # What the network was refused shuts no address.
    elsewhere = app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    assert send(elsewhere).status_code == 303
    at(NOON + timedelta(hours=1))
    asked(app)


@SQLITE
def test_the_signed_in_person_sees_what_they_asked(app: Flask) -> None:
    browser = desk.signed_in(app, desk.person(AIGERIM))
    form = browser.get(FORM).text
    assert f'value="{AIGERIM.email}"' in form
    answer = send(browser, given_name="")
    number = answer.location.rpartition("/")[2].partition("?")[0]
    assert number in browser.get(FORM).text
    with browser.session_transaction() as kept:
        kept.pop("requests")
    assert browser.get(f"/contact/{number}").status_code == 200
    stranger = desk.signed_in(app, desk.person(BOLAT))
    assert stranger.get(f"/contact/{number}").status_code == 404
    assert number not in stranger.get(FORM).text
