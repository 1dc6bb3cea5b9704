"""Products as lists show them.

A card holds all that a list shows of a product on one day, and nothing else: a page is
cached by its cards.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import load_only

from neupusti.catalog.models import Band, Product, ProductPhoto
from neupusti.core.data.database import db
from neupusti.core.text.languages import Language


@dataclass(frozen=True, slots=True)
class Picture:
    """One photo of a product."""

    name: str
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class Offer:
    """The price in force on one day, and what it is compared with."""

    price: int
    before: int | None
    """The higher price, shown struck through."""
    until: date | None
    """The last day of the deal in force."""

    @property
    def percent(self) -> int:
        """The discount in whole per cent; 0 without one."""
        return round(100 - 100 * self.price / self.before) if self.before else 0


@dataclass(frozen=True, slots=True)
class Card:
    """One product of a list."""

    id: int
    slug: str
    name: str
    offer: Offer
    band: Band
    picture: Picture | None


def first_photo() -> ColumnElement[bool]:
    """Return the condition that joins a product with the first of its photos."""
    first = (
        select(ProductPhoto.id)
        .where(ProductPhoto.product == Product.id)
        .order_by(ProductPhoto.position, ProductPhoto.id)
        .limit(1)
        .correlate(Product)
        .scalar_subquery()
    )
    return and_(ProductPhoto.product == Product.id, ProductPhoto.id == first)


def with_photo(language: Language) -> Select[Product, ProductPhoto]:
    """Select (product, its first photo or None), only the columns that cards need."""
    names, alts = (
        getattr(Product, f"name_{language}"),
        getattr(ProductPhoto, f"alt_{language}"),
    )
    return (
        select(Product, ProductPhoto)
        .outerjoin(ProductPhoto, first_photo())
        .options(
            load_only(
                *(Product.slug, names, Product.price, Product.old_price),
                *(Product.deal_price, Product.deal_until, Product.band),
            ),
            load_only(*(ProductPhoto.name, ProductPhoto.width, ProductPhoto.height, alts)),
        )
    )


def picture(photo: ProductPhoto, language: Language) -> Picture:
    """Return the picture of a photo."""
    return Picture(photo.name, photo.width, photo.height, photo.alt(language))


def offer(product: Product, today: date) -> Offer:
    """Return the offer of a product on `today`."""
    until = product.deal_until if product.deal_on(today) else None
    return Offer(product.price_on(today), product.price_before(today), until)


def card(
    product: Product, photo: ProductPhoto | None, today: date, language: Language
) -> Card:
    """Return the card of a product."""
    return Card(
        product.id,
        product.slug,
        product.name(language),
        offer(product, today),
        Band(product.band),
        picture(photo, language) if photo else None,
    )


def cards(
    wanted: Select[Product, ProductPhoto], today: date, language: Language
) -> tuple[Card, ...]:
    """Return the cards of the rows of `with_photo`."""
    rows = db.session.execute(wanted)
    return tuple(card(row[0], row[1], today, language) for row in rows)


def deals(today: date, language: Language, most: int) -> tuple[Card, ...]:
    """Return deals in force that are in stock, those that end first before others."""
    wanted = with_photo(language).where(
        Product.published, Product.deal_until >= today, Product.band != Band.OUT.value
    )
    ordered = wanted.order_by(Product.deal_until, Product.id).limit(most)
    return cards(ordered, today, language)


def newest(today: date, language: Language, most: int) -> tuple[Card, ...]:
    """Return the goods that came last."""
    wanted = with_photo(language).where(Product.published)
    return cards(wanted.order_by(Product.id.desc()).limit(most), today, language)


def by_numbers(
    numbers: tuple[int, ...], today: date, language: Language
) -> tuple[Card, ...]:
    """Return the published products of `numbers`, in that order."""
    if not numbers:
        return ()
    wanted = with_photo(language).where(Product.published, Product.id.in_(numbers))
    found = {one.id: one for one in cards(wanted, today, language)}
    return tuple(found[number] for number in numbers if number in found)
