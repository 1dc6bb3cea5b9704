"""The list of products for staff: filters, search by a part of a name or article."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select

from neupusti.catalog.models import Band, Product, ProductPhoto
from neupusti.core.data.database import db
from neupusti.core.text import collation
from neupusti.core.text.languages import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodsFilters:
    """What the list is narrowed to; None and "": by nothing."""

    category: int | None
    published: bool | None
    band: Band | None
    text: str

    @property
    def parameters(self) -> dict[str, Any]:
        """The filters as parameters of an address."""
        published = None if self.published is None else int(self.published)
        return {
            "category": self.category,
            "published": published,
            "band": self.band and self.band.value,
            "q": self.text or None,
        }

    def rows(self, language: Language) -> Select[Any]:
        """Select the products, sorted by their name in `language`."""
        wanted = select(Product)
        if self.category is not None:
            wanted = wanted.where(Product.category == self.category)
        if self.published is not None:
            wanted = wanted.where(Product.published == self.published)
        if self.band is not None:
            wanted = wanted.where(Product.band == self.band.value)
        for word in self.text.split():
            wanted = wanted.where(_has(word))
        return wanted.order_by(getattr(Product, f"sort_{language}"), Product.id)


def first_photos(products: Sequence[Product]) -> dict[int, ProductPhoto]:
    """Return product -> its first photo."""
    numbers = [product.id for product in products]
    wanted = select(ProductPhoto).where(ProductPhoto.product.in_(numbers))
    ordered = wanted.order_by(ProductPhoto.position.desc(), ProductPhoto.id.desc())
    return {photo.product: photo for photo in db.session.scalars(ordered)}


def _has(word: str) -> Any:
    # The columns to sort by have no case, in any script; LIKE of SQLite knows ASCII only.
    folded = collation.stored(word)
    return or_(
        func.lower(Product.article).contains(word.lower(), autoescape=True),
        *(
            getattr(Product, f"sort_{language}").contains(folded, autoescape=True)
            for language in Language
        ),
    )
