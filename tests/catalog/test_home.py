import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape

import pytest
from flask.testing import FlaskClient

from neupusti.catalog.service.showcase import DealEnd, Product, showcase
from neupusti.config.values import ROOT
from neupusti.core.text import dates, money
from neupusti.core.text.languages import Language
from tests.conftest import SQLITE
from tests.times import Clock

PRODUCTS = showcase()


def product(**changes: object) -> Product:
    values = {
        "slug": "lamp",
        "price": 9_000,
        "old_price": None,
        "stock": 1,
        "until": None,
        "names": {},
        "texts": {},
        "pictures": {},
    }
    return Product(**values | changes)  # type: ignore[arg-type]


@pytest.fixture
def on(at: Clock) -> Callable[[date], None]:
    """Set the clock to noon in Almaty of a day."""
    return lambda day: at(datetime(day.year, day.month, day.day, 7, tzinfo=UTC))


@SQLITE
@pytest.mark.parametrize("language", Language)
def test_every_product_is_shown_with_its_name_price_and_drawing(
    client: FlaskClient, language: Language
) -> None:
    page = unescape(client.get(f"{language.prefix}/").text)
    cards = re.findall(r'<li class="card.*?</li>', page, re.DOTALL)
    assert len(cards) == len(PRODUCTS)
    for one in PRODUCTS:
        (card,) = (card for card in cards if f"goods/{one.slug}." in card)
        price = money.tenge(one.price, language)
        assert f'<data value="{one.price}">{price}</data>' in card
        assert one.name(language) in card
        assert one.text(language) in card
        assert f'alt="{one.picture(language)}"' in card
        old = re.search(r"<s>.*?</s>", card, re.DOTALL)
        assert bool(old) is bool(one.old_price)
        if old and one.old_price:
            assert money.tenge(one.old_price, language) in old[0]


@SQLITE
@pytest.mark.parametrize("language", Language)
def test_a_deal_shows_the_day_it_ends(
    client: FlaskClient, on: Callable[[date], None], language: Language
) -> None:
    on(date(2026, 11, 17))
    page = client.get(f"{language.prefix}/").text
    ends = {
        product.until: product.deal_end(date(2026, 11, 17))
        for product in PRODUCTS
        if product.stock
    }
    assert ends[DealEnd.WEEK] == date(2026, 11, 22)
    assert ends[DealEnd.MONTH] == date(2026, 11, 30)
    for day in (date(2026, 11, 22), date(2026, 11, 30)):
        words = dates.in_words(day, language)
        assert f'<time datetime="{day}">{words}</time>' in page


@SQLITE
def test_the_page_follows_the_calendar(
    client: FlaskClient, on: Callable[[date], None]
) -> None:
    on(date(2026, 11, 17))
    tuesday = client.get("/").text
    on(date(2026, 11, 18))
    assert client.get("/").text == tuesday
    on(date(2026, 11, 23))
    assert client.get("/").text != tuesday


@SQLITE
def test_what_is_sold_out_says_so(client: FlaskClient) -> None:
    gone = [product.slug for product in PRODUCTS if not product.stock]
    cards = re.findall(r'<li class="card out">.*?</li>', client.get("/en/").text, re.DOTALL)
    assert gone
    assert len(cards) == len(gone)
    for card, slug in zip(cards, gone, strict=True):
        assert f"goods/{slug}." in card
        assert "Sold out" in card
        assert "<time" not in card


@SQLITE
def test_the_front_of_the_shop_sets_no_cookie(client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.get("/").headers


@pytest.mark.parametrize(
    ("until", "today", "last"),
    [
        (DealEnd.WEEK, date(2026, 11, 16), date(2026, 11, 22)),
        (DealEnd.WEEK, date(2026, 11, 21), date(2026, 11, 22)),
        (DealEnd.WEEK, date(2026, 11, 22), date(2026, 11, 22)),
        (DealEnd.WEEK, date(2026, 12, 31), date(2027, 1, 3)),
        (DealEnd.MONTH, date(2026, 11, 1), date(2026, 11, 30)),
        (DealEnd.MONTH, date(2026, 11, 30), date(2026, 11, 30)),
        (DealEnd.MONTH, date(2026, 12, 5), date(2026, 12, 31)),
        (DealEnd.MONTH, date(2027, 2, 1), date(2027, 2, 28)),
        (DealEnd.MONTH, date(2028, 2, 1), date(2028, 2, 29)),
        (None, date(2026, 11, 16), None),
    ],
)
def test_a_deal_ends_on_sunday_or_with_the_month(
    until: DealEnd | None, today: date, last: date | None
) -> None:
    assert product(until=until).deal_end(today) == last


@pytest.mark.parametrize(
    ("price", "old_price", "discount_percent"),
    [(9_000, None, 0), (9_000, 10_000, 10), (8_990, 11_490, 22), (1, 3, 67)],
)
def test_a_saving_is_told_in_whole_per_cent(
    price: int, old_price: int | None, discount_percent: int
) -> None:
    assert product(price=price, old_price=old_price).discount_percent == discount_percent


@pytest.mark.parametrize("one", PRODUCTS, ids=lambda one: one.slug)
def test_a_sample_is_complete(one: Product) -> None:
    assert (ROOT / "static" / "goods" / f"{one.slug}.svg").is_file()
    for texts in (one.names, one.texts, one.pictures):
        assert set(texts) == set(Language)
        assert all(text.strip() for text in texts.values())
    assert one.price > 0
    assert one.stock >= 0
    assert one.old_price is None or one.old_price > one.price


def test_samples_have_names_of_their_own() -> None:
    assert len({one.slug for one in PRODUCTS}) == len(PRODUCTS) >= 10


def test_no_drawing_is_left_over() -> None:
    drawn = {path.stem for path in (ROOT / "static" / "goods").glob("*.svg")}
    assert drawn == {one.slug for one in PRODUCTS}
