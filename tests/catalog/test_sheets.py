"""Goods as a table: exported, planned line by line, applied as it was shown."""

import csv as library
import io
import re
from collections.abc import Mapping
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from neupusti.catalog.models import Product, ProductSlug, StockMovement
from neupusti.catalog.service import sheets, stock
from neupusti.core import clock
from neupusti.core.data import files
from neupusti.core.data.database import db
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.core.text import csv
from tests import desk
from tests import stored as files_stored
from tests.catalog import staff_goods as goods
from tests.catalog.staff_goods import FIELDS, LIST, post, product, stored, upload, what
from tests.conftest import SQLITE
from tests.people import AIGERIM, BOLAT

IMPORT, APPLY, EXPORT = f"{LIST}import", f"{LIST}import/apply", f"{LIST}goods.csv"
FIGURE = re.compile(r'class="figure">(\d+)</dd>')


def table(*rows: Mapping[str, str], divider: str = ",") -> bytes:
    """Return a table whose columns are those of the first row."""
    out = io.StringIO()
    writer = library.DictWriter(out, [*rows[0]], delimiter=divider)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def plan(app: Flask, browser: FlaskClient, body: bytes) -> TestResponse:
    return upload(app, browser, IMPORT, ("sheet", body, "goods.csv"))


def figures(answer: TestResponse) -> list[int]:
    """Return how many lines are added, changed, as they are, refused."""
    assert answer.status_code in {200, 409}, answer.text
    return [int(number) for number in FIGURE.findall(answer.text)]


def shown(answer: TestResponse) -> dict[str, str]:
    """Return the hidden fields of the plan's form."""
    return {
        name: value
        for name in ("name", "digest")
        for value in re.findall(rf'name="{name}"[^>]* value="(\w+)"', answer.text)
    }


def number_of(article: str) -> int:
    db.session.rollback()
    return db.session.scalars(select(Product.id).filter_by(article=article)).one()


def test_an_export_imported_again_changes_nothing(app: Flask, browser: FlaskClient) -> None:
    where = goods.category()
    product(where, shown=True)
    odd: dict[str, Any] = {
        "name_en": "=HYPERLINK(1)",
        "text_ru": '- первое; «второе», "третье"\n- четвёртое\n',
        "sizes_kk": "'=1",
        "composition_en": "+5 %",
        "brand": "@x",
    }
    until = clock.today() + timedelta(days=3)
    product(where, article="K-2", deal_price=100, deal_until=until, old_price=None, **odd)
    answer = browser.get(EXPORT)
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    assert answer.data.startswith(b"\xef\xbb\xbfarticle,")
    assert "attachment" in answer.headers["Content-Disposition"]
    for cell in (row for rows in library.reader(io.StringIO(answer.text)) for row in rows):
        assert not cell.startswith(("=", "+", "-", "@")), cell
    assert figures(plan(app, browser, answer.data)) == [0, 0, 2, 0]
    semicolons = "\r\n".join(
        ";".join(f'"{cell.replace(chr(34), 2 * chr(34))}"' for cell in cells)
        for cells in [*library.reader(io.StringIO(answer.text.lstrip(csv.BOM), newline=""))]
    )
    assert figures(plan(app, browser, semicolons.encode())) == [0, 0, 2, 0]


