"""The sample goods of the shop front, and when their deals end."""

import tomllib
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

from neupusti.core.text.languages import Language

SAMPLES = Path(__file__).with_name("showcase.toml")
SUNDAY = 6


class DealEnd(StrEnum):
    """How long a recurring deal runs."""

    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """One thing on sale. Prices are whole tenge; texts are in the three languages."""

    slug: str
    price: int
    old_price: int | None
    stock: int
    until: DealEnd | None
    names: Mapping[str, str]
    texts: Mapping[str, str]
    pictures: Mapping[str, str]

    def name(self, language: Language) -> str:
        """Return what it is called."""
        return self.names[language]

    def text(self, language: Language) -> str:
        """Return what it is."""
        return self.texts[language]

    def picture(self, language: Language) -> str:
        """Return what its drawing shows, for those who do not see it."""
        return self.pictures[language]

    @property
    def saving(self) -> int:
        """How much less than before, in whole per cent; 0 where there is no old price."""
        return round(100 - 100 * self.price / self.old_price) if self.old_price else 0

    def ends(self, today: date) -> date | None:
        """Return the last day of its deal: this Sunday, or the last day of this month."""
        match self.until:
            case DealEnd.WEEK:
                return today + timedelta(days=SUNDAY - today.weekday())
            case DealEnd.MONTH:
                return today.replace(day=monthrange(today.year, today.month)[1])
            case _:
                return None


@cache
def showcase() -> tuple[Good, ...]:
    """Return the sample goods in their order."""
    with SAMPLES.open("rb") as file:
        rows = tomllib.load(file)["good"]
    return tuple(
        Good(
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
