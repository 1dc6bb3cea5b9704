"""What pages of staff take longer for being read past blocks, in turns with the tables."""

import time
from collections.abc import Iterator
from statistics import median

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from bench.pages import Figure
from bench.shop_placing import placing_seconds
from neupusti.core.data.database import db, writing
from neupusti.core.data.reading import EXTENSION
from neupusti.core.rules import Permission
from tests import desk
from tests.orders import buying
from tests.people import DANA

ROUNDS, TIMES = 25, 4
MOST, MOST_BOARD, PERCENT = 25.0, 50.0, 100
"""The board sorts and counts every order there is, past the blocks each."""
OK = 200


def pages(name: str, app: Flask) -> Iterator[Figure]:
    """Yield by how much pages take longer in the site of `app` as it is now.

    Its rows were stored with their numbers.
    """
    _number_on()
    placing_seconds(0, buying.product(pieces=1), buying.product(pieces=1))
    number = db.session.scalar(
        text("SELECT number FROM shop_order ORDER BY id DESC LIMIT 1")
    )
    db.session.remove()
    staff = desk.signed_in(app, desk.member(DANA, *Permission))
    for what, path, most in (
        ("the board of all orders", "/admin/orders/", MOST_BOARD),
        ("one order", f"/admin/orders/{number}", MOST),
        ("people", "/admin/people/", MOST),
    ):
        more = _slower(app, staff, path)
        yield Figure(f"{name}, page of {what}", more, "%", most=most)


def _number_on() -> None:
    """Let PostgreSQL number rows after those that were stored with their numbers."""
    if db.engine.dialect.name == "sqlite":
        return
    with writing() as session:
        for name in (
            table.name for table in db.metadata.tables.values() if "id" in table.c
        ):
            last = f'(SELECT max(id) FROM "{name}")'
            sequence = f"pg_get_serial_sequence('{name}', 'id')"
            session.execute(text(f"SELECT setval({sequence}, {last})"))


def _slower(app: Flask, staff: FlaskClient, path: str) -> float:
    """Return by how many percent a page takes longer, by the median of the pairs."""
    engines = main, _reading = app.extensions[EXTENSION]
    ways = (main, main), engines
    pairs = []
    try:
        for _round in range(ROUNDS + 1):
            taken = []
            for app.extensions[EXTENSION] in ways:
                begun = time.perf_counter()
                for _time in range(TIMES):
                    if staff.get(path).status_code != OK:
                        raise RuntimeError(f"{path} is not shown")
                taken.append(time.perf_counter() - begun)
            pairs.append(taken[1] / taken[0])
    finally:
        app.extensions[EXTENSION] = engines
    return (median(pairs[1:]) - 1) * PERCENT
