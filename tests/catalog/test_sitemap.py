"""The goods in the sitemap: files below the limit of search engines, no hidden goods."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from tests.catalog import goods
from tests.conftest import SQLITE

LOC = re.compile(r"<loc>([^<]+)</loc>")


def locations(client: FlaskClient, path: str) -> list[str]:
    answer = client.get(path)
    assert answer.status_code == 200
    return [urlsplit(address).path for address in LOC.findall(answer.text)]


@SQLITE
@pytest.mark.situation(29)
@pytest.mark.slow
def test_twenty_thousand_goods_fit_the_limits(client: FlaskClient) -> None:
    """Each language counts: 5,000 goods are 15,000 addresses; 50,000 are allowed."""
    goods.clear()
    tea = goods.category("tea")
    rows = {f"p{n}": {"published": n % 10 > 0} for n in range(20_000)}
    goods.many(tea, rows)
    seen = list[str]()
    for path in locations(client, "/sitemap.xml"):
        found = locations(client, path)
        assert 0 < len(found) <= 15_000
        seen += found
    products = [path for path in seen if "/product/" in path]
    published = {slug for slug, row in rows.items() if row["published"]}
    prefixes = ("", "/kk", "/en")
    wanted = {f"{prefix}/product/{slug}" for prefix in prefixes for slug in published}
    assert len(products) == len(wanted)
    assert {*products} == wanted


def test_each_address_has_the_day_of_its_last_change(
    client: FlaskClient, at: Callable[[datetime], None]
) -> None:
    goods.clear()
    at(datetime(2026, 11, 22, 12, tzinfo=UTC))
    number = goods.product(goods.category("tea"), "a")
    (file,) = (p for p in locations(client, "/sitemap.xml") if "catalog" in p)
    assert client.get(file).text.count("<lastmod>2026-11-22T12:00:00Z</lastmod>") == 3
    at(datetime(2026, 11, 23, 12, tzinfo=UTC))
    goods.change(number, price=900)
    assert client.get(file).text.count("<lastmod>2026-11-23T12:00:00Z</lastmod>") == 3
