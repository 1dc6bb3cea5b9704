"""The count of products that each category keeps."""

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from neupusti.catalog.models import Category, Product


def recount(session: Session, *categories: int) -> None:
    """Count the published products of `categories`, or of all, in the open transaction.

    Every change of which products are published in which category ends with it.
    """
    session.flush()
    count = (
        select(func.count())
        .select_from(Product)
        .where(Product.category == Category.id, Product.published)
        .scalar_subquery()
    )
    changed = update(Category).values(products=count)
    session.execute(changed.where(Category.id.in_(categories)) if categories else changed)
