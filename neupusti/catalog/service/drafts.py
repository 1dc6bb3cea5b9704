"""What a form or a line of a table says of a product or a category, validated."""

import json
from dataclasses import asdict, dataclass, fields
from datetime import date
from hashlib import sha256
from typing import Any, Self

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from neupusti.catalog.models import Category, Product
from neupusti.core import clock

Change = tuple[str, object, object]
"""The name of a column, its value before and its value after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Values of columns, by the names of the columns."""

    @classmethod
    def of(cls, row: object) -> Self:
        """Return the values of a row."""
        return cls(**{field.name: getattr(row, field.name) for field in fields(cls)})

    @property
    def digest(self) -> str:
        """A digest of all values: a form that was opened before a change is told by it."""
        text = json.dumps(asdict(self), default=str, sort_keys=True)
        return sha256(text.encode()).hexdigest()

    def changes(self, before: Self) -> list[Change]:
        """Return what differs from `before`."""
        old, new = asdict(before), asdict(self)
        return [(name, old[name], new[name]) for name in new if old[name] != new[name]]

    def write(self, row: object) -> None:
        """Set the columns of a row."""
        for name, value in asdict(self).items():
            setattr(row, name, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft(_Columns):
    """A product as staff write it: everything but its stock, address and photos."""

    category: int
    article: str
    name_ru: str
    name_kk: str
    name_en: str
    text_ru: str
    text_kk: str
    text_en: str
    composition_ru: str
    composition_kk: str
    composition_en: str
    sizes_ru: str
    sizes_kk: str
    sizes_en: str
    brand: str
    origin: str
    weight_g: int
    price: int
    old_price: int | None
    deal_price: int | None
    deal_until: date | None
    return_rule: str

    def errors(self, before: "Draft | None") -> dict[str, LazyString]:
        """Return field -> message for prices that contradict one another.

        `before` is the product as it is stored: a deal that is over may stay as it was.
        """
        found = {}
        if self.old_price is not None and self.old_price <= self.price:
            found["old_price"] = _("The price before must be higher than the price.")
        if self.deal_price is not None and self.deal_price >= self.price:
            found["deal_price"] = _("The price of a deal must be lower than the price.")
        if self.deal_price is None and self.deal_until is not None:
            found["deal_price"] = _("Write the price of the deal, or remove its last day.")
        if self.deal_until is None and self.deal_price is not None:
            found["deal_until"] = _("Write the last day of the deal.")
        kept = before is not None and self.deal_until == before.deal_until
        if self.deal_until is not None and self.deal_until < clock.today() and not kept:
            found["deal_until"] = _("This day is over. Choose today or a later day.")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryDraft(_Columns):
    """A category as staff write it."""

    name_ru: str
    name_kk: str
    name_en: str
    parent: int | None
    position: int
    published: bool


def seen(row: Product | Category) -> str:
    """Return the digest of a row as a form shows it."""
    kind: Any = Draft if isinstance(row, Product) else CategoryDraft
    return str(kind.of(row).digest)
