"""Which shipped editions restate a document of the operator's."""

import tomllib
from datetime import date
from functools import cache
from pathlib import Path

SHIPPED = Path(__file__).parents[1] / "editions"
DESCRIBED = SHIPPED / "editions.toml"


@cache
def dates() -> frozenset[date]:
    """Return the dates of editions that the operator's own document exists of."""
    with DESCRIBED.open("rb") as file:
        described = tomllib.load(file)["edition"]
    return frozenset(e["date"] for e in described if e.get("restates_document"))
