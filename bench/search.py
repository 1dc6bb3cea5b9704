"""Measure the search: right answers and time, against LIKE over a folded column.

Goods are generated from the samples; queries are those of `tests/catalog/search_gold.toml`
that name a product. Each way answers all of them, then the other, several times in turns:
a scan of all texts leaves nothing of the index in a processor's caches, and no search of a
site has such a scan before it.

usage: python -m bench.search [--goods N] [--postgresql]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from statistics import quantiles
from typing import Any

import flask_migrate
from flask import Flask
from sqlalchemy import bindparam, func, insert, select, table, text
from sqlalchemy import column as sql_column

from bench.pages import Figure, outcome
from neupusti.catalog.models import Band, Product
from neupusti.catalog.queries import cards
from neupusti.catalog.service import samples
from neupusti.catalog.service.search import index, query
from neupusti.config.settings import Settings
from neupusti.core.data.database import db, writing
from neupusti.core.text.collation import folded
from neupusti.core.text.languages import Language
from tests.catalog.test_search_gold import FIRST, QUERIES
from tests.lending import opened
from tests.postgres import Cluster, ground

DAY = date(2026, 11, 24)
TEXTS = ("name", "text", "composition")
TURNS, SMALL = 5, 10_000
"""How often each way answers all; up to how many goods its target is set."""
FOLDED = table("bench_folded", sql_column("product"), sql_column("folded"))
Search = Callable[[str], list[str]]


def main() -> int:
    """Print every figure; return 1 if a target is missed."""
    options = argparse.ArgumentParser(description="Measure the search.")
    options.add_argument("--goods", type=int, default=10_000)
    options.add_argument("--postgresql", action="store_true")
    asked = options.parse_args()
    with site(postgresql=asked.postgresql):
        begun = time.perf_counter()
        generate(asked.goods)
        fold()
        filled = time.perf_counter()
        for _ in index.rebuild():
            pass
        print(f"goods stored in {filled - begun:.0f} s, "
              f"indexed in {time.perf_counter() - filled:.0f} s")  # fmt: skip
        figures = list(compare(asked.goods))
    return outcome(figures)


@contextmanager
def site(*, postgresql: bool, durable: bool = False, **changes: Any) -> Iterator[Flask]:
    """Open a site with an empty shop, on SQLite or on a PostgreSQL of its own.

    `durable`: commits of that PostgreSQL reach the disk. `changes` are settings.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        urls: dict[str, Any] = {}
        if postgresql:
            home = folder if durable else stack.enter_context(ground())
            cluster = stack.enter_context(Cluster(home, durable=durable).running())
            for name in ("main", "access"):
                cluster.execute(f"CREATE DATABASE {name}")
            urls = {
                "database_url": cluster.url("main"),
                "access_database_url": cluster.url("access"),
            }
        settings = Settings(secret_key="0" * 32, instance=folder, **urls, **changes)
        app = stack.enter_context(opened(settings))
        flask_migrate.upgrade()
        yield app


def generate(number: int) -> None:
    """Store `number` goods: the samples, again and again under names of their own."""
    samples.bring()
    columns = [c.name for c in Product.__table__.columns if c.name != "id"]
    with writing() as session:
        models = [
            {name: getattr(product, name) for name in columns}
            for product in session.scalars(select(Product).order_by(Product.id))
        ]
    for start in range(len(models), number, 1000):
        rows = []
        for place in range(start, min(start + 1000, number)):
            model = models[place % len(models)]
            own = {"slug": f"{model['slug']}--{place}", "article": f"X{place}"}
            names = {f"name_{language}": f"{model[f'name_{language}']} серия {place}"
                     for language in Language}  # fmt: skip
            rows.append(model | own | names)
        with writing() as session:
            session.execute(insert(Product), rows)


def fold() -> None:
    """Store the texts of the goods as LIKE searches them."""
    with writing() as session:
        session.execute(text("CREATE TABLE bench_folded (product integer, folded text)"))
        for product in session.scalars(select(Product)):
            words = (getattr(product, f"{name}_{language}") for name in TEXTS
                     for language in Language)  # fmt: skip
            row = {"product": product.id, "folded": folded(" ".join(words))}
            session.execute(insert(FOLDED), row)
    with writing() as session:
        session.execute(text("ANALYZE"))


def compare(number: int) -> Iterator[Figure]:
    """Yield the figures of both ways over every query; of each query the best time."""
    asked = [one for _, one in QUERIES if "first" in one]
    ways: dict[str, Search] = {"search": by_search, "LIKE": by_like}
    for way in ways.values():
        way("чайник")
    times = {name: [float("inf")] * len(asked) for name in ways}
    right = dict.fromkeys(ways, 0)
    for turn in range(TURNS):
        for name, way in ways.items():
            for place, one in enumerate(asked):
                begun = time.perf_counter()
                slugs = way(one["q"])
                seconds = time.perf_counter() - begun
                times[name][place] = min(times[name][place], 1000 * seconds)
                if turn == 0:
                    right[name] += is_right(one, slugs)
    for name, each in times.items():
        cuts = quantiles(each, n=20)
        print(f"{name}: {right[name]} of {len(asked)} right, "
              f"median {cuts[9]:.1f} ms, 95 % under {cuts[18]:.1f} ms")  # fmt: skip
    ratio = sum(times["search"]) / sum(times["LIKE"])
    target = 0.25 if number <= SMALL else 1
    yield Figure("time against LIKE", ratio, "", most=target)
    yield Figure("right answers against LIKE", right["search"] / right["LIKE"], "", least=4)


def by_search(typed: str) -> list[str]:
    """Return the slugs on the first page of the search."""
    found = query.find(typed, DAY, Language.RU)
    db.session.rollback()
    return [card.slug for card in found.cards]


def by_like(typed: str) -> list[str]:
    """Return the same by LIKE for each word over all texts of a product."""
    words = folded(typed).split()
    wanted = (
        select(Product.id, func.count().over().label("total"))
        .join(FOLDED, FOLDED.c.product == Product.id)
        .where(
            Product.published,
            *(FOLDED.c.folded.like(bindparam(f"w{n}")) for n in range(len(words))),
        )
        .order_by(Product.band == Band.OUT.value, Product.id)
        .limit(query.SIZE)
        .subquery()
    )
    shown = (
        cards.with_photo(Language.RU)
        .join(wanted, wanted.c.id == Product.id)
        .order_by(Product.band == Band.OUT.value, Product.id)
    )
    values = {f"w{n}": f"%{word}%" for n, word in enumerate(words)}
    rows = db.session.execute(shown, values).all()
    slugs = [cards.card(row[0], row[1], DAY, Language.RU).slug for row in rows]
    db.session.rollback()
    return slugs


def is_right(one: dict[str, Any], slugs: list[str]) -> bool:
    """Return whether each of the first products is one that was asked for, or its like."""
    models = [slug.partition("--")[0] for slug in slugs[:FIRST]]
    return bool(models) and {*models} <= {*one["first"]}


if __name__ == "__main__":
    sys.exit(main())
