"""The home page: deals in force first, then what is new."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.text import dates
from neupusti.core.text.languages import Language
from tests.catalog import goods
from tests.conftest import SQLITE

TODAY = date(2026, 11, 17)
pytestmark = SQLITE


@pytest.fixture(autouse=True)
def _noon(app: Flask, at: Callable[[datetime], None]) -> None:
    at(datetime(2026, 11, 17, 7, tzinfo=UTC))


def section(page: str, name: str) -> list[str]:
    """Return the slugs of a section of the page."""
    part = page.partition(f'aria-labelledby="{name}"')[2].partition("</section>")[0]
    return re.findall(r'<h3><a href="[^"]*/product/([^"]+)">', part)


@pytest.mark.parametrize("language", Language)
def test_deals_in_force_come_first_those_that_end_first_before(
    client: FlaskClient, language: Language
) -> None:
    goods.clear()
    tea = goods.category("tea")
    for slug, days, pieces in (("a", 9, 2), ("b", 0, 2), ("c", -1, 2), ("d", 1, 0)):
        deal = {"deal_price": 800, "deal_until": TODAY + timedelta(days=days)}
        goods.product(tea, slug, pieces=pieces, **deal)
    page = client.get(f"{language.prefix}/").text
    assert section(page, "deals") == ["b", "a"]
    assert section(page, "new") == ["d", "c"]
    words = dates.in_words(TODAY, language)
    assert f'<time datetime="{TODAY}">{words}</time>' in page


def test_each_product_is_shown_once_and_no_section_is_long(client: FlaskClient) -> None:
    goods.clear()
    tea = goods.category("tea")
    deal = {"deal_price": 800, "deal_until": TODAY}
    goods.many(tea, {f"p{n}": deal if n % 2 else {} for n in range(40)})
    page = client.get("/").text
    deals, new = section(page, "deals"), section(page, "new")
    assert len(deals) == len(new) == 8
    assert not {*deals} & {*new}


@pytest.mark.usefixtures("samples")
def test_sample_goods_fill_it(client: FlaskClient) -> None:
    page = client.get("/").text
    assert section(page, "new")
    assert "/catalog/kitchen/" in page


def test_an_empty_shop_says_so(client: FlaskClient) -> None:
    goods.clear()
    page = client.get("/en/").text
    assert "The first goods will be here soon." in page
    assert 'aria-labelledby="deals"' not in page
    assert 'href="/en/catalog/">To the catalogue' in page


@pytest.mark.usefixtures("samples")
def test_the_front_of_the_shop_sets_no_cookie(client: FlaskClient) -> None:
    for path in ("/", "/catalog/", "/product/felt-thermos"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
