"""What buyers type finds what they mean: the same products on both databases."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask

from neupusti.catalog.service.search import query
from neupusti.core.data.database import db
from neupusti.core.text.languages import Language

GOLD = tomllib.loads(Path(__file__).with_name("search_gold.toml").read_text())["kinds"]
QUERIES = [(kind, one) for kind, queries in GOLD.items() for one in queries]
DAY = date(2026, 11, 24)
NEEDED = 0.95
FIRST = 3
HITS: dict[str, dict[str, frozenset[str]]] = {}
"""Query -> database -> what it found there, of the runs so far."""


def found(typed: str) -> list[str]:
    """Return the slugs of every hit, best first."""
    slugs: list[str] = []
    for page in range(1, 9):
        page_of = query.find(typed, DAY, Language.RU, page=page)
        slugs += [card.slug for card in page_of.cards]
        if page >= page_of.pages:
            break
    return slugs


def is_right(wanted: dict[str, Any], slugs: list[str]) -> bool:
    if wanted.get("nothing"):
        return not slugs
    first = wanted.get("first", [])
    seen = slugs[: max(FIRST, len(first))]
    return {*first} <= {*seen} and not {*wanted.get("not", [])} & {*slugs}


def test_the_queries_are_many_and_of_every_kind() -> None:
    assert len(QUERIES) >= 150
    assert len({one["q"] for _, one in QUERIES}) == len(QUERIES)
    assert len(GOLD) >= 12


def test_what_buyers_type_finds_what_they_mean(app: Flask) -> None:
    wrong = []
    for kind, one in QUERIES:
        slugs = found(one["q"])
        HITS.setdefault(one["q"], {})[db.engine.dialect.name] = frozenset(slugs)
        if not is_right(one, slugs):
            wrong.append(f"{kind}: {one['q']} -> {slugs[:5]}")
    assert len(wrong) <= (1 - NEEDED) * len(QUERIES), "\n".join(wrong)
