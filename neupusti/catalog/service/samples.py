"""The sample goods: brought in, kept current, and removed.

Each file of `samples/` is one category. A product that is there already stays as it is,
but for its deal: where that has ended, it runs to the end of this week or month.
"""

import tomllib
from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from neupusti.catalog.models import (
    Band,
    Category,
    MovementKind,
    Product,
    ProductPhoto,
    StockMovement,
)
from neupusti.catalog.service import counts, editing, stock
from neupusti.catalog.service.search import index
from neupusti.catalog.service.stock import Movement
from neupusti.config.values import ROOT
from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.text.languages import Language

FOLDER = Path(__file__).parents[1] / "samples"
DRAWINGS = ROOT / "static" / "goods"
DRAWING_SIZE = 400, 300
SUNDAY = 6
BROUGHT, REMOVED = "sample goods", "sample goods removed"
"""The reasons of their movements."""


class DealEnd(StrEnum):
    """How long the deal of a sample runs."""

    WEEK = "week"
    MONTH = "month"


def deal_end(until: DealEnd, today: date) -> date:
    """Return the last day of a deal: this Sunday, or the last day of this month."""
    if until is DealEnd.WEEK:
        return today + timedelta(days=SUNDAY - today.weekday())
    return today.replace(day=monthrange(today.year, today.month)[1])


@cache
def files() -> tuple[Mapping[str, Any], ...]:
    """Return the content of every file, in the order of the categories."""
    found = (tomllib.loads(path.read_text()) for path in FOLDER.glob("*.toml"))
    return tuple(sorted(found, key=lambda one: one["position"]))


def seed() -> str:
    """Bring the samples in if no stock ever moved, else only roll their deals on."""
    with writing() as session:
        if session.scalar(select(exists(select(StockMovement.id)))):
            _roll_on(session)
            return ""
        return _told(_bring(session))


def bring() -> str:
    """Bring in every sample that is not there; return what was done."""
    with writing() as session:
        brought = _bring(session)
        _roll_on(session)
    return _told(brought) or "Every sample product is there already."


def remove() -> str:
    """Remove every sample product and each sample category left empty."""
    with writing() as session:
        products = session.scalars(select(Product).where(Product.sample)).all()
        editing.discard(session, products, REMOVED)
        slugs = [content["slug"] for content in files()]
        empty = (
            delete(Category)
            .where(
                Category.slug.in_(slugs),
                ~exists(select(Product.id).where(Product.category == Category.id)),
                Category.id.not_in(select(Category.parent).where(Category.parent > 0)),
            )
            .returning(Category.id)
        )
        gone_categories = session.scalars(empty).all()
    return (
        f"Removed {len(products)} sample products with their photos and "
        f"{len(gone_categories)} empty categories; orders keep their own copies."
    )


def _told(brought: int) -> str:
    return f"Sample goods: {brought} brought in." if brought else ""


def _bring(session: Session) -> int:
    taken = {*session.scalars(select(Product.slug))}
    articles = {*session.scalars(select(Product.article))}
    brought: list[int] = []
    for content in files():
        missing = [
            row
            for row in content["product"]
            if row["slug"] not in taken and row["article"] not in articles
        ]
        if missing:
            category = _category(session, content)
            brought += [_product(session, category, row) for row in missing]
            counts.recount(session, category)
    index.update(session, brought)
    return len(brought)


def _category(session: Session, content: Mapping[str, Any]) -> int:
    found = session.scalar(select(Category.id).where(Category.slug == content["slug"]))
    if found is not None:
        return found
    category = Category(
        position=content["position"],
        slug=content["slug"],
        **_by_language("name", content["name"]),
        published=True,
        products=0,
    )
    session.add(category)
    session.flush()
    return category.id


def _product(session: Session, category: int, row: Mapping[str, Any]) -> int:
    deal = row.get("deal_price")
    product = Product(
        category=category,
        **{name: row[name] for name in ("article", "slug", "brand", "origin", "weight_g")},
        **{name: row[name] for name in ("price", "return_rule")},
        **_by_language("name", row["name"]),
        **_by_language("text", row["text"]),
        **_by_language("composition", row["composition"]),
        **_by_language("sizes", row.get("sizes", {})),
        old_price=row.get("old_price"),
        deal_price=deal,
        deal_until=deal_end(DealEnd(row["until"]), clock.today()) if deal else None,
        stock=0,
        band=Band.OUT.value,
        published=True,
        sample=True,
        version=1,
        changed_at=clock.now(),
    )
    session.add(product)
    session.flush()
    session.add(_drawing(product.id, row))
    if row["stock"]:
        kind = MovementKind.RECEIVED
        received = Movement(
            product=product.id, delta=row["stock"], kind=kind, reason=BROUGHT
        )
        stock.change(session, received)
    return product.id


def _drawing(product: int, row: Mapping[str, Any]) -> ProductPhoto:
    name = f"{row['slug']}.svg"
    width, height = DRAWING_SIZE
    return ProductPhoto(
        product=product,
        position=1,
        name=name,
        width=width,
        height=height,
        sha256=sha256((DRAWINGS / name).read_bytes()).hexdigest(),
        **_by_language("alt", row["picture"]),
    )


def _by_language(name: str, texts: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}_{language}": texts.get(language, "") for language in Language}


def _roll_on(session: Session) -> None:
    today = clock.today()
    ends = {
        row["slug"]: DealEnd(row["until"])
        for content in files()
        for row in content["product"]
        if "until" in row
    }
    ended = session.scalars(
        select(Product).where(Product.sample, Product.deal_until < today)
    )
    for product in ended:
        if product.slug in ends:
            product.deal_until = deal_end(ends[product.slug], today)
            product.version += 1
            product.changed_at = clock.now()
