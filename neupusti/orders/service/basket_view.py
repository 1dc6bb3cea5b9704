"""The rows of a basket as a page shows them: prices of today, and what has changed."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import select

from neupusti.catalog.models import Product, ProductPhoto
from neupusti.core.data.database import db
from neupusti.core.text import money
from neupusti.core.text.languages import Language
from neupusti.orders.service.basket import Basket, BasketLine


class NoteKind(StrEnum):
    """What has changed about a line since it was put in."""

    GONE = "gone"
    ROSE = "rose"
    FELL = "fell"
    ONLY_LEFT = "only_left"


@dataclass(frozen=True, slots=True)
class Note:
    """One note of a line."""

    kind: NoteKind
    text: LazyString


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line as a page shows it; prices in tenge."""

    line: BasketLine
    product: Product | None
    """None: it is not there any more."""
    name: str
    photo: str
    """The name of its first photo, or empty."""
    price: int
    """The price in force today; 0 for what is gone."""
    notes: tuple[Note, ...] = ()

    @property
    def gone(self) -> bool:
        """Whether it cannot be ordered at all: withdrawn or sold out."""
        return any(note.kind is NoteKind.GONE for note in self.notes)

    @property
    def sum(self) -> int:
        """Its price for all pieces; 0 for what is gone."""
        return 0 if self.gone else self.price * self.line.quantity


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows of a basket and their sum, without the delivery."""

    rows: tuple[Row, ...]

    @property
    def goods(self) -> int:
        """The sum of all rows that can be ordered, in tenge."""
        return sum(row.sum for row in self.rows)

    @property
    def orderable(self) -> bool:
        """Whether there is something in it, and all of it can be ordered as it is."""
        stops = {NoteKind.GONE, NoteKind.ONLY_LEFT}
        return bool(self.rows) and not any(
            note.kind in stops for row in self.rows for note in row.notes
        )


def shown(basket: Basket, language: Language, today: date) -> Shown:
    """Return the rows of the basket with today's prices and notes; two queries."""
    numbers = [line.product for line in basket.lines]
    if not numbers:
        return Shown(())
    products = {
        product.id: product
        for product in db.session.scalars(select(Product).where(Product.id.in_(numbers)))
    }
    photos = {
        photo.product: photo.name
        for photo in db.session.scalars(
            select(ProductPhoto)
            .where(ProductPhoto.product.in_(numbers))
            .order_by(ProductPhoto.position.desc(), ProductPhoto.id.desc())
        )
    }
    return Shown(
        tuple(
            _row(x, products.get(x.product), photos.get(x.product, ""), language, today)
            for x in basket.lines
        )
    )


def seen(basket: Basket, view: Shown) -> Basket:
    """Return the basket with the prices of `view` as those seen: the page says them."""
    prices = {row.line.product: row.price for row in view.rows if not row.gone}
    lines = tuple(
        replace(line, price_seen=prices.get(line.product, line.price_seen))
        for line in basket.lines
    )
    return replace(basket, lines=lines)


def _row(
    line: BasketLine, product: Product | None, photo: str, language: Language, today: date
) -> Row:
    if product is None or not product.published or not product.stock:
        name = product.name(language) if product else str(_("A product no longer sold"))
        sold_out = product is not None and product.published
        text = _("It is sold out.") if sold_out else _("It is no longer sold.")
        note = Note(NoteKind.GONE, text)
        return Row(
            line=line, product=product, name=name, photo=photo, price=0, notes=(note,)
        )
    price = product.price_on(today)
    notes = (*_price_notes(line.price_seen, price), *_stock_notes(line, product))
    return Row(
        line=line,
        product=product,
        name=product.name(language),
        photo=photo,
        price=price,
        notes=notes,
    )


def _price_notes(before: int, now: int) -> tuple[Note, ...]:
    if before == now:
        return ()
    kind = NoteKind.ROSE if now > before else NoteKind.FELL
    words = money.tenge(before), money.tenge(now)
    text = _("The price was %(before)s, now it is %(now)s.", before=words[0], now=words[1])
    return (Note(kind, text),)


def _stock_notes(line: BasketLine, product: Product) -> tuple[Note, ...]:
    if product.stock >= line.quantity:
        return ()
    text = _("Only %(left)s left: take fewer.", left=product.stock)
    return (Note(NoteKind.ONLY_LEFT, text),)
