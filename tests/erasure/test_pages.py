"""The preview, the button, the undo: with an account, and with a pass."""

import re
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.accounts.models import Person, SignIn
from neupusti.core.data.database import db, writing
from neupusti.erasure.models import Erasure
from neupusti.erasure.service import words
from neupusti.orders.models.order import OrderState, ShopOrder
from neupusti.rights.models import DataRequest, RightsPass
from tests.accounts.cast import account, emails_to, is_signed_in, signed_in
from tests.erasure.erasing import BEGINS, NOON, confirmed, erasure_of, work
from tests.orders.buying import SAME_ORIGIN, hidden, orders
from tests.people import AIGERIM, BOLAT, GUEST
from tests.rights.asking import bought, count, opened, pass_of, request_of, send
from tests.times import Clock

GUESTS, OWN = "/en/rights/destroy", "/en/account/data/destroy"
UNDO = re.compile(r"/rights/undo/([\w-]{43})")


def erasures() -> list[Erasure]:
    db.session.rollback()
    rows = select(Erasure).order_by(Erasure.id)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def press(browser: FlaskClient, path: str, **fields: str) -> int:
    """Press the last button of the preview; return the status."""
    shown = hidden(browser.get(path).text)
    answer = browser.post(path, data={**shown, **fields}, headers=SAME_ORIGIN)
    return answer.status_code


def ended(at: datetime) -> None:
    """Let the only order have been delivered."""
    with writing() as session:
        order = session.scalars(select(ShopOrder)).one()
        order.state, order.ended_at = OrderState.CONFIRMED.value, at


def undo_link(email: str) -> str:
    text = next(m.text for m in emails_to(email) if m.kind == "erasure.scheduled")
    found = UNDO.search(text)
    assert found, text
    return f"/en/rights/undo/{found[1]}"


