"""A product that was ordered stays; a deleted one is gone from baskets in words."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.catalog.models import Product, StockMovement
from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from tests import desk
from tests.catalog.staff_goods import LIST, post
from tests.orders import buying
from tests.orders.buying import KETTLE, SOCKS, Shopper
from tests.people import DANA


@pytest.fixture
def content(app: Flask) -> FlaskClient:
    """A browser of the staff who work on goods."""
    return desk.signed_in(app, desk.member(DANA, Permission.CONTENT))


def known() -> set[int]:
    db.session.rollback()
    return set(db.session.scalars(select(Product.id).where(~Product.sample)))


@pytest.mark.parametrize("cancelled", [False, True], ids=["open", "cancelled"])
def test_an_ordered_product_is_only_withdrawn(
    app: Flask, guest: Shopper, content: FlaskClient, *, cancelled: bool
) -> None:
    number = buying.product()
    path = f"{LIST}{number}/delete"
    assert "never ordered" in content.get(f"/en{path}").text
    order = guest.bought(number)
    if cancelled:
        cancel = f"/orders/{order.number}/cancel"
        fields = {**buying.hidden(guest.get(cancel).text), "what": "whole"}
        assert guest.browser.post(cancel, data=fields).status_code == 303
    page = content.get(f"/en{path}").text
    assert "it can only be withdrawn from the shop" in page
    assert f'action="/en{path}"' not in page
    refused = post(app, content, f"/en{path}")
    assert refused.status_code == 422
    assert "it can only be withdrawn from the shop" in refused.text
    assert known() == {number}
    assert desk.staff_actions("catalog.deleted") == []
    assert post(app, content, f"{LIST}{number}/withdraw").status_code == 303


def test_what_is_deleted_leaves_the_basket_and_the_books_in_order(
    app: Flask, guest: Shopper, content: FlaskClient
) -> None:
    kettle, socks = buying.product(), buying.product(SOCKS)
    article = db.session.get_one(Product, kettle).article
    guest.put(kettle, 3)
    guest.put(socks)
    assert post(app, content, f"{LIST}{kettle}/delete").status_code == 303
    assert known() == {socks}
    page = guest.get("/cart/").text
    assert KETTLE[0] not in page
    assert SOCKS[0] in page
    assert "больше не прода" in page
    assert guest.order().status_code == 422
    assert buying.orders() == []
    moved = select(StockMovement).where(StockMovement.product == kettle)
    movements = db.session.scalars(moved.order_by(StockMovement.id)).all()
    assert [one.delta for one in movements] == [20, -20]
    assert movements[1].staff is not None
    (act,) = desk.staff_actions("catalog.deleted")
    assert act.what == f"product {kettle}: {article}"