def test_a_plan_says_what_changes_and_is_applied_as_it_was_shown(
    app: Flask, browser: FlaskClient, dana: int
) -> None:
    number = product()
    body = table(
        {**FIELDS, "price": "11490", "stock": "99"},
        {**FIELDS, "article": "k-99", "name_ru": "Самовар", "stock": "7"},
    )
    page = plan(app, browser, body)
    assert figures(page) == [1, 1, 0, 0]
    changed = unescape(page.text.partition('id="changed"')[2].partition("</table>")[0])
    assert ">12990</td>" in changed
    assert ">11490</td>" in changed
    assert "Самовар" in page.text
    assert (stored(number).price, db.session.query(Product).count()) == (12990, 1)
    answer = post(app, browser, APPLY, **shown(page))
    assert what(answer) == (303, f"{LIST}?done=imported")
    found = stored(number)
    assert (found.price, found.stock, found.version) == (11490, 0, 2)
    added = stored(number_of("K-99"))
    assert (added.slug, added.stock, added.published) == ("samovar", 7, False)
    (movement,) = db.session.scalars(select(StockMovement))
    assert (movement.kind, movement.delta, movement.staff) == ("received", 7, dana)
    assert stock.mismatches(db.session()) == []
    (act,) = desk.staff_actions("catalog.imported")
    assert act.what.startswith("1 added, 1 changed, ")
    assert len(desk.staff_actions("catalog.added", "catalog.changed")) == 3
    assert figures(plan(app, browser, body)) == [0, 0, 2, 0]


def test_a_few_columns_are_enough_for_known_goods(app: Flask, browser: FlaskClient) -> None:
    number = product()
    page = plan(
        app, browser, table({"article": " k-014", "price": "9990", "old_price": ""})
    )
    assert figures(page) == [0, 1, 0, 0]
    assert post(app, browser, APPLY, **shown(page)).status_code == 303
    found = stored(number)
    assert (found.price, found.old_price, found.brand) == (9990, None, "Айша")


def test_a_new_name_moves_the_address(app: Flask, browser: FlaskClient) -> None:
    number = product()
    page = plan(app, browser, table({"article": "K-014", "name_ru": "Самовар"}))
    post(app, browser, APPLY, **shown(page))
    assert stored(number).slug == "samovar"
    assert [row.slug for row in db.session.scalars(select(ProductSlug))] == [
        "chaynik-emalirovannyy"
    ]


@SQLITE
def test_a_refused_line_says_why_and_stops_the_others(
    app: Flask, browser: FlaskClient
) -> None:
    goods.category()
    good = {**FIELDS, "stock": "1"}
    wrong = (
        ({"price": "１２"}, "price"),
        ({"price": "1e3"}, "price"),
        ({"price": "12 990"}, "price"),
        ({"price": "-5"}, "price"),
        ({"old_price": "10"}, "old_price"),
        ({"deal_price": "10"}, "deal_until"),
        ({"deal_price": "10", "deal_until": "2020-01-01"}, "deal_until"),
        ({"deal_until": "30.11.2026"}, "deal_until"),
        ({"category": "nothing"}, "category"),
        ({"category": ""}, "category"),
        ({"origin": "Қазақстан"}, "origin"),
        ({"return_rule": "no"}, "return_rule"),
        ({"name_kk": ""}, "name_kk"),
        ({"name_en": "a\u202eb"}, "name_en"),
        ({"article": ""}, "article"),
        ({"article": "К-99"}, "article"),
        ({"stock": "-1"}, "stock"),
        ({"stock": "٣"}, "stock"),
        ({"weight_g": "0"}, "weight_g"),
    )
    for changes, column in wrong:
        body = table({**good, "article": "K-98"}, {**good, "article": "K-99", **changes})
        page = plan(app, browser, body)
        assert figures(page) == [1, 0, 0, 1], changes
        refused = page.text.partition('id="refused"')[2].partition("</table>")[0]
        assert f"<code>{column}</code>" in refused, changes
        assert '<td class="number" data-name="Строка">3</td>' in refused, changes
        assert APPLY not in page.text, changes
        kept = files_stored.names(sheets.FOLDER)
        rows = {"name": kept[0], "digest": "0" * 64}
        assert post(app, browser, APPLY, **rows).status_code == 409, changes
        assert db.session.query(Product).count() == 0, changes


@SQLITE
def test_a_line_is_whole_and_an_article_comes_once(
    app: Flask, browser: FlaskClient
) -> None:
    product()
    body = b"article,price\nK-014,1\nk-014,2\nK-014\nK-014,1,2\n"
    page = plan(app, browser, body)
    assert figures(page)[3] == 3
    line = r'data-name="Строка">(\d+)</td>\s*<th scope="row">K-014'
    lines = re.findall(line, page.text)
    assert lines[:3] == ["3", "4", "5"]


