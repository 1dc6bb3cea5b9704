"""Stock is counted, received and written off by hand, and each change has its reason."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from neupusti.catalog.models import MovementKind, StockMovement
from neupusti.catalog.service import stock
from neupusti.catalog.service.stock import Movement
from neupusti.core.data.database import db, writing
from neupusti.core.rules import Permission
from tests import desk
from tests.catalog.staff_goods import LIST, post, product, stored, what
from tests.conftest import SQLITE
from tests.people import BOLAT

WHY = "Пересчёт полки"


def last(browser: FlaskClient, number: int) -> str:
    """Return the last movement by hand, as the page knows it."""
    page = browser.get(f"{LIST}{number}/stock")
    assert page.status_code == 200
    found = re.search(r'name="last"[^>]* value="(\d+)"', page.text)
    assert found
    return found[1]


def count(app: Flask, browser: FlaskClient, number: int, **fields: Any) -> TestResponse:
    sent = {"last": last(browser, number), "reason": WHY, **fields}
    return post(app, browser, f"{LIST}{number}/counts", **sent)


def move(app: Flask, browser: FlaskClient, number: int, **fields: Any) -> TestResponse:
    sent = {"last": last(browser, number), "reason": WHY, "kind": "received", **fields}
    return post(app, browser, f"{LIST}{number}/movements", **sent)


def sell(number: int, pieces: int, source: int = 1) -> None:
    with writing() as session:
        sold = Movement(
            product=number, delta=-pieces, kind=MovementKind.SOLD, source=source
        )
        assert stock.change(session, sold)


def movements() -> list[tuple[int, str, int | None, str]]:
    db.session.rollback()
    rows = db.session.scalars(select(StockMovement).order_by(StockMovement.id))
    return [(row.delta, row.kind, row.staff, row.reason) for row in rows]


def test_pieces_come_are_counted_and_written_off(
    app: Flask, browser: FlaskClient, dana: int
) -> None:
    number = product()
    answer = move(app, browser, number, pieces="10")
    assert what(answer) == (303, f"{LIST}{number}/stock?done=stock")
    assert count(app, browser, number, was="10", now="12").status_code == 303
    assert move(app, browser, number, kind="written_off", pieces="3").status_code == 303
    found = stored(number)
    assert (found.stock, found.band) == (9, "in")
    assert movements() == [
        (10, "received", dana, WHY),
        (2, "counted", dana, WHY),
        (-3, "written_off", dana, WHY),
    ]
    assert stock.mismatches(db.session()) == []
    acts = [(act.what, act.reason) for act in desk.staff_actions("catalog.stock")]
    assert acts[1] == (f"product {number}: +2 counted", WHY)
    page = browser.get(f"{LIST}{number}/stock").text
    assert page.count(WHY) == 3
    assert "+10</td>" in page


def test_a_count_keeps_what_was_sold_while_it_was_taken(
    app: Flask, browser: FlaskClient
) -> None:
    number = product()
    move(app, browser, number, pieces="10")
    seen = last(browser, number)
    sell(number, 4)
    fields = {"last": seen, "was": "10", "now": "12", "reason": WHY}
    assert post(app, browser, f"{LIST}{number}/counts", **fields).status_code == 303
    assert stored(number).stock == 8


def test_a_second_press_and_a_second_count_change_nothing(
    app: Flask, browser: FlaskClient
) -> None:
    number = product()
    move(app, browser, number, pieces="10")
    fields = {"last": last(browser, number), "was": "10", "now": "12", "reason": WHY}
    other = desk.signed_in(app, desk.member(BOLAT, Permission.CONTENT))
    assert post(app, other, f"{LIST}{number}/counts", **fields).status_code == 303
    answer = post(app, browser, f"{LIST}{number}/counts", **fields)
    assert answer.status_code == 409
    assert BOLAT.name in answer.text
    assert stored(number).stock == 12
    assert re.search(r'name="was"[^>]* value="12"', answer.text)
    assert re.search(r'name="now"[^>]* value="12"', answer.text)
    for forged in ("", "x", "-1", "9" * 30, "０"):
        sent = {**fields, "last": forged}
        assert post(app, browser, f"{LIST}{number}/counts", **sent).status_code == 409
    assert stored(number).stock == 12


def test_the_stock_never_falls_below_nothing(app: Flask, browser: FlaskClient) -> None:
    number = product()
    move(app, browser, number, pieces="5")
    seen = last(browser, number)
    sell(number, 4)
    fields = {"last": seen, "was": "5", "now": "2", "reason": WHY}
    answer = post(app, browser, f"{LIST}{number}/counts", **fields)
    assert answer.status_code == 422
    assert 'id="now-error"' in answer.text
    lost = move(app, browser, number, kind="written_off", pieces="2")
    assert lost.status_code == 422
    assert 'id="pieces-move-error"' in lost.text
    assert (stored(number).stock, len(movements())) == (1, 2)
    assert stock.mismatches(db.session()) == []


def test_an_equal_count_is_no_movement(app: Flask, browser: FlaskClient) -> None:
    number = product()
    move(app, browser, number, pieces="5")
    answer = count(app, browser, number, was="5", now="5")
    assert what(answer)[1].endswith("done=unchanged")
    assert len(movements()) == 1


@SQLITE
@pytest.mark.parametrize("field", ["was", "now", "pieces"])
def test_only_digits_count(app: Flask, browser: FlaskClient, field: str) -> None:
    number = product()
    send = move if field == "pieces" else count
    shown = "pieces-move" if field == "pieces" else field
    for value in ("", "-1", "1e3", "１２", "٣", "1_0", "3.0", "9" * 400):
        fields = {"was": "1", "now": "2", "pieces": "3", field: value}
        answer = send(app, browser, number, **fields)
        assert answer.status_code == 422, value
        assert f'id="{shown}-error"' in answer.text, value
        assert movements() == [], value


@SQLITE
def test_a_reason_and_a_kind_of_the_list_are_needed(
    app: Flask, browser: FlaskClient
) -> None:
    number = product()
    for fields in (
        {"reason": ""},
        {"reason": " "},
        {"reason": "а\u202eб"},
        {"reason": "я" * 201},
        {"kind": "sold"},
        {"kind": "counted"},
        {"pieces": "0"},
    ):
        sent = {"pieces": "3", **fields}
        assert move(app, browser, number, **sent).status_code == 422, fields
    assert count(app, browser, number, was="0", now="3", reason="").status_code == 422
    assert movements() == []
