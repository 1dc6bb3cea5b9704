"""A browser at the board of orders, and what it presses."""

import re
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from neupusti.core.data.database import db
from neupusti.core.records.journal import StaffAction
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.models.recipient import RecipientKind
from neupusti.orders.models.states import Word
from neupusti.orders.queries import details
from tests import handing
from tests.orders.buying import SAME_ORIGIN

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
BOARD = "/admin/orders/"


def page_of(order: ShopOrder) -> str:
    """Return the address of an order on the board."""
    return f"{BOARD}{order.number}"


def send(browser: FlaskClient, path: str, **fields: Any) -> TestResponse:
    """Send a form of the board."""
    token = TOKEN.findall(browser.get(BOARD).text)[-1]
    return browser.post(path, data={"csrf_token": token, **fields}, headers=SAME_ORIGIN)


def now(order: ShopOrder) -> details.Details:
    """Return all of the order as it is stored now."""
    db.session.rollback()
    db.session.expire_all()
    found = details.by_number(order.number)
    assert found is not None
    return found


def press(browser: FlaskClient, order: ShopOrder, path: str, **fields: Any) -> TestResponse:
    """Press a button of the present page of an order."""
    version = now(order).order.version
    return send(browser, f"{page_of(order)}/{path}", version=version, **fields)


def pieces(order: ShopOrder, *counts: int) -> dict[str, int]:
    """Return the fields with the pieces of each line."""
    lines = now(order).lines
    return {f"line-{line.id}": n for line, n in zip(lines, counts, strict=True)}


def word(order: ShopOrder) -> tuple[Word, bool]:
    """Return what people read, and whether it is true of a part only."""
    status = now(order).status
    return status.word, status.partly


def actions() -> list[str]:
    """Return the codes of the actions that the journal holds."""
    db.session.rollback()
    return list(db.session.scalars(select(StaffAction.action).order_by(StaffAction.id)))


def hands_over(
    browser: FlaskClient, order: ShopOrder, *parcels: int, **fields: Any
) -> TestResponse:
    """Hand parcels over to the courier of the shop, on the page for that."""
    version = now(order).order.version
    seen = {f"seen-{parcel}": version for parcel in parcels}
    to = handing.recipient(RecipientKind.OWN_COURIER)
    values = {"channel": "link", "parcel": [*parcels], **seen, **fields}
    return send(browser, f"/admin/recipients/{to}/parcels", **values)
