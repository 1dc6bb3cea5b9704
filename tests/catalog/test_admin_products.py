"""Staff add, change, publish and withdraw products."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from neupusti.catalog.forms.product import LONGEST
from neupusti.catalog.models import Product
from neupusti.catalog.service import products
from neupusti.catalog.service.drafts import seen
from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from tests import desk
from tests.catalog import staff_goods as goods
from tests.catalog.staff_goods import FIELDS, LIST, NEW, post, product, save, stored, what
from tests.conftest import SQLITE
from tests.people import AIGERIM, BOLAT

MARK = re.compile(r'id="(\w+)-error">(.*?)</p>')
NOON = datetime(2026, 11, 26, 7, tzinfo=UTC)


def marked(answer: TestResponse) -> dict[str, str]:
    """Return field -> the message beside it."""
    return {name: unescape(words) for name, words in MARK.findall(answer.text)}


def rows(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_a_product_is_added_with_all_it_has(
    app: Flask, browser: FlaskClient, dana: int
) -> None:
    goods.category()
    page = browser.get(NEW).text
    assert '<option value="KZ" selected' in page or 'selected value="KZ"' in page
    assert 'name="stock"' not in page
    answer = post(app, browser, NEW, **FIELDS)
    db.session.rollback()
    (made,) = db.session.scalars(select(Product))
    assert what(answer) == (303, f"{LIST}{made.id}/photos?done=added")
    for name, value in FIELDS.items():
        if name not in {"category", "deal_price", "deal_until"}:
            assert str(getattr(made, name)) == value, name
    assert (made.slug, made.stock, made.band) == ("chaynik-emalirovannyy", 0, "out")
    assert (made.published, made.sample, made.version) == (False, False, 1)
    (act,) = desk.staff_actions("catalog.added")
    assert (act.staff, act.what) == (dana, f"product {made.id}: K-014")


WRONG = (
    *(("price", value) for value in ("", "0", "-5", "1e3", "１２", "٣", "1_0", "12.5")),
    *(("price", value) for value in ("12 990", "9" * 400, "2147483648", "+5", "0x10")),
    *(("weight_g", value) for value in ("", "0", "１00", "-1")),
    *(("old_price", value) for value in ("12990", "100")),
    *(("deal_price", value) for value in ("13000", "12990")),
    *(("deal_until", value) for value in ("2026-13-01", "２０２６-11-30")),
    *(("deal_until", value) for value in ("2026-W48-1", "20261130")),
    *(("origin", value) for value in ("XX", "kz")),
    *(("return_rule", "no:reason"), ("category", "nothing")),
    *(("article", value) for value in ("", "К-014", "../../x y", "A" * 41)),
    *(("name_ru", ""), ("name_kk", "  "), ("name_en", "x" * 101)),
    *(("name_ru", "Чай\u202eник"), ("name_ru", "Чай\x00ник")),
    *(("text_kk", "я" * (LONGEST["text"] + 1)), ("brand", "a\r\nb")),
)


def test_a_change_is_saved_and_journaled(app: Flask, browser: FlaskClient) -> None:
    number = product()
    answer = save(app, browser, number, price="11490", brand=" Айша ")
    assert what(answer) == (303, f"{LIST}{number}?done=saved")
    found = stored(number)
    assert (found.price, found.brand, found.version) == (11490, "Айша", 2)
    assert [act.what for act in desk.staff_actions("catalog.changed")] == [
        f"product {number}: price"
    ]
    again = save(app, browser, number, price="11490")
    assert what(again) == (303, f"{LIST}{number}?done=unchanged")
    assert stored(number).version == 2


@SQLITE
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(
    app: Flask, browser: FlaskClient
) -> None:
    goods.category()
    for field, value in WRONG:
        answer = post(app, browser, NEW, **{**FIELDS, field: value})
        where = field, value[:20], answer.status_code, marked(answer)
        assert answer.status_code == 422, where
        assert field in marked(answer), where
        assert f'href="#{field}"' in answer.text, where
        assert re.search(r"<title>Ошибка:.*?</title>", answer.text), where
        for name in ("text_en", "sizes_kk", "composition_ru"):
            assert name == field or FIELDS[name] in answer.text, (name, where)
        assert rows(Product) == 0, where


@SQLITE
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"deal_price": "9990"}, "deal_until"),
        ({"deal_until": "2026-11-30"}, "deal_price"),
        ({"deal_price": "9990", "deal_until": "2026-11-25"}, "deal_until"),
    ],
)
def test_a_deal_is_whole_and_not_over(
    app: Flask,
    browser: FlaskClient,
    at: Callable[[datetime], None],
    changes: dict[str, str],
    field: str,
) -> None:
    at(NOON)
    browser = desk.signed_in(app, 1)
    goods.category()
    answer = post(app, browser, NEW, **{**FIELDS, **changes})
    assert (answer.status_code, [*marked(answer)]) == (422, [field])
    today = {"deal_price": "9990", "deal_until": "2026-11-26"}
    assert post(app, browser, NEW, **{**FIELDS, **today}).status_code == 303


def test_a_deal_that_is_over_does_not_stand_in_the_way_of_other_changes(
    app: Flask, browser: FlaskClient
) -> None:
    day = clock.today() + timedelta(days=1)
    number = product(deal_price=9990, deal_until=day)
    found = stored(number)
    found.deal_until = day - timedelta(days=9)
    db.session.commit()
    deal = {"deal_price": "9990", "deal_until": str(day - timedelta(days=9))}
    assert save(app, browser, number, price="11000", **deal).status_code == 303
    earlier = {"deal_price": "9990", "deal_until": str(day - timedelta(days=8))}
    assert [*marked(save(app, browser, number, **earlier))] == ["deal_until"]


def test_an_article_belongs_to_one_product(app: Flask, browser: FlaskClient) -> None:
    where = goods.category()
    product(where)
    other = product(where, article="K-015")
    answer = save(app, browser, other, article="k-014")
    assert (answer.status_code, [*marked(answer)]) == (422, ["article"])
    assert [*marked(post(app, browser, NEW, **FIELDS))] == ["article"]


@SQLITE
def test_the_longest_product_fits_into_the_form(app: Flask, browser: FlaskClient) -> None:
    goods.category()
    longest = {f"name_{code}": "ә" * 100 for code in ("ru", "kk", "en")}
    for stem, size in LONGEST.items():
        longest |= {f"{stem}_{code}": "ә" * size for code in ("ru", "kk", "en")}
    answer = post(app, browser, NEW, **{**FIELDS, **longest, "brand": "ә" * 100})
    assert answer.status_code == 303


def test_letters_that_grow_when_folded_are_stored(app: Flask, browser: FlaskClient) -> None:
    """One letter becomes three in the column to sort by."""
    goods.category()
    odd = {f"name_{code}": "\u0390" * 100 for code in ("ru", "kk", "en")}
    assert post(app, browser, NEW, **{**FIELDS, **odd}).status_code == 303


def test_strangers_and_other_staff_are_refused(app: Flask, dana: int) -> None:
    number = product()
    customer = desk.signed_in(app, desk.person(AIGERIM), second_factor=False)
    other = desk.signed_in(app, desk.member(BOLAT, Permission.ORDERS))
    paths = (
        LIST,
        NEW,
        f"{LIST}{number}",
        f"{LIST}{number}/photos",
        f"{LIST}{number}/stock",
    )
    for path in paths:
        assert app.test_client().get(path).status_code == 303
        assert customer.get(path).status_code == 403
        assert other.get(path).status_code == 403
    assert post(app, other, f"{LIST}{number}", **FIELDS).status_code == 403
    assert desk.signed_in(app, dana).post(f"{LIST}{number}", data=FIELDS).status_code == 400


def test_what_is_not_there_is_not_found(app: Flask, browser: FlaskClient) -> None:
    goods.category()
    for path in (
        f"{LIST}99",
        f"{LIST}99/photos",
        f"{LIST}99/stock",
        f"{LIST}categories/99",
    ):
        assert browser.get(path).status_code == 404
    for path in ("publish", "withdraw", "counts", "movements", "photos"):
        assert post(app, browser, f"{LIST}99/{path}").status_code == 404, path
        assert browser.get(f"{LIST}1/{path}").status_code in {404, 405}, path
    assert post(app, browser, f"{LIST}99", **FIELDS).status_code == 404
    assert browser.get(f"{LIST}{'9' * 30}").status_code == 404


def test_without_a_category_the_page_says_what_to_do_first(browser: FlaskClient) -> None:
    assert f'href="{LIST}categories/"' in browser.get(NEW).text


def test_the_journal_names_no_more_than_it_can_hold(app: Flask) -> None:
    number = product()
    every = {name: value + "!" for name, value in {**goods.NAMES, **goods.TEXTS}.items()}
    before = goods.draft(stored(number).category, **every)
    opened = seen(stored(number))
    assert products.change(number, before, opened=opened, staff=1)
    (act,) = desk.staff_actions("catalog.changed")
    assert len(act.what) == 120