@pytest.mark.clause("6.1.3")
@pytest.mark.situation(12, of="rights")
def test_an_account_is_destroyed_a_day_after_the_press(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    browser, other = signed_in(app, who), signed_in(app, who)
    page = browser.get(OWN)
    assert "What is destroyed" in page.text
    assert press(browser, OWN) == 303
    assert not is_signed_in(other)
    assert "Until then you can undo it" in browser.get(OWN).text
    assert "will be destroyed at" in browser.get("/en/account/").text
    [erasure] = erasures()
    assert erasure.run_at == BEGINS
    at(BEGINS - timedelta(seconds=1))
    work()
    assert erasure_of(erasure.id).state == "confirmed"
    at(BEGINS)
    work(2)
    assert erasure_of(erasure.id).state == "done"
    assert db.session.get(Person, who.number) is None
    assert count(SignIn) == 0
    assert not is_signed_in(browser)
    assert emails_to(AIGERIM.email) == []
    request = db.session.scalars(select(DataRequest)).one()
    assert (request.person, request.email, request.outcome) == (None, None, "destroyed")
    again = account(AIGERIM)
    assert again.number > who.number
    assert press(signed_in(app, again), OWN) == 303


@pytest.mark.clause("6.1.3")
@pytest.mark.situation(11, of="rights")
@pytest.mark.situation(36, of="rights")
def test_a_guest_is_destroyed_and_comes_back_as_somebody_new(app: Flask, at: Clock) -> None:
    at(NOON)
    bought(app)
    ended(NOON)
    later = NOON + timedelta(days=15)
    at(later)
    browser = opened(app, GUEST, "destroy")
    page = browser.get(GUESTS)
    assert "Tax Code" in page.text
    assert press(browser, GUESTS) == 303
    at(later + timedelta(days=1))
    work(2)
    [erasure] = erasures()
    assert erasure.state == "done"
    [order] = orders()
    assert (order.email, order.email_key, order.family_name) == ("", "", "")
    assert order.total > 0
    assert count(RightsPass) == 0
    account(GUEST)
    assert [one.person for one in orders()] == [None]


@pytest.mark.clause("6.1.3")
def test_an_open_order_of_the_gone_is_not_of_who_comes_back(app: Flask, at: Clock) -> None:
    at(NOON)
    bought(app)
    placed = next(m.text for m in emails_to(GUEST.email) if m.kind == "orders.placed")
    link = re.search(r"/orders/link/[\w-]{43}", placed)
    assert link
    confirmed(GUEST)
    at(BEGINS)
    work(2)
    at(BEGINS + timedelta(hours=1))
    again = account(GUEST)
    assert app.test_client().get(link[0]).status_code == 303
    [kept] = orders()
    assert (kept.person, kept.email_proved_at) == (None, BEGINS + timedelta(hours=1))
    bought(app)
    newer = emails_to(GUEST.email)[-1].text
    link = re.search(r"/orders/link/[\w-]{43}", newer)
    assert link
    app.test_client().get(link[0])
    assert [one.person for one in orders()] == [None, again.number]


@pytest.mark.situation(24, of="rights")
@pytest.mark.situation(25, of="rights")
def test_the_link_undoes_it_by_a_press_only(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    browser = signed_in(app, who)
    press(browser, OWN)
    link, visitor = undo_link(AIGERIM.email), app.test_client()
    assert [visitor.get(link).status_code for _ in range(5)] == [200] * 5
    [erasure] = erasures()
    assert erasure.state == "confirmed"
    pressed = hidden(visitor.get(link).text)
    assert "Nothing is destroyed" in send(visitor, link).text
    [erasure] = erasures()
    assert (erasure.state, erasure.person) == ("undone", None)
    number = db.session.scalars(select(DataRequest.number)).one()
    assert request_of(number).outcome == "withdrawn"
    for again in (visitor.get(link), visitor.post(link, data=pressed, headers=SAME_ORIGIN)):
        assert again.status_code == 200
        assert "called off before" in again.text
    at(BEGINS)
    work()
    assert is_signed_in(signed_in(app, who))


def test_a_button_undoes_it_and_it_can_be_asked_for_again(app: Flask, at: Clock) -> None:
    at(NOON)
    browser = signed_in(app, account(AIGERIM))
    press(browser, OWN)
    answer = send(browser, f"{OWN}/undo", page=OWN)
    assert "Nothing is destroyed" in answer.text
    assert press(browser, OWN) == 303
    assert [one.state for one in erasures()] == ["undone", "confirmed"]


def test_after_it_began_nothing_can_be_undone(app: Flask, at: Clock) -> None:
    at(NOON)
    browser = signed_in(app, account(AIGERIM))
    press(browser, OWN)
    link = undo_link(AIGERIM.email)
    page = app.test_client().get(link)
    at(BEGINS)
    work()
    visitor = app.test_client()
    assert "too late" in visitor.get(link).text
    token = hidden(page.text)["csrf_token"]
    late = visitor.post(link, data={"csrf_token": token}, headers=SAME_ORIGIN)
    assert (late.status_code, "too late" in late.text) == (422, True)


@pytest.mark.clause("6.1.3")
def test_what_changed_meanwhile_is_shown_again(app: Flask, at: Clock) -> None:
    at(NOON)
    bought(app)
    browser = opened(app, GUEST, "destroy")
    shown = hidden(browser.get(GUESTS).text)
    bought(app)
    answer = browser.post(GUESTS, data=shown, headers=SAME_ORIGIN)
    assert (answer.status_code, "look at the list again" in answer.text) == (409, True)
    for seen in ("", "0" * 64):
        assert press(browser, GUESTS, seen=seen) == 409
    assert count(Erasure) == 0
    assert press(browser, GUESTS) == 303


@pytest.mark.situation(10, of="rights")
def test_it_is_asked_for_once(app: Flask, at: Clock) -> None:
    at(NOON)
    browser = signed_in(app, account(AIGERIM))
    shown = hidden(browser.get(OWN).text)
    for _time in range(3):
        answer = browser.post(OWN, data=shown, headers=SAME_ORIGIN)
        assert (answer.status_code, answer.location) == (303, OWN)
    assert (count(Erasure), count(DataRequest)) == (1, 1)
    kinds = [one.kind for one in emails_to(AIGERIM.email)]
    assert kinds.count("erasure.scheduled") == 1


@pytest.mark.clause("6.1.1")
@pytest.mark.situation(13, of="rights")
@pytest.mark.situation(34, of="rights")
@pytest.mark.situation(35, of="rights")
def test_an_open_order_is_named_kept_and_goes_by_itself(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    bought(app, AIGERIM)
    with writing() as session:
        order = session.scalars(select(ShopOrder)).one()
        order.person, order.email_proved_at = who.number, NOON
        number = order.number
    browser = signed_in(app, who)
    assert number in browser.get(OWN).text
    press(browser, OWN)
    at(BEGINS)
    work(2)
    [erasure] = erasures()
    assert erasure.state == "waiting"
    [order] = orders()
    assert (order.person, order.email) == (None, AIGERIM.email)
    assert order.family_name
    assert db.session.get(Person, who.number) is None
    account(AIGERIM)  # the same person, as somebody new
    assert orders()[0].person is None
    ended(BEGINS)
    at(BEGINS + timedelta(days=13))
    work()
    assert orders()[0].email == AIGERIM.email
    at(BEGINS + timedelta(days=15))
    work()
    [erasure] = erasures()
    assert erasure.state == "done"
    [order] = orders()
    assert (order.email, order.phone, order.family_name) == ("", None, "")


@pytest.mark.clause("6.1.3")
def test_what_is_put_off_names_no_moment_that_is_past(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    browser = signed_in(app, who)
    press(browser, OWN)
    link = undo_link(AIGERIM.email)
    send(browser, "/en/account/data/block")
    at(BEGINS)
    work()
    [erasure] = erasures()
    assert words.state(erasure) == words.PUT_OFF
    browser = signed_in(app, who)
    for path in (OWN, "/en/account/", link):
        page = browser.get(path).text
        assert "Something stands against it for now" in page
        assert ("will be destroyed at" in page, "Undo it: nothing" in page) == (False, True)


def test_a_stranger_destroys_and_undoes_nothing(app: Flask, at: Clock) -> None:
    at(NOON)
    account(BOLAT)
    visitor = app.test_client()
    assert [visitor.get(path).status_code for path in (GUESTS, OWN)] == [303, 303]
    for path in (GUESTS, OWN, f"{GUESTS}/undo", f"{OWN}/undo"):
        assert visitor.post(path, headers=SAME_ORIGIN).status_code in {303, 400, 403, 422}
    for wrong in ("a" * 42, "a" * 43, "a" * 44):
        assert visitor.get(f"/en/rights/undo/{wrong}").status_code == 404
    bought(app)
    token = pass_of(GUEST)
    assert token
    assert count(Erasure) == 0
