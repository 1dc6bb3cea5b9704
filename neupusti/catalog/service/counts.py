"""How many published products each category has: kept, so that menus need no count."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from neupusti.catalog.models import Category, Product


def recount(session: Session, *categories: int) -> None:
    """Count the published products of `categories` in the open write transaction."""
    published = (
        select(func.count())
        .select_from(Product)
        .where(Product.category == Category.id, Product.published)
        .scalar_subquery()
    )
    session.flush()
    changed = update(Category).where(Category.id.in_(categories))
    session.execute(changed.values(products=published))
