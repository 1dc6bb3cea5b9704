"""Goods are in the shop with their category, and nowhere without it."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from neupusti.catalog.models import Category, Product
from neupusti.catalog.service.drafts import CategoryDraft, seen
from neupusti.catalog.service.stock import mismatches
from neupusti.core.data.database import db, writing
from neupusti.core.web import microcache
from tests.catalog import staff_goods as goods
from tests.catalog.searching import slugs, vocabulary
from tests.catalog.staff_goods import LIST, post, product, stored
from tests.site.test_machine_pages import entries

pytestmark = pytest.mark.slow
CATEGORIES = f"{LIST}categories/"
NAME = "chainik-emalirovannyi"
"""The address of the goods that `staff_goods.product` makes."""


def category(number: int) -> Category:
    db.session.rollback()
    return db.session.get_one(Category, number, populate_existing=True)


def save(app: Flask, browser: FlaskClient, number: int, **changes: object) -> None:
    """Send the form of a category as it is stored, with changes."""
    found = category(number)
    values = {field: getattr(found, field) for field in CategoryDraft.__slots__}
    sent = {**values, "opened": seen(found), **changes}
    fields = {name: "" if v in {None, False} else v for name, v in sent.items()}
    assert post(app, browser, f"{CATEGORIES}{number}", **fields).status_code == 303
    db.session.rollback()
    microcache.invalidate()


def places(client: FlaskClient, slug: str) -> set[str]:
    """Return where visitors find a product."""
    microcache.invalidate()
    pages = {"catalog": "/catalog/", "home": "/", "search": "/search?q=Teapot"}
    found = {name for name, path in pages.items() if slug in client.get(path).text}
    if client.get(f"/product/{slug}").status_code == 200:
        found.add("page")
    if any(slug in url for url in entries(client)):
        found.add("sitemap")
    return found


EVERYWHERE = {"catalog", "home", "search", "page", "sitemap"}


def test_a_hidden_category_hides_its_goods_everywhere(
    app: Flask, browser: FlaskClient, client: FlaskClient
) -> None:
    where = goods.category()
    number = product(where, shown=True)
    withdrawn = product(where, shown=True, article="K-2", name_ru="Чашка")
    post(app, browser, f"{LIST}{withdrawn}/withdraw")
    slug, version = stored(number).slug, stored(number).version
    words = vocabulary()
    assert places(client, slug) == EVERYWHERE
    save(app, browser, where, published=False)
    assert places(client, slug) == set()
    assert category(where).products == 0
    assert vocabulary() == {}
    assert stored(number).version == version + 1
    assert "its category is not in the shop" in browser.get(f"/en{LIST}{number}").text
    save(app, browser, where, published=True)
    assert places(client, slug) == EVERYWHERE
    assert category(where).products == 1
    assert vocabulary() == words
    assert not stored(withdrawn).published


def test_what_is_below_a_hidden_category_is_hidden_with_it(
    app: Flask, browser: FlaskClient, client: FlaskClient
) -> None:
    above, below = goods.category(), goods.category("Чайники")
    number = product(below, shown=True)
    slug, path = stored(number).slug, f"/catalog/{category(below).slug}/"
    save(app, browser, below, parent=above)
    assert client.get(path).status_code == 200
    save(app, browser, above, published=False)
    assert places(client, slug) == set()
    assert client.get(path).status_code == 404
    assert not any(path in url for url in entries(client))
    table = browser.get(f"/en{CATEGORIES}").text.partition("<tbody")[2]
    assert table.count("not shown") == 2
    save(app, browser, below, parent="")
    assert places(client, slug) == EVERYWHERE
    assert client.get(path).status_code == 200


def test_a_product_goes_in_and_out_with_the_category_it_is_put_into(
    app: Flask, browser: FlaskClient, client: FlaskClient
) -> None:
    shown, hidden = goods.category(), goods.category("Склад")
    save(app, browser, hidden, published=False)
    number = product(hidden, shown=True)
    assert stored(number).released
    assert not stored(number).published
    assert category(hidden).products == 0
    goods.save(app, browser, number, category=category(shown).slug)
    assert places(client, stored(number).slug) == EVERYWHERE
    goods.save(app, browser, number, category=category(hidden).slug)
    assert places(client, stored(number).slug) == set()
    assert [category(one).products for one in (shown, hidden)] == [0, 0]


def test_publishing_says_where_the_category_keeps_it_away(
    app: Flask, browser: FlaskClient
) -> None:
    hidden = goods.category()
    number = product(hidden, shown=True)
    post(app, browser, f"{LIST}{number}/withdraw")
    save(app, browser, hidden, published=False)
    answer = post(app, browser, f"{LIST}{number}/publish")
    assert answer.headers["Location"].endswith(f"{LIST}{number}?done=saved")
    page = browser.get(f"/en{LIST}{number}?done=saved").text
    assert "its category is not in the shop" in page
    assert f'href="/en{CATEGORIES}{hidden}"' in page
    assert f'action="/en{LIST}{number}/withdraw"' in page


def test_a_renamed_category_is_found_by_its_new_name(
    app: Flask, browser: FlaskClient
) -> None:
    where = goods.category()
    slug = stored(product(where, shown=True)).slug
    save(app, browser, where, name_en="Crockery")
    assert slugs("crockery") == {slug}


def test_the_default_of_a_row_is_that_staff_released_what_is_published(
    app: Flask,
) -> None:
    where = goods.category()
    product(where)
    with writing() as session:
        session.execute(insert(Product).values(**row(where)))
    found = db.session.scalars(select(Product).where(Product.article == "K-9")).one()
    assert (found.published, found.released) == (True, True)


def row(where: int) -> dict[str, object]:
    """Return the columns of a published product that a tool stores by itself."""
    model = db.session.scalars(select(Product)).one()
    columns = (column.name for column in Product.__table__.columns)
    values = {
        name: getattr(model, name) for name in columns if name not in {"id", "released"}
    }
    return {**values, "slug": "other", "article": "K-9", "published": True}


def test_a_product_that_was_never_ordered_is_deleted_after_a_question(
    app: Flask, browser: FlaskClient, client: FlaskClient
) -> None:
    where = goods.category()
    number = product(where, shown=True)
    goods.save(app, browser, number, name_ru="Заварник")
    slug = stored(number).slug
    path = f"{LIST}{number}/delete"
    assert path in browser.get(f"{LIST}{number}").text
    assert "never ordered" in browser.get(f"/en{path}").text
    assert browser.post(path).status_code == 400
    assert stored(number).id == number
    answer = post(app, browser, path)
    assert answer.headers["Location"].endswith(f"{LIST}?done=deleted")
    assert places(client, slug) == set()
    assert client.get(f"/product/{NAME}").status_code == 404
    assert category(where).products == 0
    assert vocabulary() == {}
    with writing() as session:
        assert mismatches(session) == []
    assert post(app, browser, path).status_code == 404
    assert browser.get(path).status_code == 404
    assert product(where, article="K-014") > number


def test_headings_of_lists_leave_no_level_out(
    app: Flask, browser: FlaskClient, client: FlaskClient
) -> None:
    where = goods.category()
    product(where, shown=True)
    for path in ("/catalog/", f"/catalog/{category(where).slug}/", "/search?q=Teapot"):
        main = client.get(path).text.partition("<main")[2].partition("</main")[0]
        assert re.findall(r"<h([1-6])", main) == ["1", "2", "3"], path
