"""What is decided value by value, and values that staff name for words (6.1.2, 6.1.3)."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.core.data.database import db
from neupusti.orders.models.order import ShopOrder
from neupusti.rights import queries
from neupusti.rights.models import Correction
from tests import desk
from tests.accounts.cast import account, emails_to
from tests.orders.buying import Shopper, delivered, orders, product
from tests.people import AIGERIM, GUEST
from tests.rights.asking import opened, request_of, send
from tests.rights.test_correcting import DESK, contest, staff, value
from tests.rights.test_paper import answers

PAPER = {"kind": "correct", "email": GUEST.email}


def taken(app: Flask, browser: FlaskClient, number: str) -> str:
    """Take a request; return the address of its page."""
    page = f"{DESK}{number}"
    assert browser.post(f"{page}/taking", data=desk.form(app)).status_code == 303
    return page


def corrections() -> list[Correction]:
    """Return what is contested, as it is stored now."""
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Correction).order_by(Correction.id)))


def entered(browser: FlaskClient, **others: str) -> str:
    """Enter a request of a guest on paper; return its number."""
    page = send(browser, f"{DESK}new", **answers(**PAPER, **others))
    assert page.status_code == 200, page.text
    db.session.rollback()
    return str(queries.board(everything=False, page=1).rows[0].number)


@pytest.fixture
def order(app: Flask) -> ShopOrder:
    """Let a guest order something that a courier has brought."""
    bought = Shopper(app, prefix="/en").bought(product(), by="courier")
    delivered(bought, 1)
    return orders()[-1]


@pytest.mark.clause("6.1.2")
def test_another_value_than_was_asked_is_set_and_said_so(
    app: Flask, order: ShopOrder
) -> None:
    browser = opened(app)
    number = contest(browser, value=value(order, "given_name"), proposed="Гостья")
    at_desk = staff(app)
    page = taken(app, at_desk, number)
    [one] = corrections()
    part = {f"{one.id}-decision": "partly", f"{one.id}-value": "Гость-Али"}
    form = desk.form(app, outcome="partly", words="As your card has it.", **part)
    assert at_desk.post(f"{page}/answer", data=form).status_code == 303
    [one] = corrections()
    assert (one.decision, one.proposed) == ("partly", None)
    assert orders()[-1].given_name == "Гость-Али"
    told = "corrected, but to another value than you wrote"
    text = emails_to(GUEST.email)[-1].text
    assert ("a part was corrected" in text, f"given name: {told}" in text) == (True, True)
    assert told in browser.get(f"/en/rights/data/request/{number}").text
    assert queries.count_untold() == 1


@pytest.mark.clause("6.1.3")
def test_of_two_values_one_is_set_and_the_other_left(app: Flask, order: ShopOrder) -> None:
    at_desk = staff(app)
    page = taken(app, at_desk, entered(at_desk))
    for field, proposed in (("given_name", "Гостья"), ("phone", "8 701 999 88 77")):
        named = desk.form(app, value=value(order, field), proposed=proposed)
        assert at_desk.post(f"{page}/value", data=named).status_code == 303
    first, second = corrections()
    part = {f"{first.id}-decision": "wrong", f"{second.id}-decision": "right"}
    form = desk.form(app, outcome="partly", words="The phone only.", **part)
    assert at_desk.post(f"{page}/answer", data=form).status_code == 303
    assert [one.decision for one in corrections()] == ["wrong", "right"]
    bought = orders()[-1]
    assert (bought.given_name, bought.phone) == (GUEST.name, "+77019998877")
    text = emails_to(GUEST.email)[-1].text
    assert "given name: left as it was" in text
    assert "phone: corrected as you asked" in text


@pytest.mark.clause("6.1.2")
def test_a_correction_on_paper_reaches_who_got_the_old_value(
    app: Flask, order: ShopOrder
) -> None:
    at_desk = staff(app)
    number = entered(at_desk)
    page = taken(app, at_desk, number)
    named = desk.form(app, value=value(order, "phone"), proposed="8 701 999 88 77")
    assert at_desk.post(f"{page}/value", data=named).status_code == 303
    form = desk.form(app, outcome="corrected", words="Your paper says so.")
    assert at_desk.post(f"{page}/answer", data=form).status_code == 303
    db.session.rollback()
    [notice] = queries.notices(request_of(number).id)
    assert (notice.order, queries.count_untold()) == (order.number, 1)


@pytest.mark.parametrize(
    ("outcome", "decision", "value"),
    [
        ("partly", "right", ""),
        ("partly", "wrong", ""),
        ("partly", "partly", ""),
        ("partly", "partly", "<script>7*7</script>"),
    ],
)
def test_in_part_needs_a_value_that_is_set(
    app: Flask, order: ShopOrder, outcome: str, decision: str, value: str
) -> None:
    number = contest(
        opened(app), value=f"shop_order:{order.id}:given_name", proposed="Гостья"
    )
    at_desk = staff(app)
    page = taken(app, at_desk, number)
    [one] = corrections()
    part = {f"{one.id}-decision": decision, f"{one.id}-value": value}
    form = desk.form(app, outcome=outcome, words="Checked.", **part)
    assert at_desk.post(f"{page}/answer", data=form).status_code == 422
    assert corrections()[0].decision is None
    assert orders()[-1].given_name == GUEST.name
    assert request_of(number).closed_at is None


@pytest.mark.clause("6.1.2")
def test_two_requests_about_one_order_are_decided_one_by_one(
    app: Flask, order: ShopOrder
) -> None:
    """The value of the other stays out of use meanwhile."""
    browser = opened(app)
    name = contest(browser, value=value(order, "given_name"), proposed="Гостья")
    phone = contest(browser, value=value(order, "phone"), proposed="8 701 999 88 77")
    at_desk = staff(app)
    for number in (phone, name):
        page = taken(app, at_desk, number)
        form = desk.form(app, outcome="corrected", words="Checked.")
        assert at_desk.post(f"{page}/answer", data=form).status_code == 303
    corrections()
    bought = orders()[-1]
    assert (bought.given_name, bought.phone) == ("Гостья", "+77019998877")


def test_a_request_that_nobody_proved_names_no_value(app: Flask, order: ShopOrder) -> None:
    at_desk = staff(app)
    page = taken(app, at_desk, entered(at_desk, agent=""))
    assert "Name the value" not in at_desk.get(page).text
    named = desk.form(app, value=value(order, "phone"), proposed="8 701 999 88 77")
    assert at_desk.post(f"{page}/value", data=named).status_code == 422
    assert corrections() == []


def test_a_foreign_value_is_not_named(app: Flask, order: ShopOrder) -> None:
    at_desk = staff(app)
    person = account(AIGERIM).number
    page = taken(app, at_desk, entered(at_desk, person=str(person)))
    named = desk.form(app, value=value(order, "phone"), proposed="8 701 999 88 77")
    assert at_desk.post(f"{page}/value", data=named).status_code == 422
    assert corrections() == []
