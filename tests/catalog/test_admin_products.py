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
from neupusti.catalog.models import Category, Product, ProductSlug, StockMovement
from neupusti.catalog.service import editing, photos, products
from neupusti.catalog.service.drafts import seen
from neupusti.catalog.service.errors import CatalogError
from neupusti.catalog.service.photos import Alts
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


def opened_in(text: str) -> str:
    """Return the digest of the product that a page holds."""
    found = re.search(r'name="opened"[^>]* value="(\w+)"', text)
    assert found
    return found[1]


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
    (act,) = desk.acts("catalog.added")
    assert (act.staff, act.what) == (dana, f"product {made.id}: K-014")


def test_a_change_is_saved_and_journaled(app: Flask, browser: FlaskClient) -> None:
    number = product()
    answer = save(app, browser, number, price="11490", brand=" Айша ")
    assert what(answer) == (303, f"{LIST}{number}?done=saved")
    found = stored(number)
    assert (found.price, found.brand, found.version) == (11490, "Айша", 2)
    assert [act.what for act in desk.acts("catalog.changed")] == [
        f"product {number}: price"
    ]
    again = save(app, browser, number, price="11490")
    assert what(again) == (303, f"{LIST}{number}?done=unchanged")
    assert stored(number).version == 2


@SQLITE
@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("price", value) for value in ("", "0", "-5", "1e3", "１２", "٣", "1_0", "12.5")),
        *(("price", value) for value in ("12 990", "9" * 400, "2147483648", "+5", "0x10")),
        *(("weight_g", value) for value in ("", "0", "１00", "-1")),
        ("old_price", "12990"),
        ("old_price", "100"),
        ("deal_price", "13000"),
        ("deal_price", "12990"),
        ("deal_until", "2026-13-01"),
        ("deal_until", "２０２６-11-30"),
        ("deal_until", "2026-W48-1"),
        ("deal_until", "20261130"),
        ("origin", "XX"),
        ("origin", "kz"),
        ("return_rule", "no:reason"),
        ("category", "nothing"),
        ("article", ""),
        ("article", "К-014"),
        ("article", "../../x y"),
        ("article", "A" * 41),
        ("name_ru", ""),
        ("name_kk", "  "),
        ("name_en", "x" * 101),
        ("name_ru", "Чай\u202eник"),
        ("name_ru", "Чай\x00ник"),
        ("text_kk", "я" * (LONGEST["text"] + 1)),
        ("brand", "a\r\nb"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(
    app: Flask,
    browser: FlaskClient,
    field: str,
    value: str,
) -> None:
    goods.category()
    answer = post(app, browser, NEW, **{**FIELDS, field: value})
    assert answer.status_code == 422
    assert field in marked(answer), marked(answer)
    assert f'href="#{field}"' in answer.text
    title = re.search(r"<title>(.*?)</title>", answer.text)
    assert title
    assert title[1].startswith("Ошибка:")
    for name in ("text_en", "sizes_kk", "composition_ru"):
        if name != field:
            assert FIELDS[name] in answer.text, name
    assert rows(Product) == 0


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
    browser = desk.seat(app, 1)
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


@pytest.mark.situation(30)
def test_addresses_come_from_russian_names_and_former_ones_are_kept(
    app: Flask, browser: FlaskClient
) -> None:
    where = goods.category()
    first = product(where, name_ru="Қазақстан өрік")
    second = product(where, name_ru="Қазақстан  өрік!", article="K-015")
    assert stored(first).slug == "qazaqstan-orik"
    assert stored(second).slug == "qazaqstan-orik-2"
    save(app, browser, second, name_ru="Қазақстан өрік", article="K-015")
    assert stored(second).slug == "qazaqstan-orik-2"
    save(app, browser, first, name_ru="Кептірілген өрік")
    assert stored(first).slug == "keptirilgen-orik"
    db.session.rollback()
    former = db.session.scalars(select(ProductSlug)).one()
    assert (former.slug, former.product) == ("qazaqstan-orik", first)
    third = product(where, name_ru="Қазақстан өрік", article="K-016")
    assert stored(third).slug == "qazaqstan-orik-3"
    save(app, browser, first, name_ru="Қазақстан өрік")
    assert stored(first).slug == "qazaqstan-orik"
    assert [row.slug for row in db.session.scalars(select(ProductSlug))] == [
        "keptirilgen-orik"
    ]


def test_a_name_without_letters_still_has_an_address(app: Flask) -> None:
    where = goods.category()
    assert stored(product(where, name_ru="茶")).slug == "product"
    assert stored(product(where, name_ru="壺", article="K-2")).slug == "product-2"


def test_what_another_took_in_the_same_moment_is_found_at_the_next_attempt(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check sees nothing, the database refuses, the second check sees it."""
    where = goods.category()
    product(where, name_ru="Самовар")
    really = editing.article_taken
    answers = iter([lambda *_, **__: False])
    monkeypatch.setattr(
        editing,
        "article_taken",
        lambda session, article, but=None: next(answers, really)(session, article, but=but),
    )
    with pytest.raises(CatalogError) as refused:
        product(where, name_ru="Самовар большой")
    assert [*refused.value.errors] == ["article"]
    slugs = iter(["samovar"])
    made = editing._free_slug  # noqa: SLF001 - what a race would return
    monkeypatch.setattr(
        editing, "_free_slug", lambda *args: next(slugs, None) or made(*args)
    )
    assert stored(product(where, name_ru="Самовар", article="K-15")).slug == "samovar-2"


def test_of_two_who_save_the_second_is_told_and_loses_nothing(
    app: Flask, browser: FlaskClient, dana: int
) -> None:
    number = product()
    opened = {
        **FIELDS,
        "opened": opened_in(page(browser, number)),
    }
    other = desk.member(BOLAT, Permission.CONTENT)
    assert save(app, desk.seat(app, other), number, price="11000").status_code == 303
    mine = {**opened, "text_ru": "Мой новый текст", "price": "12000"}
    answer = post(app, browser, f"{LIST}{number}", **mine)
    assert answer.status_code == 409
    assert BOLAT.name in answer.text
    assert "Мой новый текст" in answer.text
    assert ">11000</td>" in answer.text
    assert ">12000</td>" in answer.text
    assert stored(number).price == 11000
    again = {**mine, "opened": opened_in(answer.text)}
    assert post(app, browser, f"{LIST}{number}", **again).status_code == 303
    assert (stored(number).price, stored(number).text_ru) == (12000, "Мой новый текст")


def page(browser: FlaskClient, number: int) -> str:
    answer = browser.get(f"{LIST}{number}")
    assert answer.status_code == 200
    return answer.text


def test_a_sale_meanwhile_is_no_conflict(app: Flask, browser: FlaskClient) -> None:
    """Stock and its band raise the version, and are no field of the form."""
    number = product()
    opened = {
        **FIELDS,
        "opened": opened_in(page(browser, number)),
    }
    found = stored(number)
    found.version += 1
    db.session.commit()
    assert post(app, browser, f"{LIST}{number}", **opened, stock="7").status_code == 303
    assert stored(number).stock == 0
    assert rows(StockMovement) == 0


def test_without_a_photo_or_a_name_it_is_not_published(
    app: Flask, browser: FlaskClient
) -> None:
    where = goods.category()
    number = product(where)
    found = stored(number)
    found.name_kk = ""
    db.session.commit()
    answer = post(app, browser, f"{LIST}{number}/publish")
    assert answer.status_code == 422
    assert answer.text.count("<li>") >= 2
    assert not stored(number).published
    assert save(app, browser, number).status_code == 303
    assert photos.add(number, goods.PHOTO, "a.jpg", Alts(**goods.ALTS), staff=1)
    before = stored(number).version
    assert what(post(app, browser, f"{LIST}{number}/publish"))[1].endswith("done=published")
    assert (stored(number).published, stored(number).version) == (True, before + 1)
    assert db.session.get_one(Category, where).products == 1
    post(app, browser, f"{LIST}{number}/publish")
    assert stored(number).version == before + 1
    assert what(post(app, browser, f"{LIST}{number}/withdraw"))[1].endswith("withdrawn")
    assert not stored(number).published
    assert db.session.get_one(Category, where).products == 0
    codes = [act.action for act in desk.acts("catalog.published", "catalog.withdrawn")]
    assert codes == ["catalog.published", "catalog.withdrawn"]


def test_a_move_to_another_category_counts_in_both(
    app: Flask, browser: FlaskClient
) -> None:
    one, two = goods.category(), goods.category("Сад")
    number = product(one, shown=True)
    assert save(app, browser, number, category="sad").status_code == 303
    db.session.rollback()
    counted = [db.session.get_one(Category, where).products for where in (one, two)]
    assert counted == [0, 1]


def test_the_list_is_filtered_and_searched(app: Flask, browser: FlaskClient) -> None:
    one, two = goods.category(), goods.category("Сад")
    shown = product(one, shown=True)
    product(two, name_ru="Әсем ГҮЛ", name_kk="Әсем гүл", name_en="Flower_1", article="G-7")
    for query, found in {
        "": 2,
        f"category={one}": 1,
        f"category={two}&q=чайник": 0,
        "published=1": 1,
        "published=0": 1,
        "band=out": 2,
        "band=in": 0,
        "q=ЧАЙНИК": 1,
        "q=әСЕМ": 1,
        "q=эмал+чай": 1,
        "q=g-7": 1,
        "q=r_1": 1,
        "q=_": 1,
        "q=%25": 0,
        "q=%27+OR+1": 0,
        "band=x&published=9&category=x&page=-1": 2,
        "page=" + "9" * 30: 2,
        "category=" + "9" * 30: 2,
    }.items():
        text = browser.get(f"{LIST}?{query}").text
        assert len(re.findall(r'<th scope="row" class="named">', text)) == found, query
    assert f"{LIST}{shown}/stock" in browser.get(LIST).text
    assert browser.get("/kk" + LIST).status_code == 200


def test_a_long_list_has_pages(app: Flask, browser: FlaskClient) -> None:
    where = goods.category()
    for number in range(51):
        product(where, article=f"K-{number}")
    for page_number, expected in ((1, 50), (2, 1), (3, 1)):
        text = browser.get(f"{LIST}?q=k-&page={page_number}").text
        assert len(re.findall(r'<th scope="row" class="named">', text)) == expected
        assert "?q=k-&amp;page=" in text


def test_strangers_and_other_staff_are_refused(app: Flask, dana: int) -> None:
    number = product()
    customer = desk.seat(app, desk.person(AIGERIM), factor=False)
    other = desk.seat(app, desk.member(BOLAT, Permission.ORDERS))
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
    assert desk.seat(app, dana).post(f"{LIST}{number}", data=FIELDS).status_code == 400


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
    (act,) = desk.acts("catalog.changed")
    assert len(act.what) == 120
