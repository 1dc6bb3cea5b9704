"""Goods for sale, and browsers that buy them as a person does."""

import re
from dataclasses import dataclass, field
from html import unescape
from itertools import count
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from neupusti.catalog.models import Category, MovementKind, Product
from neupusti.catalog.service import stock
from neupusti.catalog.service.stock import Movement
from neupusti.core.data.database import db, writing
from neupusti.core.records.journal import Actor, ActorKind
from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.queries import details as queries
from neupusti.orders.service.life import deciding, parcels
from neupusti.orders.service.moves import Press
from tests import handing
from tests.catalog import goods
from tests.people import GUEST, Person

HIDDEN = re.compile(r"<input[^>]*type=\"hidden\"[^>]*>")
ATTRIBUTE = re.compile(r"(name|value)=\"([^\"]*)\"")
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
LANGUAGES = ("ru", "kk", "en")
NUMBERS = count(1)
KETTLE = ("Чайник эмалированный", "Эмальданған шәйнек", "Enamel teapot")
SOCKS = ("Носки шерстяные", "Жүн шұлық", "Wool socks")
ADDRESS = {
    "region": "KZ-75",
    "city": "Алматы",
    "street": "улица Жибек Жолы",
    "house": "50",
    "flat": "12",
    "postcode": "050000",
    "comment": "Домофон 12К",
}


def product(
    names: tuple[str, str, str] = KETTLE,
    *,
    price: int = 12990,
    pieces: int = 20,
    **columns: Any,
) -> int:
    """Put a product on sale; return its number."""
    number = next(NUMBERS)
    named = {f"name_{x}": name for x, name in zip(LANGUAGES, names, strict=True)}
    values = {"article": f"T-{number}", "price": price, **named, **columns}
    return goods.product(_kitchen(), f"teapot-{number}", pieces=pieces, **values)


def _kitchen() -> int:
    db.session.rollback()
    found = db.session.scalar(select(Category.id).filter_by(slug="kitchen"))
    db.session.rollback()
    return found or goods.category("kitchen")


def change(number: int, **columns: Any) -> None:
    """Change columns of a product, as staff do."""
    with writing() as session:
        row = session.get_one(Product, number)
        for name, value in columns.items():
            setattr(row, name, value)


def sell_out(number: int, *, to: int = 0) -> None:
    """Lower the stock of a product to `to` pieces."""
    with writing() as session:
        row = session.get_one(Product, number)
        lost = Movement(product=number, delta=to - row.stock, kind=MovementKind.WRITTEN_OFF)
        assert stock.change(session, lost)


def made(nth: int) -> int:
    """Return the number of the nth product of a test: the sample goods come before it."""
    db.session.rollback()
    own = select(Product.id).where(~Product.sample).order_by(Product.id)
    return db.session.scalars(own.offset(nth - 1).limit(1)).one()


def left(number: int) -> int:
    """Return how many pieces of a product are in stock."""
    db.session.rollback()
    return db.session.get_one(Product, number, populate_existing=True).stock


def orders() -> list[ShopOrder]:
    """Return all orders, oldest first."""
    db.session.rollback()
    found = select(ShopOrder).order_by(ShopOrder.id)
    return list(db.session.scalars(found.execution_options(populate_existing=True)))


def press(order: ShopOrder, by: int = 0) -> Press:
    """Return a press of staff on an order as it is now."""
    db.session.rollback()
    row = db.session.get_one(ShopOrder, order.id, populate_existing=True)
    return Press(row.id, row.version, Actor(ActorKind.STAFF, by))


def now_of(order: ShopOrder) -> ShopOrder:
    """Return the order as it is now."""
    return orders()[0]


def delivered(order: ShopOrder, *pieces: int) -> None:
    """Let staff confirm an order, and deliver some pieces of each line."""
    deciding.confirm(press(order))
    db.session.rollback()
    lines = queries.of(db.session(), now_of(order)).lines
    packed = {line.id: count for line, count in zip(lines, pieces, strict=True) if count}
    parcel = parcels.pack(press(order), packed)
    for state in (ParcelState.HANDED_OVER, ParcelState.ON_THE_WAY, ParcelState.DELIVERED):
        handing.moved(press(order), parcel, state)


def hidden(page: str, *, form: int = -1) -> dict[str, str]:
    """Return the hidden fields of one form with a token on a page: by default the last."""
    found = [part.split("</form")[0] for part in page.split("<form")[1:]]
    fields = [one for one in found if "csrf_token" in one and 'name="choice"' not in one]
    pairs = (dict(ATTRIBUTE.findall(tag)) for tag in HIDDEN.findall(fields[form]))
    return {pair["name"]: unescape(pair.get("value", "")) for pair in pairs}


def details(who: Person = GUEST, **others: str) -> dict[str, str]:
    """Return the answers of the first step for one of the cast."""
    return {
        "family_name": "Пример",
        "given_name": who.name,
        "patronymic": "",
        "phone": who.phone,
        "email": who.email,
        **others,
    }


@dataclass
class Shopper:
    """A browser of somebody who buys."""

    app: Flask
    who: Person = GUEST
    prefix: str = ""
    browser: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.browser = self.app.test_client()

    def get(self, path: str) -> TestResponse:
        """Open a page in the language of this shopper."""
        return self.browser.get(self.prefix + path)

    def post(self, path: str, **fields: Any) -> TestResponse:
        """Send a form as a browser does, with the token of the order form."""
        data = {"csrf_token": self.token(), **fields}
        return self.browser.post(self.prefix + path, data=data, headers=SAME_ORIGIN)

    def token(self) -> str:
        """Return a CSRF token of this browser."""
        return hidden(self.get("/orders/find").text)["csrf_token"]

    def put(self, product: int, quantity: object = 1, **fields: Any) -> TestResponse:
        """Put a product into the basket."""
        values = {"product": product, "quantity": quantity, **fields}
        return self.browser.post(f"{self.prefix}/cart/", data=values, headers=SAME_ORIGIN)

    def answers(self, by: str = "pickup", **others: str) -> dict[str, str]:
        """Return all answers of the order form."""
        where = {} if by == "pickup" else ADDRESS
        return {
            **details(self.who),
            "delivery": by,
            **where,
            "payment": "cash",
            "consent": "y",
            **others,
        }

    def order(self, by: str = "pickup", **others: str) -> TestResponse:
        """Send the whole order form at once."""
        return self.post("/checkout/", **{**self.answers(by), **others})

    def bought(self, *products: int, by: str = "pickup", **others: str) -> ShopOrder:
        """Order products, one piece of each; return the order."""
        for one in products:
            assert self.put(one).status_code == 303
        answer = self.order(by, **others)
        assert answer.status_code == 303, answer.text
        return orders()[-1]
