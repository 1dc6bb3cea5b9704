"""A value that its person contests is out of use until it is decided (6.2.4)."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from neupusti.blocking import queries
from neupusti.core.blocking.errors import is_refusal
from neupusti.core.data.database import db, writing
from neupusti.core.rules import Permission
from neupusti.orders.models.order import ShopOrder
from tests import desk
from tests.accounts.cast import emails_to, link
from tests.blocking.cast import dana, newest
from tests.core.blocking.ways import in_use
from tests.orders.buying import Shopper, hidden, orders, product
from tests.people import DANA, GUEST
from tests.rights.asking import opened, send


@pytest.fixture
def shopper(app: Flask) -> Shopper:
    """A guest who has contested the given name of their order."""
    shopper = Shopper(app, prefix="/en")
    order = shopper.bought(product())
    value = f"shop_order:{order.id}:given_name"
    page = "/en/rights/data/correct"
    answer = send(opened(app), page, value=value, proposed="Гость-Второй", about="")
    assert answer.status_code == 303
    return shopper


@pytest.mark.clause("6.2.4")
def test_a_contested_value_is_not_read_and_its_row_not_written(
    app: Flask, shopper: Shopper
) -> None:
    number = orders()[0].id
    assert (newest().scope, newest().field) == ("field", "given_name")
    with in_use() as session:
        seen = session.get_one(ShopOrder, number)
        assert [seen.given_name, seen.email] == [None, GUEST.email]
        # Nor is it found by what was derived from it; the phone is not contested.
        assert [seen.search, seen.phone_end] == [None, GUEST.phone[-4:]]
    change = update(ShopOrder).values(comment="x")
    for statement in (change, delete(ShopOrder)):
        with pytest.raises(DBAPIError) as refused, writing() as session:
            session.execute(statement)
        assert is_refusal(refused.value)


@pytest.mark.clause("6.2.4")
@pytest.mark.parametrize(
    ("outcome", "name"), [("corrected", "Гость-Второй"), ("law", "Гость")]
)
def test_the_answer_frees_the_value(
    app: Flask, shopper: Shopper, outcome: str, name: str
) -> None:
    browser = dana(app)
    path = f"/en/admin/rights/{newest().request}"
    browser.post(f"{path}/taking", data=desk.form(app))
    assert GUEST.name in browser.get(path).text
    form: Any = desk.form(app, outcome=outcome, words="We have looked at it.")
    assert browser.post(f"{path}/answer", data=form).status_code == 303
    db.session.rollback()
    assert queries.count_open() == 0
    assert db.session.scalar(select(ShopOrder.given_name)) == name


@pytest.mark.clause("6.2.4")
def test_the_order_is_read_by_its_link_and_offers_only_its_cancellation(
    app: Flask, shopper: Shopper
) -> None:
    order = orders()[0]
    assert order.email_proved_at is None
    browser = Shopper(app, prefix="/en")
    letter = next(one for one in emails_to(GUEST.email) if order.number in one.subject)
    assert browser.browser.get(link(letter, "/orders/link/")).status_code == 303
    page = browser.get(f"/orders/{order.number}").text
    offered = [what for what in ("address", "cancel", "return") if f'/{what}"' in page]
    assert ("The data of this order are blocked" in page, offered) == (True, ["cancel"])
    path = f"/orders/{order.number}/address"
    answer = browser.get(path)
    assert answer.status_code == 422
    assert "This order is blocked: it can only be cancelled." in answer.text


@pytest.mark.clause("6.2.4")
def test_staff_read_on_its_page_why_nothing_of_it_changes(
    app: Flask, shopper: Shopper
) -> None:
    browser = desk.signed_in(app, desk.member(DANA, Permission.ORDERS))
    page = f"/en/admin/orders/{orders()[0].number}"
    assert 'class="tag on">blocked<' in browser.get(page).text
    form: Any = desk.form(app, version=str(orders()[0].version), words="Call them first")
    answer = browser.post(f"{page}/notes", data=form)
    assert answer.status_code == 403
    assert "These data are blocked until their check has ended." in answer.text
    assert "Call them first</textarea>" in answer.text


@pytest.mark.clause("6.2.4")
def test_the_order_can_be_cancelled_meanwhile(shopper: Shopper) -> None:
    page = f"/orders/{orders()[0].number}/cancel"
    fields = hidden(shopper.get(page).text)
    assert shopper.post(page, **fields, what="whole").status_code == 303
    assert orders()[0].state == "cancelled"
