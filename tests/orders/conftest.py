"""What the tests of pages share: a guest, an order, and Дана's browser."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.rules import Permission
from neupusti.orders.models.order import ShopOrder
from tests import desk
from tests.orders import buying
from tests.orders.buying import SOCKS, Shopper
from tests.people import DANA


@pytest.fixture
def guest(app: Flask) -> Shopper:
    """Somebody without an account."""
    return Shopper(app)


@pytest.fixture
def kettles(guest: Shopper) -> None:
    """Two kettles in the basket of the guest."""
    guest.put(buying.product(), 2)


@pytest.fixture
def order(guest: Shopper) -> ShopOrder:
    """Three kettles and one pair of socks, ordered by the guest for the courier."""
    guest.put(buying.product(), 3)
    guest.put(buying.product(SOCKS, price=2500, return_rule="no:hosiery"))
    assert guest.order("courier").status_code == 303
    return buying.orders()[0]


@pytest.fixture
def dana(app: Flask) -> FlaskClient:
    """A browser of the staff who work on orders."""
    return desk.signed_in(app, desk.member(DANA, Permission.ORDERS))
