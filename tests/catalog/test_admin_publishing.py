"""Addresses of products, and whether they are shown in the shop."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.catalog.models import Category, ProductSlug
from neupusti.catalog.service import photos
from neupusti.catalog.service.photos import Alts
from neupusti.core.data.database import db
from tests import desk
from tests.catalog import staff_goods as goods
from tests.catalog.staff_goods import LIST, post, product, save, stored, what


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
    codes = [
        act.action for act in desk.staff_actions("catalog.published", "catalog.withdrawn")
    ]
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
