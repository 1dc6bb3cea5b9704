"""Paging, links and addresses of the lists."""

import re
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.catalog.queries.listing import MAX_PAGE, SIZE
from tests.catalog import goods
from tests.catalog.lists import LINK, NOINDEX, NOON, TODAY, Clock, slugs
from tests.conftest import SQLITE


@pytest.fixture(autouse=True)
def _empty(app: Flask, at: Clock) -> None:
    """Begin with an empty shop, at noon of a day."""
    at(NOON)
    goods.clear()


@pytest.mark.parametrize("sort", ["new", "cheaper", "dearer", "name", "discount"])
def test_every_product_is_on_exactly_one_page(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    """Two pages have numbers here; what follows is found from the last row."""
    monkeypatch.setattr("neupusti.catalog.queries.listing.MAX_PAGE", 2)
    monkeypatch.setattr("neupusti.catalog.views.listing.MAX_PAGE", 2)
    tea = goods.category("tea")
    ends = [TODAY, TODAY - timedelta(days=1)]
    rows = {
        f"p{n:03}": {
            "price": 100 + n % 7,
            **({"deal_price": 90 + n % 3, "deal_until": ends[n % 2]} if n % 3 else {}),
            **({"old_price": 300} if n % 5 == 0 else {}),
        }
        for n in range(4 * SIZE + 5)
    }
    goods.many(tea, rows)
    seen, address = list[str](), f"/catalog/tea/?sort={sort}"
    for number in range(1, 6):
        page = client.get(address)
        seen += LINK.findall(page.text)
        assert (NOINDEX in page.text) is (number > 2 or sort != "new")
        following = re.search(r'rel="next" href="([^"]+)"', page.text)
        if following is None:
            break
        address = unescape(following[1])
        assert ("after=" in address) is (number >= 2)
    assert number == 5
    assert sorted(seen) == sorted(rows)
    assert client.get(f"/catalog/tea/?sort={sort}&page=3").status_code == 404


def test_a_page_after_the_end_says_so(client: FlaskClient) -> None:
    number = goods.product(goods.category("tea"), "a")
    page = client.get(f"/en/catalog/?after={number}")
    assert page.status_code == 200
    assert "The list ends here." in page.text
    assert client.get("/catalog/?page=2").status_code == 404
    assert client.get(f"/catalog/?page={MAX_PAGE + 1}").status_code == 404
    assert slugs(client, "/catalog/?after=99999999999999") == ["a"]


def test_search_engines_see_a_list_without_its_filters(client: FlaskClient) -> None:
    goods.many(goods.category("tea"), SIZE + 1)
    for address, canonical, indexed in (
        ("/catalog/tea/", "/catalog/tea/", True),
        ("/catalog/tea/?page=2", "/catalog/tea/?page=2", True),
        ("/kk/catalog/tea/?page=2", "/kk/catalog/tea/?page=2", True),
        ("/catalog/tea/?sort=name", "/catalog/tea/", False),
        ("/catalog/tea/?deals=y", "/catalog/tea/", False),
        ("/catalog/tea/?from=5", "/catalog/tea/", False),
    ):
        page = client.get(address).text
        (found,) = re.findall(r'rel="canonical" href="http://[^/]+([^"]+)"', page)
        assert (found, NOINDEX not in page) == (canonical, indexed), address


def test_links_keep_the_filters(client: FlaskClient) -> None:
    goods.many(goods.category("tea"), SIZE + 1, brand="Айша & Ко", price=500)
    page = unescape(
        client.get("/catalog/tea/?brand=Айша+%26+Ко&from=100&sort=dearer&stock=y").text
    )
    query = "from=100&brand=%D0%90%D0%B9%D1%88%D0%B0+%26+%D0%9A%D0%BE&stock=y"
    assert f'href="/catalog/tea/?sort=dearer&{query}&page=2"' in page
    assert f'href="/catalog/tea/?{query}" rel="nofollow"' in page


@SQLITE
@pytest.mark.parametrize(
    ("path", "status", "target"),
    [
        ("/catalog/Tea/", 301, "/catalog/tea/"),
        ("/kk/catalog/TEA/", 301, "/kk/catalog/tea/"),
        ("/catalog/tea", 308, "/catalog/tea/"),
        ("/catalog/none/", 404, None),
        ("/catalog/hidden/", 404, None),
        (f"/catalog/{'a' * 300}/", 404, None),
        ("/catalog/%00/", 400, None),
        ("/catalog/../tea/", 404, None),
        ("/catalog/%2e%2e%2ftea/", 404, None),
    ],
)
def test_addresses_of_categories(
    client: FlaskClient, path: str, status: int, target: str | None
) -> None:
    goods.category("tea")
    goods.category("hidden", published=False)
    answer = client.get(path)
    assert answer.status_code == status
    assert target is None or answer.headers["Location"].endswith(target)


def test_junk_in_the_query_is_no_error(client: FlaskClient) -> None:
    goods.product(goods.category("tea"), "a")
    for query in (
        "brand=" + "a" * 5000,
        "from=-1&to=99999999999",
        "from=9999999999",
        "after=0&page=0",
        "sort=name&after=2147483647",
        "from=１２",
    ):
        assert client.get(f"/catalog/?{query}").status_code == 200, query
