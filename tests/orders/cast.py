"""Goods, buyers and presses for the tests of orders."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import event, select

from neupusti.catalog.models import Category, Product
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records.consents import GivenConsent
from neupusti.core.records.journal import SYSTEM, Actor, ActorKind
from neupusti.core.text.languages import Language
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.order import Delivery, OrderLine, Payment, ShopOrder
from neupusti.orders.queries import address, details, proofs
from neupusti.orders.queries.details import Details
from neupusti.orders.service import basket, placing
from neupusti.orders.service.addresses import Address
from neupusti.orders.service.basket import Basket
from neupusti.orders.service.moves import Press
from neupusti.orders.service.placing import Buyer, Placed, Proof, Wish
from tests.catalog import goods
from tests.people import AIGERIM

EDITION = date(2026, 11, 1)
DANA = 4
"""The number of the member of staff who presses."""
STAFF = Actor(ActorKind.STAFF, DANA)
GUEST = Actor(ActorKind.PERSON)
ADDRESS = Address(
    region="KZ-75",
    city="Алматы",
    street="Абая",
    house="10",
    flat="5",
    postcode="050000",
)
BUYER = Buyer(
    family_name="Сериккызы",
    given_name=AIGERIM.name,
    patronymic="",
    email=AIGERIM.email,
    phone=AIGERIM.phone,
    language=Language.RU,
)
COURIER = Wish(delivery=Delivery.COURIER, payment=Payment.CASH, address=ADDRESS)
PICKUP = Wish(delivery=Delivery.PICKUP, payment=Payment.CASH, address=None)
CONSENT = GivenConsent(
    form="order",
    purpose=Purpose.IDENTIFICATION,
    text="Согласие на обработку.",
    language=Language.RU,
    edition=EDITION,
)
PROOF = Proof(consent=CONSENT, quote="", network="203.0.113.0/24")


def product(article: str, pieces: int = 10, price: int = 1000) -> int:
    """Store a product with that many pieces; return its number."""
    db.session.rollback()
    category = db.session.scalar(select(Category.id).filter_by(slug="tea"))
    db.session.rollback()
    names = {"name_ru": f"Чайник {article}", "name_kk": f"Шәйнек {article}"}
    return goods.product(
        category or goods.category("tea"),
        article,
        pieces=pieces,
        price=price,
        weight_g=100,
        article=article,
        name_en=f"Teapot {article}",
        **names,
    )


def reprice(number: int, **changes: object) -> None:
    """Change columns of a product."""
    with writing() as session:
        found = session.get_one(Product, number)
        for name, value in changes.items():
            setattr(found, name, value)


def pieces_of(number: int) -> int:
    """Return the stock of a product."""
    left = db.session.get_one(Product, number, populate_existing=True).stock
    db.session.rollback()
    return left


def filled(*lines: tuple[int, int]) -> Basket:
    """Return a basket with (product, pieces)."""
    found = basket.empty()
    for number, pieces in lines:
        found = basket.put(found, number, pieces)
    db.session.rollback()
    return found


def placed(
    *lines: tuple[int, int],
    buyer: Buyer = BUYER,
    wish: Wish = COURIER,
    proof: Proof = PROOF,
) -> Placed:
    """Place an order of (product, pieces)."""
    return placing.place(filled(*lines), buyer, wish, proof)


def order_of(number: str) -> ShopOrder:
    """Return the order as it is stored now."""
    db.session.rollback()
    return db.session.scalars(
        select(ShopOrder).filter_by(number=number).execution_options(populate_existing=True)
    ).one()


def seen(number: str) -> Details:
    """Return all of an order as it is stored now."""
    order_of(number)
    db.session.expire_all()
    found = details.by_number(number)
    assert found is not None
    return found


def address_of(number: str) -> OrderAddress | None:
    """Return its address as it is stored now."""
    order = order_of(number).id
    db.session.expire_all()
    return address.of(db.session(), order)


def lines_of(number: str) -> list[OrderLine]:
    """Return its lines."""
    return list(seen(number).lines)


def press(number: str, actor: Actor = STAFF) -> Press:
    """Return a press on the order as it is now."""
    order = order_of(number)
    found = Press(order.id, order.version, actor)
    db.session.rollback()
    return found


def letters(email: str = AIGERIM.email) -> list[OutboxEmail]:
    """Return the emails to an address, the oldest first."""
    db.session.rollback()
    query = select(OutboxEmail).filter_by(recipient=email).order_by(OutboxEmail.id)
    return list(db.session.scalars(query))


def link_of(email: OutboxEmail) -> str:
    """Return the token of the link in an email."""
    found = re.search(r"/orders/link/([\w-]{43})", email.text)
    assert found, email.text
    return found[1]


def holds() -> bool:
    """Return whether everything that `flask shop verify` checks holds."""
    db.session.rollback()
    broken = list(proofs.broken(db.session()))
    assert broken == []
    db.session.rollback()
    return True


SITE = SYSTEM


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect the statements that reach the main database."""
    found: list[str] = []

    def captured(*args: Any) -> None:
        if not args[2].startswith("BEGIN"):
            found.append(args[2])

    event.listen(db.engine, "before_cursor_execute", captured)
    yield found
    event.remove(db.engine, "before_cursor_execute", captured)
