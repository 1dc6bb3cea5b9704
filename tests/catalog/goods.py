"""Goods of the tests."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete

from neupusti.catalog.models import (
    Band,
    Category,
    MovementKind,
    Product,
    ProductPhoto,
    ProductSlug,
)
from neupusti.catalog.service import counts, stock, visibility
from neupusti.catalog.service.stock import Movement
from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.text.languages import Language

TEXTS = ("text", "composition", "sizes")


def clear() -> None:
    """Take away the sample goods, so that a test knows all there is."""
    with writing() as session:
        for table in (ProductPhoto, ProductSlug, Product, Category):
            session.execute(delete(table))


def category(slug: str, *, parent: int | None = None, **changes: Any) -> int:
    """Store a category; return its number."""
    with writing() as session:
        made = Category(
            **{
                "position": 1,
                "slug": slug,
                "parent": parent,
                **{f"name_{language}": f"{slug} {language}" for language in Language},
                "published": True,
                "products": 0,
                **changes,
            }
        )
        session.add(made)
        session.flush()
        return made.id


def product(category: int, slug: str, *, pieces: int = 5, **changes: Any) -> int:
    """Store a product with that many pieces; return its number."""
    empty = {"stock": 0, "band": Band.OUT.value}
    (number,) = many(category, {slug: empty | changes})
    if pieces:
        with writing() as session:
            kind = MovementKind.RECEIVED
            stock.change(session, Movement(product=number, delta=pieces, kind=kind))
    return number


def change(number: int, **values: Any) -> None:
    """Change a product as a form of staff would."""
    with writing() as session:
        found = session.get_one(Product, number)
        for name, value in values.items():
            setattr(found, name, value)
        if "published" in values:
            found.released = values["published"]
        found.version += 1
        found.changed_at = clock.now()
        visibility.settle(session, found)


def sell(number: int, pieces: int) -> None:
    """Take pieces of a product."""
    with writing() as session:
        assert stock.take(session, {number: pieces})[1] == set()


def many(
    category: int, wanted: Mapping[str, Mapping[str, Any]] | int, **common: Any
) -> list[int]:
    """Store many products in one transaction; return their numbers."""
    rows = wanted if isinstance(wanted, Mapping) else {f"p{n}": {} for n in range(wanted)}
    with writing() as session:
        made = [
            Product(
                **{
                    "category": category,
                    "article": slug.upper(),
                    "slug": slug,
                    **{f"name_{language}": f"{slug} {language}" for language in Language},
                    **{f"{t}_{language}": "" for t in TEXTS for language in Language},
                    "brand": "",
                    "origin": "KZ",
                    "weight_g": 450,
                    "price": 1000,
                    "stock": 5,
                    "band": Band.IN.value,
                    "return_rule": "law",
                    "published": True,
                    "sample": False,
                    "version": 1,
                    "changed_at": clock.now(),
                    **common,
                    **values,
                }
            )
            for slug, values in rows.items()
        ]
        session.add_all(made)
        counts.recount(session, category)
        return [one.id for one in made]
