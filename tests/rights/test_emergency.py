"""My account was broken into: one press shuts it and blocks its data (5.5)."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.accounts.models import Credential, SignIn
from neupusti.blocking.service import blocking
from neupusti.blocking.service.blocking import Order
from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import Cause, DataBlock
from neupusti.core.data.database import db
from neupusti.core.data.finding import Whose
from neupusti.core.security.tokens import Token
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import Subscriber
from neupusti.rights.models import DataRequest
from tests import desk
from tests.accounts.cast import (
    PASSWORD,
    Account,
    account,
    emails_to,
    link,
    signed_in,
    submit,
)
from tests.accounts.moves import NEW as TAKEN
from tests.accounts.moves import address, change_address, secure_link
from tests.blocking.cast import OWN_PAGE, blocked, newest
from tests.conftest import SQLITE
from tests.newsletter import cast as news
from tests.people import AIGERIM
from tests.rights.asking import count, request_of, send

PAGE, DONE = "/en/rights/emergency", "/en/rights/emergency/done"
NEW = "қызыл алма бағы"


def pressed(browser: FlaskClient) -> None:
    """Press the button."""
    answer = send(browser, PAGE)
    assert (answer.status_code, answer.location) == (303, DONE)
    assert browser.get(DONE).status_code == 200
    db.session.rollback()
    db.session.expire_all()


@pytest.mark.clause("5.5")
def test_one_press_ends_all_sessions_and_the_password(app: Flask) -> None:
    who = account(AIGERIM)
    browsers = [signed_in(app, who, remember="y") for _device in range(3)]
    pressed(browsers[0])
    assert count(SignIn) == 0
    assert db.session.get_one(Credential, who.number).password_hash is None
    for browser in browsers:
        assert browser.get("/en/account/").status_code == 303
    refused = submit(
        app.test_client(), "/account/login", {"email": who.email, "password": PASSWORD}
    )
    assert refused.status_code == 422


@pytest.mark.clause("5.5")
def test_the_data_are_blocked_and_staff_have_to_check(app: Flask) -> None:
    who = account(AIGERIM)
    pressed(signed_in(app, who))
    session = db.session()
    assert blocks.is_blocked(session, Whose(person=who.number))
    block = session.scalars(select(DataBlock)).one()
    request = request_of(block.request)
    assert (request.kind, request.person, request.closed_at) == ("block", who.number, None)
    kinds = {email.kind for email in emails_to(who.email)}
    assert {"accounts.locked", "rights.received"} <= kinds
    [received] = [one for one in emails_to(who.email) if one.kind == "rights.received"]
    assert "You can read them and cancel orders." in received.text


@pytest.mark.clause("5.5")
def test_the_link_of_the_email_opens_the_account_again(app: Flask) -> None:
    who = account(AIGERIM)
    pressed(signed_in(app, who))
    [locked] = [one for one in emails_to(who.email) if one.kind == "accounts.locked"]
    form = {"password": NEW}
    assert submit(app.test_client(), link(locked), form).status_code == 303
    again = app.test_client()
    submit(again, "/account/login", {"email": who.email, "password": NEW})
    assert again.get("/en/account/").status_code == 200


def locked(to: str) -> list[str]:
    """Return the addresses of the links to a new password that went to `to`."""
    return [link(one) for one in emails_to(to) if one.kind == "accounts.locked"]


@pytest.mark.clause("5.5")
def test_the_former_address_undoes_its_change_in_spite_of_the_block(app: Flask) -> None:
    who = account(AIGERIM)
    thief = change_address(app, who)
    news.subscriber(TAKEN)
    pressed(thief)
    assert (len(locked(AIGERIM.email)), locked(TAKEN)) == (1, [])
    answer = submit(app.test_client(), secure_link("email_changed"), {})
    assert (answer.status_code, address(who.number)) == (303, AIGERIM.email)
    assert blocks.is_blocked(db.session(), Whose(person=who.number))


@pytest.mark.clause("5.5")
def test_a_new_password_leaves_a_blocked_subscription_as_it_is(app: Flask) -> None:
    who = account(AIGERIM)
    news.subscriber(AIGERIM.email)
    pressed(signed_in(app, who))
    form = {"password": NEW}
    assert submit(app.test_client(), locked(who.email)[0], form).status_code == 303
    assert db.session.scalar(select(Subscriber.person)) is None


def tries_to_end_it(app: Flask, who: Account) -> None:
    """Come back by the link of the e-mail, and try to take the block back."""
    browser = app.test_client()
    submit(browser, locked(who.email)[0], {"password": NEW})
    submit(browser, "/account/login", {"email": who.email, "password": NEW})
    page = browser.get(OWN_PAGE)
    assert (page.status_code, "Take the block back" in page.text) == (200, False)
    browser.post(f"{OWN_PAGE}/end", data=desk.form(app))


@pytest.mark.clause("5.5")
def test_nobody_but_staff_ends_the_block(app: Flask) -> None:
    """Whoever took the account over can set a password, too."""
    who = account(AIGERIM)
    pressed(signed_in(app, who))
    tries_to_end_it(app, who)
    assert newest().lifted_at is None


@pytest.mark.clause("5.5")
def test_nor_is_a_block_that_was_open_already_taken_back(app: Flask) -> None:
    who = account(AIGERIM)
    browser = signed_in(app, who)
    number = blocked(browser, OWN_PAGE).request
    pressed(browser)
    tries_to_end_it(app, who)
    assert (newest().lifted_at, newest().request) == (None, number)


@SQLITE
def test_a_block_of_the_shop_keeps_its_paper(app: Flask) -> None:
    who = account(AIGERIM)
    order = Order(
        by=Cause.STAFF,
        person=who.number,
        email="",
        document="Order 12",
        reason="A court",
        language=Language.EN,
    )
    blocking.place(order, None)
    pressed(signed_in(app, who))
    assert (newest().by, newest().document) == ("staff", "Order 12")


def test_a_second_press_opens_no_second_block(app: Flask) -> None:
    who = account(AIGERIM)
    first, second = (signed_in(app, who) for _device in range(2))
    page = second.get(PAGE).text
    pressed(first)
    assert send(first, PAGE, page="/en/rights/").status_code == 303
    assert "Shut the account" in page
    assert (count(DataBlock), count(DataRequest)) == (1, 1)


@SQLITE
def test_only_the_owner_presses_it(app: Flask) -> None:
    account(AIGERIM)
    stranger = app.test_client()
    assert stranger.get(PAGE).status_code == 303
    assert send(stranger, PAGE, page="/en/rights/").status_code == 303
    assert (count(DataBlock), count(Token)) == (0, 0)


@SQLITE
@pytest.mark.clause("5.5")
def test_where_data_are_blocked_already_no_second_letter_is_promised(app: Flask) -> None:
    """The number of the request is in the letter about that block."""
    who = account(AIGERIM)
    browser = signed_in(app, who)
    blocked(browser, OWN_PAGE)
    before = len(emails_to(who.email))
    pressed(browser)
    assert [email.kind for email in emails_to(who.email)[before:]] == ["accounts.locked"]
    page = browser.get(DONE).text
    assert ("two e-mails" in page, "in the e-mail about the block" in page) == (False, True)


@SQLITE
@pytest.mark.clause("5.5")
def test_the_page_afterwards_leads_to_no_form_that_the_block_refuses(app: Flask) -> None:
    """A question from the address of the account is refused: nothing new is stored."""
    browser = signed_in(app, account(AIGERIM))
    pressed(browser)
    page = browser.get(DONE).text
    main = page.partition("<main")[2].partition("</main")[0]
    assert ('href="/en/contact/"' in main, 'href="#operator"' in main) == (False, True)
    assert 'id="operator"' in page
