"""The page of a product: its addresses, its words, and what machines read of it."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.catalog.models import ProductPhoto, ProductSlug, ReturnRule
from neupusti.catalog.service import return_rules
from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.text.languages import Language
from tests.catalog import goods
from tests.conftest import SQLITE

NBSP = "\xa0"
TODAY = date(2026, 11, 30)


@pytest.fixture(autouse=True)
def _empty(app: Flask, at: Callable[[datetime], None]) -> None:
    """Begin with an empty shop, at noon of a day."""
    at(datetime(2026, 11, 30, 7, tzinfo=UTC))
    goods.clear()


def page(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return unescape(answer.text)


def properties(text: str) -> dict[str, str]:
    """Return the microdata of a page: property -> content, address or text."""
    found = {}
    for name, rest in re.findall(r'itemprop="(\w+)"([^>]*>[^<]*)', text):
        value = re.search(r'(?:content|href|src)="([^"]*)"', rest)
        found[name] = value[1] if value else rest.partition(">")[2].strip()
    return found


def test_all_that_the_law_wants_said_is_said(client: FlaskClient) -> None:
    goods.product(
        goods.category("tea"),
        "teapot",
        name_ru="Чайник <2 л>",
        text_ru="Первое.\n\nВторое & третье.",
        composition_ru="сталь",
        sizes_ru="22 × 18 см",
        brand="Айша",
        origin="UZ",
        weight_g=1250,
        price=12_990,
        old_price=15_000,
    )
    text = page(client, "/product/teapot")
    for words in (
        *("<h1", "Чайник <2 л>", "<p>Первое.</p>", "<p>Второе & третье.</p>"),
        *("сталь", "22 × 18 см", "Айша", "Узбекистан", f"1,25{NBSP}кг", "TEAPOT"),
        f'<data value="12990">12{NBSP}990{NBSP}₸</data>',
        f"15{NBSP}000{NBSP}₸</s>",
    ):
        assert words in text, words
    assert "Өзбекстан" in page(client, "/kk/product/teapot")
    assert "Uzbekistan" in page(client, "/en/product/teapot")


def test_old_price_and_discount_are_heard_and_not_only_seen(client: FlaskClient) -> None:
    goods.product(goods.category("tea"), "a", price=1000, deal_price=750, deal_until=TODAY)
    text = page(client, "/en/product/a")
    assert '<s><span class="visually-hidden">Before: </span>1' in text
    assert re.search(r'<span class="visually-hidden">You save </span>−25\s?%', text)
    assert '<time datetime="2026-11-30">30 November 2026</time>' in text


@pytest.mark.parametrize(
    ("pieces", "words"), [(0, "Sold out"), (1, "Last one"), (4, "4 in stock")]
)
def test_the_exact_stock(client: FlaskClient, pieces: int, words: str) -> None:
    number = goods.product(goods.category("tea"), "a", pieces=pieces)
    text = page(client, "/en/product/a")
    assert words in text
    form = re.search(r'action="/en/cart/".*?</form>', text, re.DOTALL)
    assert bool(form) is bool(pieces)
    if form:
        assert f'name="product" value="{number}"' in form[0]
        assert f'name="quantity" type="number" min="1" max="{pieces}"' in form[0]


@pytest.mark.parametrize("rule", ReturnRule)
@pytest.mark.parametrize("language", Language)
@SQLITE
def test_the_return_rule_is_said_with_its_reason(
    client: FlaskClient, app: Flask, rule: ReturnRule, language: Language
) -> None:
    goods.product(goods.category("tea"), "a", return_rule=rule.value)
    text = page(client, f"{language.prefix}/product/a")
    with app.test_request_context(environ_base={"neupusti.language": language}):
        words = str(return_rules.words(rule))
    assert words in text
    assert ("14" in words) is (rule is ReturnRule.LAW)
    assert ("MerchantReturnNotPermitted" in text) is (rule is not ReturnRule.LAW)


@pytest.mark.situation(28)
def test_machines_read_what_people_read_and_nothing_invented(client: FlaskClient) -> None:
    tea = goods.category("tea")
    goods.product(
        tea, "a", price=1000, deal_price=750, deal_until=TODAY, brand="Айша", pieces=2
    )
    goods.product(tea, "b", price=1000, old_price=2000, pieces=0)
    deal, plain = (
        properties(page(client, f"/en/product/{slug}").partition("<article")[2])
        for slug in "ab"
    )
    assert deal["price"] == "750"
    assert deal["priceCurrency"] == "KZT"
    assert deal["availability"] == "https://schema.org/InStock"
    assert deal["priceValidUntil"] == "2026-11-30"
    assert deal["merchantReturnDays"] == "14"
    assert deal["sku"] == "A"
    assert plain["price"] == "1000"
    assert plain["availability"] == "https://schema.org/OutOfStock"
    assert "priceValidUntil" not in plain
    assert "brand" not in plain
    invented = {"review", "aggregateRating", "ratingValue", "gtin", "mpn"}
    assert not invented & (deal.keys() | plain.keys())
    assert "ld+json" not in page(client, "/en/product/a")


def test_bread_crumbs_lead_back(client: FlaskClient) -> None:
    goods.product(goods.category("tea"), "a")
    crumbs = page(client, "/product/a").partition("<article")[0]
    path = ["/catalog/", "/catalog/tea/", "/product/a"]
    assert re.findall(r'itemprop="item" href="([^"]+)"', crumbs) == path
    assert re.findall(r'itemprop="position" content="(\d)"', crumbs) == ["1", "2", "3"]


@pytest.mark.situation(30)
@pytest.mark.parametrize(
    ("path", "status", "target"),
    [
        ("/product/new-name", 200, ""),
        ("/product/old-name", 301, "/product/new-name"),
        ("/kk/product/Old-NAME", 301, "/kk/product/new-name"),
        ("/product/NEW-name", 301, "/product/new-name"),
        ("/product/NEW-other", 404, ""),
        ("/product/hidden", 404, ""),
        ("/product/was-hidden", 404, ""),
        ("/product/old_name", 404, ""),
        ("/product/қазақ", 404, ""),
        (f"/product/{'a' * 300}", 404, ""),
        ("/product/../new-name", 404, ""),
        ("/product/%2e%2e%2fnew-name", 404, ""),
        ("/product/new-name%00", 400, ""),
        ("/product/new-name/", 404, ""),
    ],
)
def test_a_former_address_leads_to_the_present_one(
    client: FlaskClient, path: str, status: int, target: str
) -> None:
    tea = goods.category("tea")
    number = goods.product(tea, "new-name")
    hidden = goods.product(tea, "hidden", published=False)
    with writing() as session:
        for slug, product in (("old-name", number), ("was-hidden", hidden)):
            session.add(ProductSlug(slug=slug, product=product, since=clock.now()))
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.headers.get("Location", "").endswith(target)


def photo(product: int, name: str, width: int, position: int) -> ProductPhoto:
    return ProductPhoto(
        product=product,
        position=position,
        name=name,
        width=width,
        height=900,
        sha256="0" * 64,
        **{f"alt_{language}": f"{position} {language}" for language in Language},
    )


@SQLITE
def test_drawings_and_photos_have_their_widths(client: FlaskClient) -> None:
    number = goods.product(goods.category("tea"), "a")
    with writing() as session:
        session.add(photo(number, "b" * 32, 1000, 2))
        session.add(photo(number, "felt-thermos.svg", 400, 1))
    text = page(client, "/kk/product/a")
    drawing, upload = re.findall(r"<img src=[^>]+>", text.partition("<article")[2])
    assert re.match(
        r'<img src="/static/goods/felt-thermos\.\w{12}\.svg" alt="1 kk"', drawing
    )
    assert 'loading="lazy"' not in drawing
    widths = ", ".join(f"/photos/{'b' * 32}/{w}.webp {w}w" for w in (320, 640, 960))
    assert f'srcset="{widths}" sizes=' in upload
    assert 'width="1000" height="900" loading="lazy"' in upload
    card = re.search(r'<li class="card.*?</li>', page(client, "/catalog/"), re.DOTALL)
    assert card
    assert "felt-thermos" in card[0]
    assert card[0].count("<img") == 1
