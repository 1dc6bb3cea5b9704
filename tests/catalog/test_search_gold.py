"""What buyers type finds what they mean: the same products on both databases."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.catalog.searching import found

pytestmark = pytest.mark.usefixtures("samples")

GOLD = tomllib.loads(Path(__file__).with_name("search_gold.toml").read_text())["kinds"]
QUERIES = [(kind, one) for kind, queries in GOLD.items() for one in queries]
NEEDED = 0.95
FIRST = 3


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
        if not is_right(one, slugs):
            wrong.append(f"{kind}: {one['q']} -> {slugs[:5]}")
    assert len(wrong) <= (1 - NEEDED) * len(QUERIES), "\n".join(wrong)
