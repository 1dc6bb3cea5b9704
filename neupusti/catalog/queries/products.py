"""One product as its own page shows it, and the addresses of all of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from neupusti.catalog.models import Category, Product, ProductPhoto, ProductSlug, ReturnRule
from neupusti.catalog.queries.cards import Offer, Picture, offer, picture
from neupusti.core.data.database import db
from neupusti.core.text.languages import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One product, as its page shows it on one day in one language."""

    id: int
    slug: str
    article: str
    name: str
    text: tuple[str, ...]
    """Its paragraphs."""
    composition: str
    sizes: str
    brand: str
    origin: str
    weight_g: int
    offer: Offer
    stock: int
    return_rule: ReturnRule
    category: tuple[str, str]
    """The slug and the name of its category."""
    pictures: tuple[Picture, ...]


def find(slug: str, today: date, language: Language) -> Shown | None:
    """Return the published product at `slug`, or None."""
    row = db.session.execute(
        select(Product, Category)
        .join(Category, Category.id == Product.category)
        .where(Product.slug == slug, Product.published)
    ).one_or_none()
    return _shown(row[0], row[1], today, language) if row else None


def present_slug(slug: str) -> str | None:
    """Return the present address of the published product that was at `slug`, or None."""
    return db.session.scalar(
        select(Product.slug)
        .join(ProductSlug, ProductSlug.product == Product.id)
        .where(ProductSlug.slug == slug, Product.published)
    )


def files(size: int) -> list[int]:
    """Return the numbers, from 0, of the runs of `size` numbers that hold a product."""
    run = Product.id // size
    rows = db.session.scalars(select(run).where(Product.published).distinct())
    return sorted(rows)


def addresses(number: int, size: int) -> Iterator[tuple[str, datetime]]:
    """Yield the address and the last change of the published products of one run."""
    rows = db.session.execute(
        select(Product.slug, Product.changed_at)
        .where(
            Product.published, Product.id >= number * size, Product.id < (number + 1) * size
        )
        .order_by(Product.id)
    )
    yield from ((row[0], row[1]) for row in rows)


def _shown(product: Product, category: Category, today: date, language: Language) -> Shown:
    def words(name: str) -> str:
        return str(getattr(product, f"{name}_{language}"))

    photos = db.session.scalars(
        select(ProductPhoto)
        .where(ProductPhoto.product == product.id)
        .order_by(ProductPhoto.position, ProductPhoto.id)
    )
    return Shown(
        id=product.id,
        slug=product.slug,
        article=product.article,
        name=product.name(language),
        text=tuple(part.strip() for part in words("text").split("\n\n") if part.strip()),
        composition=words("composition"),
        sizes=words("sizes"),
        brand=product.brand,
        origin=product.origin,
        weight_g=product.weight_g,
        offer=offer(product, today),
        stock=product.stock,
        return_rule=ReturnRule(product.return_rule),
        category=(category.slug, category.name(language)),
        pictures=tuple(picture(photo, language) for photo in photos),
    )
