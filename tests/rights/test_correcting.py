"""A value that is wrong: contested, decided by staff, told to who got it (6.1.2, 6.1.3)."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.core.blocking import blocks
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.rules import Permission
from neupusti.delivery.service import proofs
from neupusti.orders.models.order import ShopOrder
from neupusti.rights import queries
from neupusti.rights.models import Correction, DataRequest, RecipientNotice
from tests import desk
from tests.accounts.cast import account, emails_to, signed_in
from tests.conftest import SQLITE
from tests.orders.buying import Shopper, delivered, orders, product
from tests.people import AIGERIM, BOLAT, DANA, GUEST
from tests.rights.asking import bought, count, opened, request_of, send

DATA, OWN = "/en/rights/data/", "/en/account/data/"
DESK = "/en/admin/rights/"
ACTS = ("rights.opened", "rights.answered")


def contest(browser: FlaskClient, data: str = DATA, **fields: str) -> str:
    """Say that a value is wrong; return the number of the request."""
    answer = send(browser, f"{data}correct", **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.location.rpartition("/")[2])


def value(order: ShopOrder, field: str) -> str:
    """Return what a form sends for a value of an order."""
    return f"shop_order:{order.id}:{field}"


def staff(app: Flask) -> FlaskClient:
    """Return a browser of a member of staff who looks after personal data."""
    return desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))


def decide(app: Flask, browser: FlaskClient, number: str, outcome: str) -> Any:
    """Take a request and answer it."""
    page = f"{DESK}{number}"
    taken = browser.post(f"{page}/taking", data=desk.form(app))
    assert taken.status_code == 303, taken.text
    form = desk.form(app, outcome=outcome, words="Checked by telephone.")
    return browser.post(f"{page}/answer", data=form)


@pytest.mark.clause("6.1.2")
@pytest.mark.clause("6.1.3")
def test_a_right_value_is_set_and_told_to_who_got_the_old_one(app: Flask) -> None:
    order = Shopper(app, prefix="/en").bought(product(), by="courier")
    browser = opened(app)
    delivered(order, 1)
    number = contest(browser, value=value(order, "phone"), proposed="8 701 999 88 77")
    assert request_of(number).assurance == 1
    at_desk = staff(app)
    assert decide(app, at_desk, number, "corrected").status_code == 303
    db.session.rollback()
    db.session.expire_all()
    fixed = orders()[-1]
    assert (fixed.phone, fixed.phone_end) == ("+77019998877", "8877")
    assert list(proofs.broken(db.session())) == []
    assert db.session.scalars(select(Correction)).one().proposed is None
    assert "Checked by telephone." in emails_to(GUEST.email)[-1].text
    (notice,) = queries.notices(request_of(number).id)
    assert (notice.order, notice.row.told_at) == (order.number, None)
    assert queries.count_untold() == 1
    form = desk.form(app, notice=notice.row.id, how="Called the courier")
    assert at_desk.post(f"{DESK}{number}/told", data=form).status_code == 303
    db.session.rollback()
    assert queries.count_untold() == 0
    again = at_desk.post(f"{DESK}{number}/told", data=form)
    assert again.status_code == 404


def test_a_wrong_claim_changes_nothing_and_says_why(app: Flask) -> None:
    order = Shopper(app, prefix="/en").bought(product())
    number = contest(opened(app), value=value(order, "given_name"), proposed="Гостья")
    assert decide(app, staff(app), number, "unfounded").status_code == 303
    db.session.rollback()
    db.session.expire_all()
    assert orders()[-1].given_name == GUEST.name
    assert count(RecipientNotice) == 0
    text = emails_to(GUEST.email)[-1].text
    assert "what is kept is right" in text
    assert "Checked by telephone." in text


@pytest.mark.parametrize(
    "forged",
    [
        {"value": "shop_order:{other}:phone", "proposed": "+77010000009"},
        {"value": "shop_order:{own}:email", "proposed": "x@example.kz"},
        {"value": "shop_order:{own}:id", "proposed": "7"},
        {"value": "shop_order:{own}:person", "proposed": "1"},
        {"value": "person:1:kind", "proposed": "guest"},
        {"value": "shop_order:{own}:phone", "proposed": "call me"},
        {"value": "shop_order:{own}:given_name", "proposed": "<script>7*7</script>"},
        {"value": "shop_order:{own}:given_name", "proposed": ""},
        {"value": "", "proposed": "right"},
    ],
    ids=lambda one: f"{one['value']} {one['proposed']}",
)
@SQLITE
def test_only_a_value_of_ones_own_can_be_contested(
    app: Flask, forged: dict[str, str]
) -> None:
    other = Shopper(app, who=BOLAT, prefix="/en").bought(product())
    own = Shopper(app, prefix="/en").bought(product())
    wanted = forged["value"].format(own=own.id, other=other.id)
    browser = opened(app)
    answer = send(
        browser, f"{DATA}correct", value=wanted, proposed=forged["proposed"], kind="x"
    )
    assert answer.status_code == 422
    assert (count(DataRequest), count(Correction)) == (0, 0)


@pytest.mark.situation(10, of="rights")
def test_a_value_is_contested_once(app: Flask) -> None:
    order = Shopper(app, prefix="/en").bought(product())
    browser = opened(app)
    fields = {"value": value(order, "given_name"), "proposed": "Гостья"}
    contest(browser, **fields)
    before = len(emails_to(GUEST.email))
    again = send(browser, f"{DATA}correct", **fields)
    assert (again.status_code, "being checked already" in again.text) == (422, True)
    assert (count(DataRequest), len(emails_to(GUEST.email))) == (1, before)


def test_what_is_in_no_list_is_said_in_words(app: Flask) -> None:
    browser = signed_in(app, account(AIGERIM))
    number = contest(browser, OWN, value="", about="The flat is 12, not 21.")
    assert request_of(number).about == "The flat is 12, not 21."
    assert request_of(number).assurance == 2
    page = browser.get(f"{OWN}request/{number}")
    assert (page.status_code, "not answered yet" in page.text) == (200, True)


def test_nobody_decides_their_own_request(app: Flask) -> None:
    browser = staff(app)
    number = contest(browser, OWN, value="", about="My name is another.")
    refused = browser.post(f"{DESK}{number}/taking", data=desk.form(app))
    assert (refused.status_code, "a colleague has to decide" in refused.text) == (422, True)
    assert request_of(number).staff is None


def test_who_answers_has_taken_it_and_once(app: Flask) -> None:
    bought(app)
    number = contest(opened(app), value="", about="Nothing is right.")
    browser, page = staff(app), f"{DESK}{number}"
    form = desk.form(app, outcome="nothing", words="There is none.")
    assert "Take it first" in browser.post(f"{page}/answer", data=form).text
    assert "Nothing is right." not in browser.get(page).text
    assert decide(app, browser, number, "given").status_code == 422
    answered = desk.form(app, outcome="law", words="A law forbids it.")
    assert browser.post(f"{page}/answer", data=answered).status_code == 303
    late = browser.post(f"{page}/answer", data=answered)
    assert (late.status_code, "answered already" in late.text) == (422, True)
    acts = [one.action for one in desk.staff_actions(*ACTS)]
    assert acts == [*ACTS]


def test_a_row_that_is_gone_is_said_so(app: Flask) -> None:
    order = Shopper(app, prefix="/en").bought(product())
    number = contest(opened(app), value=value(order, "given_name"), proposed="Гостья")
    # Not by a sweep: while it is contested the row is blocked.
    owner = Whose(email_key=order.email_key)
    with writing() as session, blocks.passing(session, owner):
        session.get_one(ShopOrder, order.id).identity_ended_at = order.placed_at
    answer = decide(app, staff(app), number, "corrected")
    assert (answer.status_code, "destroyed by now" in answer.text) == (422, True)
    assert request_of(number).closed_at is None


def test_what_is_right_of_something_else_is_kept(app: Flask) -> None:
    bought(app)
    number = contest(opened(app), value="", proposed="Abay 10", about="My street.")
    assert request_of(number).about == "My street.\n\nAbay 10"


@pytest.mark.manifest(field="codes")
def test_what_is_contested_is_named_in_words(app: Flask) -> None:
    order, browser = Shopper(app, prefix="/en").bought(product()), opened(app)
    contest(browser, value=value(order, "given_name"), proposed="Гостья")
    shown = browser.get("/en/rights/data/").text
    assert "Гостья" in shown
    assert "given_name" not in shown