@SQLITE
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"article,price\n",
        b"price\n5\n",
        b"article,prise\nK-1,5\n",
        b"article,price,price\nK-1,5,6\n",
        "article;Цена\nK-1;5".encode("cp1251"),
        b'article,price\nK-1,"5\n',
        b"PK\x03\x04" + bytes(range(256)),
        b"article\n" + b"K-1\n" * (sheets.MOST_ROWS + 1),
        b"a" * (sheets.LARGEST + 1),
    ],
    ids=["empty", "no line", "no article", "unknown", "twice", "cp1251", "open", "xlsx",
         "too many", "too large"],
)  # fmt: skip
def test_what_is_no_table_is_refused_in_words(
    app: Flask, browser: FlaskClient, body: bytes
) -> None:
    answer = plan(app, browser, body)
    assert answer.status_code == 422
    assert 'id="sheet-error"' in answer.text
    assert files_stored.names(sheets.FOLDER) == []


def test_a_change_meanwhile_shows_a_new_plan_and_applies_nothing(
    app: Flask, browser: FlaskClient
) -> None:
    number = product()
    page = plan(app, browser, table({"article": "K-014", "price": "9990"}))
    found = stored(number)
    found.price = 12000
    db.session.commit()
    answer = post(app, browser, APPLY, **shown(page))
    assert answer.status_code == 409
    assert ">12000</td>" in answer.text
    assert stored(number).price == 12000
    assert post(app, browser, APPLY, **shown(answer)).status_code == 303
    assert stored(number).price == 9990


@SQLITE
def test_another_file_or_none_is_not_applied(app: Flask, browser: FlaskClient) -> None:
    number = product()
    one = shown(plan(app, browser, table({"article": "K-014", "price": "9990"})))
    two = shown(plan(app, browser, table({"article": "K-014", "price": "1"})))
    mixed = {"name": two["name"], "digest": one["digest"]}
    assert post(app, browser, APPLY, **mixed).status_code == 409
    for name in ("", "0" * 32, "../main.sqlite", "lock", "x"):
        sent = {"name": name, "digest": one["digest"]}
        assert post(app, browser, APPLY, **sent).status_code == 422, name
    assert stored(number).price == 12990


@pytest.mark.manifest(field="jobs")
def test_a_table_that_nobody_applied_is_deleted(app: Flask, browser: FlaskClient) -> None:
    (job,) = [job for job in registry().jobs if job.name == "sheets"]
    product()
    page = plan(app, browser, table({"article": "K-014", "price": "9990"}))
    (name,) = files_stored.names(sheets.FOLDER)
    assert name == shown(page)["name"]
    for age, there in ((files.GRACE / 2, True), (2 * files.GRACE, False)):
        files_stored.age(sheets.FOLDER, clock.now() - age)
        job.run()
        assert files.exists(sheets.FOLDER, name) is there


@SQLITE
def test_the_page_documents_every_column(app: Flask, browser: FlaskClient) -> None:
    goods.category()
    for prefix in ("", "/kk", "/en"):
        text = browser.get(prefix + IMPORT).text
        for name in {*sheets.COLUMNS} - {*sheets.SHOWN}:
            assert f"<code>{name}</code>" in text, name
        assert "<code>posuda</code>" in text
        assert "<code>no:plant</code>" in text


def test_strangers_are_refused(app: Flask, dana: int) -> None:
    customer = desk.signed_in(app, desk.person(AIGERIM), second_factor=False)
    other = desk.signed_in(app, desk.member(BOLAT, Permission.ORDERS))
    for path in (IMPORT, EXPORT):
        assert app.test_client().get(path).status_code == 303
        assert customer.get(path).status_code == 403
        assert other.get(path).status_code == 403
    assert post(app, other, APPLY).status_code == 403
    assert desk.signed_in(app, dana).get(APPLY).status_code == 405
