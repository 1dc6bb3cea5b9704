"""The sample products of the home page, and when their deals end."""

import tomllib
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

from neupusti.core.text.languages import Language

SHOWCASE = Path(__file__).parents[1] / "showcase.toml"
SUNDAY = 6


class DealEnd(StrEnum):
    """How long a recurring deal runs."""

    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One product. Prices are whole tenge; texts are by language."""

    slug: str
    price: int
    old_price: int | None
    stock: int
    until: DealEnd | None
    names: Mapping[str, str]
    texts: Mapping[str, str]
    pictures: Mapping[str, str]

    def name(self, language: Language) -> str:
        """Return its name."""
        return self.names[language]

    def text(self, language: Language) -> str:
        """Return its description."""
        return self.texts[language]

    def picture(self, language: Language) -> str:
        """Return the alternative text of its drawing."""
        return self.pictures[language]

    @property
    def discount_percent(self) -> int:
        """The discount on the old price in whole per cent; 0 without an old price."""
        return round(100 - 100 * self.price / self.old_price) if self.old_price else 0

    def deal_end(self, today: date) -> date | None:
        """Return the last day of its deal: this Sunday, or the last day of this month."""
        match self.until:
            case DealEnd.WEEK:
                return today + timedelta(days=SUNDAY - today.weekday())
            case DealEnd.MONTH:
                return today.replace(day=monthrange(today.year, today.month)[1])
            case _:
                return None


@cache
def showcase() -> tuple[Product, ...]:
    """Return the sample products in file order."""
    with SHOWCASE.open("rb") as file:
        rows = tomllib.load(file)["product"]
    return tuple(
        Product(
            slug=row["slug"],
            price=row["price"],
            old_price=row.get("old_price"),
            stock=row["stock"],
            until=DealEnd(row["until"]) if "until" in row else None,
            names=row["name"],
            texts=row["text"],
            pictures=row["picture"],
        )
        for row in rows
    )
