"""Two who save at once: the second is told, and loses nothing."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from neupusti.catalog.models import StockMovement
from neupusti.catalog.service import editing
from neupusti.catalog.service.errors import CatalogError
from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from tests import desk
from tests.catalog import staff_goods as goods
from tests.catalog.staff_goods import FIELDS, LIST, post, product, save, stored
from tests.people import BOLAT


def opened_in(text: str) -> str:
    """Return the digest of the product that a page holds."""
    found = re.search(r'name="opened"[^>]* value="(\w+)"', text)
    assert found
    return found[1]


def rows(table: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(table)) or 0


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
    assert save(app, desk.signed_in(app, other), number, price="11000").status_code == 303
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
