"""The goods of an order that is being placed: stock, prices, lines, movements.

All of it in the open write transaction of `placing`. Products are taken in the order of
their numbers, against deadlocks.
"""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.orm import Session

from neupusti.catalog.models import MovementKind, Product, ProductPhoto
from neupusti.catalog.service import stock
from neupusti.catalog.service.stock import Movement
from neupusti.core import clock
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import OrderLine, ShopOrder
from neupusti.orders.service.errors import (
    PriceRoseError,
    QuoteChangedError,
    Rise,
    Shortage,
    ShortageError,
)
from neupusti.orders.service.quote import Quote

PICTURED = "pictured"
FIRST_PHOTO = (
    select(ProductPhoto.name)
    .where(ProductPhoto.product == bindparam(PICTURED))
    .order_by(ProductPhoto.position, ProductPhoto.id)
    .limit(1)
    .scalar_subquery()
)
LINES = insert(OrderLine).values(photo=func.coalesce(FIRST_PHOTO, "")).returning(OrderLine)
"""Made once, and given its rows as parameters: else it would be compiled for each order."""


def take_goods(
    session: Session, order: ShopOrder, seen: Quote, digest: str
) -> tuple[list[OrderLine], bool]:
    """Take the goods of `seen`; return the lines, and whether some cost less than seen.

    `digest` is that of the page, or empty. Raise ShortageError, PriceRoseError,
    QuoteChangedError: then the caller rolls back.
    """
    taken, refused = stock.take(session, {x.product: x.quantity for x in seen.lines})
    products = {product.id: product for product in taken}
    rises = _rises(seen, products)
    if refused:
        raise ShortageError(_shortages(session, seen, refused), rises)
    now = seen.priced({p.id: p.price_on(clock.today()) for p in taken})
    fell = _compare(seen, now, digest, rises)
    if now != seen:
        order.goods, order.fee, order.total = now.goods, now.fee, now.total
    return _add_lines(session, order, now, products), fell


def _compare(seen: Quote, now: Quote, digest: str, rises: list[Rise]) -> bool:
    """Raise unless what is charged is what was shown or less; return whether it is less."""
    if digest == now.digest:
        return False
    if rises:
        raise PriceRoseError(rises)
    if digest and digest != seen.digest:
        raise QuoteChangedError(
            _("What you order has changed since this page was opened. Check it once more.")
        )
    if now.total > seen.total:
        raise PriceRoseError([Rise(None, "", seen.fee, now.fee)])
    return now.lines != seen.lines


def _rises(seen: Quote, products: Mapping[int, Product]) -> list[Rise]:
    today, language = clock.today(), seen.language
    prices = {number: p.price_on(today) for number, p in products.items()}
    return [
        Rise(x.product, products[x.product].name(language), x.unit_price, prices[x.product])
        for x in seen.lines
        if prices.get(x.product, 0) > x.unit_price
    ]


def _shortages(session: Session, seen: Quote, refused: set[int]) -> list[Shortage]:
    found = {
        product.id: product
        for product in session.scalars(select(Product).where(Product.id.in_(refused)))
    }
    return [
        _shortage(found.get(x.product), x.product, x.quantity, seen.language)
        for x in seen.lines
        if x.product in refused
    ]


def _shortage(
    product: Product | None, number: int, wanted: int, language: Language
) -> Shortage:
    if product is None:
        return Shortage(number, str(_("A product no longer sold")), wanted, 0)
    left = product.stock if product.published else 0
    return Shortage(number, product.name(language), wanted, left)


def _add_lines(
    session: Session, order: ShopOrder, quote: Quote, products: Mapping[int, Product]
) -> list[OrderLine]:
    rows = [
        {
            "order": order.id,
            "position": position,
            "product": line.product,
            "unit_price": line.unit_price,
            "quantity": line.quantity,
            "cancelled": 0,
            "returned": 0,
            PICTURED: line.product,
            **_snapshot(products[line.product], quote.language),
        }
        for position, line in enumerate(quote.lines, 1)
    ]
    lines = sorted(session.scalars(LINES, rows), key=lambda line: line.position)
    sold = (
        Movement(
            product=line.product,
            delta=-line.quantity,
            kind=MovementKind.SOLD,
            source=line.id,
        )
        for line in lines
    )
    stock.record(session, *sold)
    return lines


def _snapshot(product: Product, language: Language) -> dict[str, Any]:
    """Return what a line keeps of its product: the product may change or go."""
    return {
        "article": product.article,
        "name": product.name(language),
        "slug": product.slug,
        "return_rule": product.return_rule,
    }
