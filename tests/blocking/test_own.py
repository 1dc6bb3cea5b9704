"""Block one's own data and take the block back, with an account and without one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from neupusti.accounts.models import EmailChange
from neupusti.blocking.service import blocking
from neupusti.config.settings import Settings
from neupusti.core import clock
from neupusti.core.blocking.models import DataBlock
from neupusti.core.data.database import db
from neupusti.core.deadlines import register
from neupusti.core.rules import Permission
from neupusti.rights.models import DataRequest
from neupusti.rights.service.requests import DEADLINE
from tests import desk, lending
from tests.accounts.cast import PASSWORD, account, emails_to, signed_in
from tests.blocking.cast import GUEST_PAGE, OWN_PAGE, blocked, newest
from tests.conftest import SQLITE, Visitor
from tests.orders.buying import SAME_ORIGIN, Shopper, hidden, orders, product
from tests.people import AIGERIM, BOLAT, DANA, GUEST
from tests.rights.asking import bought, count, opened, request_of, send

WEDNESDAY = datetime(2026, 11, 25, 10, tzinfo=UTC)


@pytest.fixture
def guest(app: Flask) -> FlaskClient:
    """The browser of a guest with an order and a pass."""
    bought(app)
    return opened(app, right="block")


@pytest.fixture
def aigerim(app: Flask) -> FlaskClient:
    """The browser of somebody with an account."""
    return desk.signed_in(app, desk.person(AIGERIM))


@pytest.mark.clause("6.2.4")
def test_a_guest_blocks_and_reads(guest: FlaskClient) -> None:
    found = blocked(guest, reason="The phone is another's")
    assert (found.person, found.email_key, found.scope, found.by) == (
        None,
        GUEST.email,
        "all",
        "person",
    )
    request = request_of(found.request)
    assert (request.kind, request.about) == ("block", "The phone is another's")
    page = guest.get(GUEST_PAGE).text
    assert found.request in page
    assert "Your data are blocked" in page
    assert orders()[0].number in guest.get("/en/rights/data/").text


@pytest.mark.clause("6.2.4")
def test_an_account_blocks_and_still_signs_in(app: Flask, aigerim: FlaskClient) -> None:
    found = blocked(aigerim, OWN_PAGE)
    assert (found.email_key, found.by) == (AIGERIM.email, "person")
    again = desk.signed_in(app, found.person or 0)
    assert again.get("/en/account/").status_code == 200
    assert AIGERIM.phone[-4:] in again.get("/en/account/data/").text


@pytest.mark.clause("6.2.4")
def test_a_block_is_told_before_an_order_is_filled_in(
    app: Flask, aigerim: FlaskClient
) -> None:
    shopper = Shopper(app, prefix="/en")
    shopper.browser = aigerim
    shopper.put(product())
    account, checkout = "/en/account/", "/en/checkout/"
    pages = [aigerim.get(path) for path in (account, checkout)]
    assert [page.status_code for page in pages] == [200, 200]
    assert not [page for page in pages if "data are blocked" in page.text]
    due = blocked(aigerim, OWN_PAGE).due
    words = f"Your data are blocked until their check ends, on {due.day} "
    assert all(words in aigerim.get(path).text for path in (account, checkout))
    guest = Shopper(app, prefix="/en")
    guest.put(product())
    assert "data are blocked" not in guest.get("/checkout/").text


@pytest.mark.clause("6.2.4")
def test_once_the_press_is_answered_no_other_process_shows_anything(
    app: Flask, settings: Settings, aigerim: FlaskClient
) -> None:
    staff = desk.member(DANA, Permission.PRIVACY)
    browsers = [desk.signed_in(app, staff)]
    with lending.opened(settings) as other:
        other.test_client_class = Visitor
        browsers.append(desk.signed_in(other, staff))

        def shown() -> list[int]:
            return [one.get("/en/admin/people/1").status_code for one in browsers]

        assert shown() == [200, 200]
        assert send(aigerim, OWN_PAGE).status_code == 303
        assert shown() == [403, 403]


@pytest.mark.clause("6.2.4")
def test_the_check_is_due_within_one_working_day(guest: FlaskClient, at: Any) -> None:
    found = blocked(guest)
    assert register.deadline_of(db.session(), DEADLINE, found.request).due == found.due
    assert found.due > clock.today()
    letter = emails_to(GUEST.email)[-1].text
    assert found.request in letter
    assert "nobody uses, changes, hands over or destroys them" in letter


def test_a_block_can_be_taken_back(guest: FlaskClient) -> None:
    found = blocked(guest)
    assert send(guest, f"{GUEST_PAGE}/end", GUEST_PAGE).status_code == 303
    ended = newest()
    assert (ended.id, ended.outcome, ended.lifted_by) == (found.id, "withdrawn", None)
    assert ended.lifted_at is not None
    assert request_of(found.request).outcome == "withdrawn"
    assert "You took the block back" in emails_to(GUEST.email)[-1].text
    assert "Block my data now" in guest.get(GUEST_PAGE).text
    # Once more changes nothing.
    send(guest, f"{GUEST_PAGE}/end", GUEST_PAGE)
    assert newest().lifted_at == ended.lifted_at


@SQLITE
def test_hostile_16_every_press_counts_and_few_letters_leave(guest: FlaskClient) -> None:
    first = blocked(guest)
    before = len(emails_to(GUEST.email))
    assert blocked(guest).id == first.id
    assert len(emails_to(GUEST.email)) == before
    for _press in range(blocking.OFTEN.times):
        send(guest, f"{GUEST_PAGE}/end", GUEST_PAGE)
        assert blocked(guest).lifted_at is None
    send(guest, f"{GUEST_PAGE}/end", GUEST_PAGE)
    assert newest().outcome == "withdrawn"
    # The letter of the first block is among them.
    assert len(emails_to(GUEST.email)) == before - 1 + blocking.OFTEN.times


@SQLITE
@pytest.mark.clause("6.2.4")
def test_hostile_15_a_stranger_blocks_only_what_is_theirs(app: Flask) -> None:
    number = desk.person(AIGERIM)
    Shopper(app, who=AIGERIM).bought(product())
    bought(app, BOLAT)
    found = blocked(opened(app, BOLAT))
    assert (found.person, found.email_key) == (None, BOLAT.email)
    browser = app.test_client()
    assert browser.post(GUEST_PAGE, headers=SAME_ORIGIN).status_code in {303, 400}
    assert browser.get(OWN_PAGE).status_code == 303
    assert db.session.scalar(select(func.count()).select_from(DataBlock)) == 1
    assert db.session.scalar(select(DataBlock).filter_by(person=number)) is None


@pytest.mark.clause("6.2.4")
def test_the_blocked_cancel_an_order_and_place_no_new_one(app: Flask) -> None:
    goods = product()
    shopper = Shopper(app, prefix="/en")
    order = shopper.bought(goods)
    blocked(opened(app))
    assert shopper.get(f"/orders/{order.number}").status_code == 200
    refused = Shopper(app, prefix="/en")
    refused.put(goods)
    answer = refused.order("pickup")
    assert answer.status_code == 403
    assert "These data are blocked" in answer.text
    assert f'href="{GUEST_PAGE}"' in answer.text
    page = f"/orders/{order.number}/cancel"
    fields = hidden(shopper.get(page).text)
    assert shopper.post(page, **fields, what="whole").status_code == 303
    assert [one.state for one in orders()] == ["cancelled"]


@SQLITE
@pytest.mark.clause("6.2.4")
def test_no_new_address_is_stored_of_the_blocked(app: Flask) -> None:
    """Its link would lead to a refusal."""
    browser = signed_in(app, account(AIGERIM))
    blocked(browser, OWN_PAGE)
    page = "/en/account/email"
    answer = send(browser, page, email=BOLAT.email, current=PASSWORD)
    assert (answer.status_code, "data are blocked" in answer.text) == (403, True)
    assert (count(EmailChange), emails_to(BOLAT.email)) == (0, [])


@SQLITE
@pytest.mark.parametrize("with_account", [True, False])
def test_what_a_block_refuses_says_where_it_ends(app: Flask, *, with_account: bool) -> None:
    if with_account:
        browser = desk.signed_in(app, desk.person(AIGERIM))
        page, refused = OWN_PAGE, "/en/account/data/destroy"
    else:
        bought(app)
        browser, page, refused = opened(app), GUEST_PAGE, "/en/rights/destroy"
    shown = hidden(browser.get(refused).text)
    blocked(browser, page)
    for answer in (
        browser.get(refused),
        browser.post(refused, data=shown, headers=SAME_ORIGIN),
    ):
        assert answer.status_code == 403
        assert "<h1>Your data are blocked</h1>" in answer.text
        assert f'href="{page}"' in answer.text
    assert send(browser, f"{page}/end", page).status_code == 303
    assert browser.get(refused).status_code == 200


@SQLITE
def test_past_requests_do_not_block(app: Flask, at: Any) -> None:
    """A lifted block leaves its row, and nothing else."""
    at(WEDNESDAY)
    bought(app)
    browser = opened(app)
    blocked(browser)
    send(browser, f"{GUEST_PAGE}/end", GUEST_PAGE)
    at(WEDNESDAY + timedelta(minutes=1))
    assert Shopper(app, prefix="/en").bought(product()).person is None
    assert db.session.scalar(select(func.count()).select_from(DataRequest)) == 1
