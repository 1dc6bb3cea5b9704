"""The basket: a signed necessary cookie; the server stores nothing of it.

`<id>.<product>-<quantity>-<price seen>.….<signature>`. The random id identifies the order
that the basket becomes: a second sending of the same basket reaches the same order.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from flask_babel import lazy_gettext as _

from neupusti.catalog.models import Product
from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.database import db
from neupusti.core.feature import Category, Cookie
from neupusti.orders.service.errors import BasketError

USE = "basket"
ID_BYTES = 16
LONGEST = 3500
"""Characters of a cookie; browsers drop those over 4096 with the attributes."""
MOST_LINES = 30
MOST_PIECES = 99
HIGHEST = 2**31 - 1
"""The greatest number of a product and the highest price that a database holds."""
DIGITS = re.compile(r"[0-9]{1,2}")
VALUE = re.compile(
    r"(?P<id>[A-Za-z0-9_-]{22})"
    r"(?P<lines>(?:\.[0-9]{1,10}-[0-9]{1,2}-[0-9]{1,10})*)"
    r"\.(?P<signature>[0-9a-f]{64})"
)
COOKIE = Cookie(
    name="basket",
    category=Category.NECESSARY,
    purpose=_("Holds your basket: which products, how many, and the prices you saw"),
    lifetime=timedelta(days=30),
)


@dataclass(frozen=True, slots=True)
class BasketLine:
    """Some pieces of one product, and its price in tenge when it was put in."""

    product: int
    quantity: int
    price_seen: int


@dataclass(frozen=True, slots=True)
class Basket:
    """An id and the lines, in the order they were put in."""

    id: str
    lines: tuple[BasketLine, ...] = ()

    @property
    def pieces(self) -> int:
        """The number of pieces."""
        return sum(line.quantity for line in self.lines)


def empty() -> Basket:
    """Return a basket with a new id and nothing in it."""
    return Basket(secrets.token_urlsafe(ID_BYTES))


def read(value: str | None) -> Basket:
    """Return the basket of a cookie's value; an invalid value is an empty basket.

    Former secrets of the site are accepted.
    """
    found = VALUE.fullmatch(value or "") if len(value or "") <= LONGEST else None
    if found is None:
        return empty()
    text = found["id"] + found["lines"]
    lines = tuple(_line(part) for part in found["lines"].split(".")[1:])
    if not (keys.is_signed(USE, text, found["signature"]) and _is_sound(lines)):
        return empty()
    return Basket(found["id"], lines)


def write(basket: Basket) -> str:
    """Return the cookie's value, signed with the present secret."""
    parts = (f"{x.product}-{x.quantity}-{x.price_seen}" for x in basket.lines)
    text = ".".join((basket.id, *parts))
    return f"{text}.{keys.keyed(USE, text)}"


def quantity(texts: Sequence[str]) -> int:
    """Return the number of pieces that a form sent: 0 to 99, 0 removes.

    Raise BasketError unless there is exactly one text of one or two digits (0-9).
    """
    if len(texts) != 1 or not DIGITS.fullmatch(texts[0]):
        raise BasketError(_("Write the number of pieces in digits, from 0 to 99."))
    return int(texts[0])


def put(basket: Basket, product: int, pieces: int) -> Basket:
    """Return the basket with `pieces` of a product instead of what there was of it.

    0 removes the line. The price seen becomes today's. Raise BasketError for a product that
    is not sold, a number out of 0-99, or a line too many.
    """
    if not 0 <= pieces <= MOST_PIECES:
        raise BasketError(
            _("At most %(most)s pieces of one product fit.", most=MOST_PIECES)
        )
    if pieces == 0:
        return without(basket, product)
    line = BasketLine(product, pieces, _price(product))
    if product in {old.product for old in basket.lines}:
        lines = tuple(line if x.product == product else x for x in basket.lines)
    else:
        lines = (*basket.lines, line)
    if len(lines) > MOST_LINES:
        raise BasketError(
            _(
                "At most %(most)s different products fit. Order these first.",
                most=MOST_LINES,
            )
        )
    return replace(basket, lines=lines)


def add(basket: Basket, product: int, pieces: int) -> Basket:
    """Return the basket with `pieces` more of a product; raise BasketError like `put`."""
    there = sum(line.quantity for line in basket.lines if line.product == product)
    return put(basket, product, there + pieces)


def without(basket: Basket, *products: int) -> Basket:
    """Return the basket without the lines of `products`."""
    lines = tuple(line for line in basket.lines if line.product not in products)
    return replace(basket, lines=lines)


def _price(number: int) -> int:
    """Return today's price of a product; raise BasketError where it is not sold."""
    product = db.session.get(Product, number) if 0 < number <= HIGHEST else None
    if product is None or not product.published:
        raise BasketError(_("This product is no longer sold."))
    return product.price_on(clock.today())


def _line(part: str) -> BasketLine:
    product, pieces, price = map(int, part.split("-"))
    return BasketLine(product, pieces, price)


def _is_sound(lines: Sequence[BasketLine]) -> bool:
    """Return whether lines could have been put: the site never signs others."""
    numbers = {line.product for line in lines}
    return (
        len(numbers) == len(lines) <= MOST_LINES
        and all(1 <= line.quantity <= MOST_PIECES for line in lines)
        and all(max(line.product, line.price_seen) <= HIGHEST for line in lines)
    )
