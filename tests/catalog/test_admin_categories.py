"""Staff add, rename, order, move and publish categories."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.catalog.models import Category
from neupusti.catalog.service.drafts import seen
from neupusti.core.data.database import db
from tests import desk
from tests.catalog.staff_goods import LIST, post, what

PATH = f"{LIST}categories/"
FIELDS = {
    "name_ru": "Посуда и кухня",
    "name_kk": "Ыдыс және ас үй",
    "name_en": "Kitchen",
    "parent": "",
    "position": "1",
    "published": "y",
}


def stored() -> list[Category]:
    db.session.rollback()
    return list(db.session.scalars(select(Category).order_by(Category.id)))


def save(app: Flask, browser: FlaskClient, category: Category, **changes: Any) -> int:
    sent = {**FIELDS, "opened": seen(category), **changes}
    return post(app, browser, f"{PATH}{category.id}", **sent).status_code


def test_a_category_is_added_renamed_and_hidden(app: Flask, browser: FlaskClient) -> None:
    assert browser.get(PATH).status_code == 200
    assert what(post(app, browser, PATH, **FIELDS)) == (303, f"{PATH}?done=saved")
    (made,) = stored()
    assert (made.slug, made.published, made.products) == ("posuda-i-kuhnya", True, 0)
    assert FIELDS["name_ru"] in browser.get(f"{PATH}{made.id}").text
    assert save(app, browser, made, name_ru="Кухня", published="", position="7") == 303
    (changed,) = stored()
    assert (changed.name_ru, changed.slug) == ("Кухня", "posuda-i-kuhnya")
    assert (changed.published, changed.position) == (False, 7)
    assert len(desk.staff_actions("catalog.category")) == 2
    post(app, browser, PATH, **FIELDS)
    assert stored()[1].slug == "posuda-i-kuhnya-2"


def test_their_order_and_depth_are_shown(app: Flask, browser: FlaskClient) -> None:
    post(app, browser, PATH, **FIELDS)
    post(app, browser, PATH, **{**FIELDS, "name_ru": "Сад", "position": "0"})
    post(app, browser, PATH, **{**FIELDS, "name_ru": "Чайники", "parent": "1"})
    text = browser.get(PATH).text.partition("<table")[2].partition("</table>")[0]
    places = [text.index(name) for name in (">Сад<", ">Посуда и кухня<", "— <a")]
    assert places == sorted(places)


def test_no_category_is_below_itself(app: Flask, browser: FlaskClient) -> None:
    post(app, browser, PATH, **FIELDS)
    post(app, browser, PATH, **{**FIELDS, "name_ru": "Чайники", "parent": "1"})
    first, second = stored()
    for parent in (first.id, second.id):
        assert save(app, browser, stored()[0], parent=str(parent)) == 422
    assert [one.parent for one in stored()] == [None, 1]
    assert save(app, browser, stored()[1], parent="") == 303
    assert [one.parent for one in stored()] == [None, None]


def test_what_is_wrong_is_said(app: Flask, browser: FlaskClient) -> None:
    for changes in (
        {"name_kk": ""},
        {"position": "１"},
        {"position": "-1"},
        {"parent": "99"},
        {"parent": "x"},
        {"name_en": "я" * 101},
    ):
        answer = post(app, browser, PATH, **{**FIELDS, **changes})
        assert answer.status_code == 422, changes
        assert f'id="{next(iter(changes))}-error"' in answer.text
    assert stored() == []


def test_of_two_who_save_the_second_is_told(app: Flask, browser: FlaskClient) -> None:
    post(app, browser, PATH, **FIELDS)
    (opened,) = stored()
    assert save(app, browser, opened, opened="0" * 64, name_ru="Кухня") == 409
    (now,) = stored()
    assert now.name_ru == FIELDS["name_ru"]
