"""Write products in the open write transaction: their columns, address and counts."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from sqlalchemy import delete, or_, select, union
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from neupusti.catalog.models import Band, MovementKind, Product, ProductSlug
from neupusti.catalog.service import counts, stock, visibility
from neupusti.catalog.service.drafts import Change, Draft
from neupusti.catalog.service.search import index
from neupusti.catalog.service.stock import Movement
from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.text import slugs

T = TypeVar("T")
ATTEMPTS = 3
NAMELESS = "product"
"""The address of a product whose name has no letter that an address can hold."""


def attempted(work: Callable[[Session], T]) -> T:
    """Return what `work` returns in a write transaction.

    Where two add the same name or article at once, the database refuses the second; its
    next attempt sees the first.
    """
    for _attempt in range(ATTEMPTS - 1):
        with suppress(IntegrityError), writing() as session:
            return work(session)
    with writing() as session:
        return work(session)


def create(session: Session, draft: Draft) -> Product:
    """Store a new product, unpublished and without stock."""
    visibility.lock(session)
    product = Product(
        slug=_free_slug(session, _base(draft), None),
        stock=0,
        band=Band.OUT.value,
        published=False,
        released=False,
        sample=False,
        version=1,
        changed_at=clock.now(),
    )
    draft.write(product)
    session.add(product)
    session.flush()
    visibility.settle(session, product)
    return product


def update(session: Session, product: Product, draft: Draft) -> list[Change]:
    """Write `draft` to a product; return what changed.

    Where the Russian name changes so does the address, and the former one is kept.
    """
    changes = draft.changes(Draft.of(product))
    if not changes:
        return []
    if draft.name_ru != product.name_ru:
        _rename(session, product, _base(draft))
    before = product.category
    draft.write(product)
    touch(product)
    visibility.settle(session, product, before)
    return changes


def discard(
    session: Session, products: Sequence[Product], reason: str, *, staff: int | None = None
) -> None:
    """Delete `products` with their photos and addresses; write off what is in stock."""
    for product in products:
        if product.stock:
            off = Movement(
                product=product.id,
                delta=-product.stock,
                kind=MovementKind.WRITTEN_OFF,
                staff=staff,
                reason=reason,
            )
            stock.change(session, off)
    numbers = [product.id for product in products]
    session.execute(delete(Product).where(Product.id.in_(numbers)))
    counts.recount(session, *{product.category for product in products})
    index.update(session, numbers)


def touch(product: Product) -> None:
    """Note that what pages show of `product` has changed."""
    product.version += 1
    product.changed_at = clock.now()


def article_taken(session: Session, article: str, *, but: int | None = None) -> bool:
    """Return whether another product than `but` has `article`."""
    found = select(Product.id).where(Product.article == article, Product.id != (but or 0))
    return session.scalar(found) is not None


def _base(draft: Draft) -> str:
    return slugs.slug(draft.name_ru) or NAMELESS


def _rename(session: Session, product: Product, base: str) -> None:
    """Give a product the address of another name; the former one leads to it."""
    if slugs.same_base(product.slug, base):
        return
    former, product.slug = product.slug, _free_slug(session, base, product.id)
    session.execute(delete(ProductSlug).where(ProductSlug.slug == product.slug))
    session.add(ProductSlug(slug=former, product=product.id, since=clock.now()))


def _free_slug(session: Session, base: str, own: int | None) -> str:
    """Return a slug that no other product has or had."""
    taken = union(
        *(
            select(column).where(
                or_(column == base, column.startswith(f"{base}-")), owner != (own or 0)
            )
            for column, owner in (
                (Product.slug, Product.id),
                (ProductSlug.slug, ProductSlug.product),
            )
        )
    )
    with session.no_autoflush:
        return slugs.free(base, set(session.scalars(taken)))
