"""The lists of goods: what they show, in which order, and filtered."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.text.languages import Language
from tests.catalog import goods
from tests.catalog.lists import NOON, TODAY, Clock, slugs

LAST_SECOND = datetime(2026, 11, 30, 18, 59, 59, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _empty(app: Flask, at: Clock) -> None:
    """Begin with an empty shop, at noon of a day."""
    at(NOON)
    goods.clear()


def shop() -> int:
    """Store goods with deals in force, over, and an old price; return their category."""
    tea = goods.category("tea")
    ends = {"deal_until": TODAY}
    over = {"deal_until": TODAY - timedelta(days=1)}
    goods.many(
        tea,
        {
            "a": {"price": 5000},
            "b": {"price": 9000, "deal_price": 3000, **ends},
            "c": {"price": 4000, "deal_price": 1000, **over},
            "d": {"price": 6000, "old_price": 12000},
            "e": {"price": 5000, "deal_price": 4500, **ends},
        },
    )
    return tea


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", "edcba"),
        ("?sort=cheaper", "bcead"),
        ("?sort=dearer", "daecb"),
        ("?sort=discount", "bdeca"),
        ("?sort=name", "abcde"),
        ("?deals=y", "eb"),
        ("?deals=y&sort=cheaper", "be"),
        ("?deals=y&sort=discount", "be"),
        ("?from=4000&to=5000", "eca"),
        ("?from=4000&to=5000&sort=cheaper", "cea"),
        ("?from=4+000&sort=name", "acde"),
        ("?to=3999&sort=discount", "b"),
        ("?sort=unknown&page=-1&from=x&to=1e3", "edcba"),
        ("?page=" + "9" * 30, "edcba"),
        ("?stock=y", "edcba"),
        ("?brand=none", ""),
    ],
)
def test_a_list_is_sorted_and_filtered_by_the_price_in_force(
    client: FlaskClient, query: str, order: str
) -> None:
    shop()
    for path in ("/catalog/", "/catalog/tea/"):
        assert "".join(slugs(client, path + query)) == order


@pytest.mark.situation(5)
def test_a_deal_is_over_when_its_last_day_ends_in_almaty(
    client: FlaskClient, at: Clock
) -> None:
    """No job ends it: the same rows are read a second later."""
    goods.product(goods.category("tea"), "a", price=1000, deal_price=800, deal_until=TODAY)
    for moment, price in (
        (LAST_SECOND, 800),
        (LAST_SECOND + timedelta(seconds=0.999999), 800),
        (LAST_SECOND + timedelta(seconds=1), 1000),
    ):
        at(moment)
        for path in ("/", "/catalog/", "/catalog/tea/", "/product/a"):
            page = client.get(path).text
            assert f'<data value="{price}">' in page, (path, moment)
            assert ("<s>" in page) is (price == 800)
        assert ("priceValidUntil" in page) is (price == 800)
    assert slugs(client, "/catalog/?deals=y") == []


@pytest.mark.parametrize("language", Language)
def test_names_sort_by_the_alphabet_of_the_visitor(
    client: FlaskClient, language: Language
) -> None:
    tea = goods.category("tea")
    names = {"a": "Ярмарка", "b": "Әже", "c": "Атлас", "d": "Іні", "e": "Ыдыс"}
    for slug, name in names.items():
        names_of: dict[str, Any] = {f"name_{one}": name for one in Language}
        goods.product(tea, slug, **names_of)
    assert slugs(client, f"{language.prefix}/catalog/?sort=name") == [*"cbeda"]


def test_filters_by_brand_and_stock(client: FlaskClient) -> None:
    tea, oil = goods.category("tea"), goods.category("oil")
    goods.product(tea, "a", brand="Айша")
    goods.product(tea, "b", brand="Бота & Ко", pieces=0)
    goods.product(oil, "c", brand="Айша", pieces=1)
    assert slugs(client, "/catalog/?brand=Айша") == ["c", "a"]
    assert slugs(client, "/catalog/tea/?brand=Айша") == ["a"]
    assert slugs(client, "/catalog/?stock=y") == ["c", "a"]
    assert slugs(client, "/catalog/?stock=y&brand=Бота+%26+Ко") == []
    page = unescape(client.get("/catalog/tea/?brand=Бота+%26+Ко").text)
    assert re.findall(r"<option( selected)?>([^<]+)", page) == [
        ("", "Айша"),
        (" selected", "Бота & Ко"),
    ]
    assert "<option>Бота" not in client.get("/catalog/oil/").text


def test_a_category_shows_what_is_below_it_too(client: FlaskClient) -> None:
    home = goods.category("home")
    kitchen = goods.category("kitchen", parent=home)
    goods.product(home, "a", price=2)
    goods.product(kitchen, "b", price=1)
    goods.product(goods.category("road"), "c")
    assert slugs(client, "/catalog/home/?sort=cheaper") == ["b", "a"]
    assert slugs(client, "/catalog/home/") == ["b", "a"]
    assert slugs(client, "/catalog/kitchen/") == ["b"]
    assert slugs(client, "/catalog/home/?brand=x") == []
    page = client.get("/en/catalog/home/").text
    assert "2 products" in page
    assert 'href="/en/catalog/kitchen/"' in page
