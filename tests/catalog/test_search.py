"""The search page, and what hostile requests get."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.catalog.models import Band
from neupusti.catalog.service.search import index, query
from neupusti.core.data.database import writing
from neupusti.core.text.languages import Language
from tests.catalog.searching import DAY, copy_of, counted, slugs
from tests.conftest import SQLITE

pytestmark = pytest.mark.usefixtures("samples")

ODD = (
    *('" OR 1', '"', "*", "чайник*", "NEAR(чайник казан)", "names:чайник", "^чайник"),
    *(":*", "&|!", "чайник & !казан", "чайник <-> казан", "-чайник", "(", "чайник)"),
    *("'; DROP TABLE word; --", "чайник\\", "%", "_", "_rчайник", "чай_ник"),
    *("\u202eкинйач", "\ufdfa" * 100, "ё́" * 50, "🫖", "茶壶"),
    *("чайник " * 200, "a b c d e f g h i j k", "-".join("чайник" for _ in range(30))),
    *("ж" * 600, "e" * 10_000, "0" * 10_000, "[" * 100, "i2qytr" * 20),
    *("\ud7ff\ue000", " \t\n "),
)
"""Syntax of both databases, signs, and more than anybody reads."""
REFUSED = ("\u0000", "чайник\u0000казан", "ж" * 10_000)
"""What the edge of the site refuses on every page."""


@SQLITE
@pytest.mark.parametrize("language", Language)
def test_a_good_is_found_in_every_language(client: FlaskClient, language: Language) -> None:
    answer = client.get(f"{language.prefix}/search?q=шәйнек")
    page = unescape(answer.text)
    name = {
        Language.RU: "Чайник эмалированный",
        Language.KK: "Эмальданған шәйнек",
        Language.EN: "Enamel teapot",
    }[language]
    assert name in page
    assert f'href="{language.prefix}/product/enamel-teapot"' in page
    assert '<meta name="robots" content="noindex">' in page
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    assert 'value="шәйнек"' in page
    for other in Language:
        assert f'href="{other.prefix}/search?q=%D1%88' in page


@SQLITE
@pytest.mark.parametrize("address", ["/", "/kk/policy/", "/en/account/login", "/absent"])
def test_every_page_has_the_search_box(client: FlaskClient, address: str) -> None:
    page = client.get(address).text
    form = re.search(r"<form[^>]*role=\"search\".*?</form>", page, re.DOTALL)
    assert form
    prefix = address[:3] if address[:3] in {"/kk", "/en"} else ""
    assert f'action="{prefix}/search"' in form[0]
    assert "method" not in form[0]
    assert re.search(r'<label[^>]*for="find">[^<]+</label>', form[0])
    assert re.search(r'<input id="find" type="search" name="q" value=""', form[0])


@SQLITE
def test_a_replaced_word_is_told_and_can_be_taken_back(client: FlaskClient) -> None:
    page = unescape(client.get("/en/search?q=красный чяйник").text)
    assert "Shown for “красный чайник”." in page
    assert "/product/enamel-teapot" in page
    back = re.search(r'href="([^"]+)">Search for “красный чяйник” instead<', page)
    assert back
    exact = unescape(client.get(back[1]).text)
    assert "Shown for" not in exact
    assert "/product/enamel-teapot" not in exact
    assert "No product has all of it. These have a part:" in exact
    nothing = unescape(client.get("/en/search?q=чяйник&exact=1").text)
    assert "Nothing was found." in nothing


@SQLITE
def test_what_was_typed_right_is_not_replaced(client: FlaskClient) -> None:
    for typed in ("чайник", "КОВЁР", "k-001", "шайнектер", "чайн"):
        assert "Shown for" not in client.get("/en/search", query_string={"q": typed}).text


@SQLITE
def test_without_a_product_that_has_all_some_have_a_part(client: FlaskClient) -> None:
    page = client.get("/en/search?q=казан будильник").text
    assert "No product has all of it. These have a part:" in page
    assert "/product/cast-iron-kazan" in page
    assert "/product/alarm-clock" in page
    assert "have a part" not in client.get("/en/search?q=чугунный казан").text


@SQLITE
def test_little_words_ask_for_nothing(client: FlaskClient) -> None:
    page = client.get("/en/search?q=насос для велосипеда без и в").text
    assert "/product/floor-pump" in page
    assert "have a part" not in page


@SQLITE
@pytest.mark.parametrize("typed", ["", "   ", None])
def test_an_empty_question_says_what_to_type(
    client: FlaskClient, typed: str | None
) -> None:
    answer = client.get("/en/search", query_string={} if typed is None else {"q": typed})
    assert answer.status_code == 200
    assert "Type a word of the name" in answer.text
    assert "<li class=" not in answer.text


@pytest.mark.parametrize("typed", ODD)
def test_odd_questions_are_answered_in_words(client: FlaskClient, typed: str) -> None:
    answer = client.get("/en/search", query_string={"q": typed})
    assert answer.status_code == 200
    words = r"\d+ products?<|Nothing was found|Type a word of the name|These have a part"
    assert re.search(words, answer.text)


@SQLITE
@pytest.mark.parametrize("typed", REFUSED)
def test_what_no_browser_sends_is_refused_in_words(client: FlaskClient, typed: str) -> None:
    answer = client.get("/en/search", query_string={"q": typed})
    assert answer.status_code == 400
    assert "We could not read this request" in answer.text


@SQLITE
def test_bytes_that_are_no_text_are_answered(client: FlaskClient) -> None:
    for raw in ("%ff%fe", "%ed%a0%80", "%00", "%", "a%2"):
        assert client.get(f"/search?q={raw}").status_code in {200, 400}


def test_syntax_of_a_database_is_no_more_than_words(app: Flask) -> None:
    plain = slugs("чайник")
    assert plain == slugs("чайник*") == slugs('"чайник"') == slugs("^чайник:*")
    assert slugs("чайник OR казан") == slugs("чайник казан")
    assert slugs("_rчайник") == slugs("rчайник")


@SQLITE
def test_a_long_question_is_shortened_in_words(client: FlaskClient) -> None:
    for typed in ("чугунный казан " * 20, "чайник " + "а" * 500, "а б в г д е ж з и"):
        assert "only “" in client.get("/en/search", query_string={"q": typed}).text
    assert "only “" not in client.get("/en/search?q=чугунный казан").text


@SQLITE
@pytest.mark.parametrize(
    ("page", "status"),
    [
        *(("-1", 200), ("9" * 30, 200), ("0", 200), ("x", 200), ("١", 200)),
        *(("2", 404), ("51", 404), ("2147483647", 404), ("2147483648", 200)),
    ],
)
def test_a_page_that_is_not_there(client: FlaskClient, page: str, status: int) -> None:
    query_string = {"q": "чайник", "page": page}
    assert client.get("/search", query_string=query_string).status_code == status


def test_pages_hold_each_product_once_and_those_in_stock_first(app: Flask) -> None:
    with writing() as session:
        made = [copy_of("clay-mug", number) for number in range(60)]
        for number, product in enumerate(made):
            product.stock, product.band = number % 2, (Band.OUT, Band.FEW)[number % 2].value
        session.add_all(made)
        session.flush()
        index.update(session, [product.id for product in made])
    pages = [query.find("кружка глиняная", DAY, Language.RU, page=n) for n in (1, 2, 3)]
    cards = [card for page in pages for card in page.cards]
    assert pages[0].pages == 3
    assert len({card.id for card in cards}) == len(cards) == pages[0].total
    bands = [card.band is Band.OUT for card in cards]
    assert bands == sorted(bands)
    assert bands.count(True) == 30
    assert query.find("кружка глиняная", DAY, Language.RU, page=4).cards == ()


def test_a_further_page_stays_with_what_has_all(app: Flask) -> None:
    """Page 2 of the products with both words never goes on with those of one word."""
    assert query.find("чугунный казан", DAY, Language.RU, page=2).cards == ()


@pytest.mark.parametrize(
    ("typed", "most"),
    [
        ("чайник", 2),
        ("чугунный казан", 2),
        ("чяйник", 3),
        ("казан будильник", 3),
        ("чугуный казон будилник тапочки", 4),
        ("", 0),
        ("йцукенг", 2),
    ],
)
def test_a_search_needs_few_queries(
    app: Flask, client: FlaskClient, typed: str, most: int
) -> None:
    client.get("/search?q=чайник")
    with counted() as statements:
        assert client.get("/search", query_string={"q": typed}).status_code == 200
    asked = [one for one in statements if one.lstrip().startswith(("SELECT", "WITH"))]
    assert len(asked) == most


def test_the_queries_do_not_grow_with_the_goods(app: Flask) -> None:
    with writing() as session:
        made = [copy_of("clay-mug", number) for number in range(100)]
        session.add_all(made)
        session.flush()
        index.update(session, [product.id for product in made])
    with counted() as statements:
        query.find("крушка", DAY, Language.RU)
    assert len([one for one in statements if "SELECT" in one]) == 3


@SQLITE
def test_what_was_typed_is_shown_as_text(client: FlaskClient) -> None:
    page = client.get("/search", query_string={"q": '"><script>alert(1)</script>'}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_no_log_line_holds_what_was_typed(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.get("/search?q=тайный-чайник")
    assert "тайный" not in caplog.text
