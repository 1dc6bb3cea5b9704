"""Which goods are in the shop: those that staff released, in a category that is shown.

A category is shown if it and every one above it are published. What follows is settled here
and nowhere else: `Product.published`, the counts of the menu and the index of the search.
"""

from collections.abc import Collection

from sqlalchemy import and_, not_, select, update
from sqlalchemy.orm import Session

from neupusti.catalog.models import Category, Product
from neupusti.catalog.queries import categories
from neupusti.catalog.service import counts
from neupusti.catalog.service.search import index
from neupusti.core import clock


def lock(session: Session) -> None:
    """Keep other writers of goods and categories away until the transaction ends.

    To be called before a product is locked: all writers lock in this order.
    """
    session.execute(select(Category.id).order_by(Category.id).with_for_update())


def hidden(session: Session) -> set[int]:
    """Return the categories that are not shown."""
    rows = session.execute(select(Category.id, Category.parent, Category.published))
    return categories.hidden((row.id, row.parent, row.published) for row in rows)


def settle(session: Session, product: Product, *former: int) -> None:
    """Bring a product up to date, with the counts of its category and of `former` ones."""
    product.published = product.released and product.category not in hidden(session)
    counts.recount(session, product.category, *former)
    index.update(session, [product.id])


def settle_categories(session: Session, numbers: Collection[int], *, renamed: int) -> None:
    """Bring the goods of categories up to date; those of `renamed` have its new name."""
    in_shop = and_(Product.released, Product.category.not_in(hidden(session)))
    turned = session.scalars(
        select(Product.id)
        .where(Product.category.in_(numbers), Product.published != in_shop)
        .order_by(Product.id)
        .with_for_update()
    ).all()
    for batch in index.batches(turned):
        session.execute(
            update(Product)
            .where(Product.id.in_(batch))
            .values(
                published=not_(Product.published),
                version=Product.version + 1,
                changed_at=clock.now(),
            ),
            execution_options={"synchronize_session": False},
        )
    counts.recount(session, *numbers)
    own = session.scalars(select(Product.id).where(Product.category == renamed))
    for batch in index.batches({*turned, *own}):
        index.update(session, batch)
