"""Pages are cached by what they show: never stale, and read in few queries."""

import math
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from neupusti.core.data.database import db
from neupusti.policy.service import edition_store
from tests.catalog import goods
from tests.catalog.lists import NOON, Clock, fresh


@pytest.fixture(autouse=True)
def _empty(app: Flask, at: Clock) -> None:
    """Begin with an empty shop, at noon of a day."""
    at(NOON)
    goods.clear()


def test_bands_in_lists_and_never_a_number(client: FlaskClient) -> None:
    tea = goods.category("tea")
    for slug, pieces in (("a", 9), ("b", 3), ("c", 0)):
        goods.product(tea, slug, pieces=pieces)
    page = client.get("/en/catalog/").text
    cards = re.findall(r'<li class="card.*?</li>', page, re.DOTALL)
    assert ["Sold out" in card for card in cards] == [True, False, False]
    assert ["Few left" in card for card in cards] == [False, True, False]
    assert ["In stock" in card for card in cards] == [False, False, True]
    assert "3 in stock" not in page


def test_what_is_sold_shows_at_once_though_pages_are_cached(client: FlaskClient) -> None:
    """The key of a cached page is what it shows: another process may have sold it."""
    number = goods.product(goods.category("tea"), "a", pieces=5)
    for pieces, listed, exact in (
        (0, "In stock", "5 in stock"),
        (1, "In stock", "4 in stock"),
        (1, "Few left", "3 in stock"),
        (3, "Sold out", "Sold out"),
    ):
        if pieces:
            goods.sell(number, pieces)
        assert listed in fresh(client, "/en/")
        assert listed in fresh(client, "/en/catalog/tea/")
        assert exact in fresh(client, "/en/product/a")


def test_an_unpublished_product_is_nowhere(client: FlaskClient) -> None:
    tea = goods.category("tea")
    number = goods.product(tea, "a")
    assert "1 product\n" in fresh(client, "/en/catalog/tea/")
    goods.change(number, published=False)
    for path in ("/en/", "/en/catalog/", "/en/catalog/tea/", "/sitemap.xml"):
        assert "product/a" not in fresh(client, path)
    assert client.get("/product/a").status_code == 404
    assert "There are no goods in this category now." in fresh(client, "/en/catalog/tea/")
    assert "The first goods will be here soon." in fresh(client, "/en/catalog/")
    assert "The first goods will be here soon." in fresh(client, "/en/")


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/", 3),
        ("/catalog/", 3),
        ("/catalog/tea/?sort=cheaper&from=1&brand=", 3),
        ("/catalog/tea/?sort=discount", 3),
        ("/product/p1", 4),
    ],
)
def test_the_queries_of_a_page_do_not_grow_with_its_rows(
    app: Flask,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    most: int,
) -> None:
    # The foot of a page cites the policy: once a second a process looks for a new edition.
    monkeypatch.setattr(edition_store, "RECHECK_SECONDS", math.inf)
    client.get("/policy/")
    tea = goods.category("tea")
    counts = []
    for start, number in ((0, 3), (3, 60)):
        goods.many(tea, {f"p{n}": {} for n in range(start, start + number)})
        counts.append(queries(db.engine, lambda: fresh(client, path)))
    assert 0 < counts[0] == counts[1] <= most


def queries(engine: Engine, act: Callable[[], object]) -> int:
    """Return how many statements read while `act` runs."""
    seen: list[str] = []

    def note(*args: object) -> None:
        statement = str(args[2]).lstrip()
        if statement[:6].upper() in {"SELECT", "WITH R"}:
            seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    act()
    event.remove(engine, "before_cursor_execute", note)
    return len(seen)
