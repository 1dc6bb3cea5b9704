"""The lists of goods: what they show, in which order, filtered and page by page."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from neupusti.catalog.queries.listing import MAX_PAGE, SIZE
from neupusti.core.data.database import db
from neupusti.core.text.languages import Language
from tests.catalog import goods
from tests.conftest import SQLITE

TODAY = date(2026, 11, 30)
LAST_SECOND = datetime(2026, 11, 30, 18, 59, 59, tzinfo=UTC)
Clock = Callable[[datetime], None]
LINK = re.compile(r'<h3><a href="[^"]*/product/([^"]+)">')
NOINDEX = '<meta name="robots" content="noindex">'


@pytest.fixture(autouse=True)
def _empty(app: Flask, at: Clock) -> None:
    """Begin with an empty shop, at noon of a day."""
    at(datetime(2026, 11, 30, 7, tzinfo=UTC))
    goods.clear()


def slugs(client: FlaskClient, address: str) -> list[str]:
    """Return the goods of a list in their order."""
    return LINK.findall(fresh(client, address))


def fresh(client: FlaskClient, address: str) -> str:
    """Return a page: with a query it is no copy of a second ago."""
    answer = client.get(f"{address}{'&' if '?' in address else '?'}fresh")
    assert answer.status_code == 200, address
    return answer.text


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
        goods.product(tea, slug, **{f"name_{one}": name for one in Language})
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
    assert "1 product<" in fresh(client, "/en/catalog/tea/")
    goods.change(number, published=False)
    for path in ("/en/", "/en/catalog/", "/en/catalog/tea/", "/sitemap.xml"):
        assert "product/a" not in fresh(client, path)
    assert client.get("/product/a").status_code == 404
    assert "There are no goods in this category now." in fresh(client, "/en/catalog/tea/")
    assert "The first goods will be here soon." in fresh(client, "/en/catalog/")
    assert "The first goods will be here soon." in fresh(client, "/en/")


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
    shop()
    for query in (
        "brand=" + "a" * 5000,
        "from=-1&to=99999999999",
        "from=9999999999",
        "after=0&page=0",
        "sort=name&after=2147483647",
        "from=１２",
    ):
        assert client.get(f"/catalog/?{query}").status_code == 200, query


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
    app: Flask, client: FlaskClient, path: str, most: int
) -> None:
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
