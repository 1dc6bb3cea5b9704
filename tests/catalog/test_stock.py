"""Stock is the sum of its movements, and never less than nothing."""

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from neupusti.catalog.models import MovementKind, Product, StockMovement
from neupusti.catalog.service import stock
from neupusti.catalog.service.stock import Movement
from neupusti.core.data.database import db, writing
from tests.catalog import goods
from tests.catalog.searching import counted


def product(slug: str, pieces: int) -> int:
    """Store a product with that many pieces in a category of its own."""
    return goods.product(goods.category(slug), slug, pieces=pieces)


def state(number: int) -> tuple[int, str, int]:
    """Return stock, band and version."""
    found = db.session.get_one(Product, number, populate_existing=True)
    result = found.stock, found.band, found.version
    db.session.rollback()
    return result


def test_taking_moves_the_band_and_only_then_the_version(app: Flask) -> None:
    number = product("a", 5)
    assert state(number) == (5, "in", 2)
    for after in ((4, "in", 2), (3, "few", 3), (2, "few", 3)):
        with writing() as session:
            taken, refused = stock.take(session, {number: 1})
            assert ([p.id for p in taken], refused) == ([number], set())
        assert state(number) == after


def test_a_sale_writes_no_column_that_lists_are_indexed_by(app: Flask) -> None:
    number = product("a", 9)
    with counted() as statements, writing() as session:
        assert stock.take(session, {number: 1})[1] == set()
    changes = [one for one in statements if one.startswith("UPDATE product")]
    assert len(changes) == 1
    written = changes[0].partition(" WHERE ")[0]
    assert "stock" in written
    assert "band" not in written


def test_too_few_unpublished_and_unknown_are_refused_together(app: Flask) -> None:
    few, hidden, enough = product("a", 1), product("b", 5), product("c", 5)
    with writing() as session:
        session.get_one(Product, hidden).published = False
    wanted = {few: 2, hidden: 1, enough: 5, 999: 1}
    session = db.session()
    taken, refused = stock.take(session, wanted)
    session.rollback()
    assert ([p.id for p in taken], refused) == ([enough], {few, hidden, 999})
    assert state(enough) == (5, "in", 2)


def test_a_cause_moves_stock_once(app: Flask) -> None:
    number = product("a", 5)
    back = Movement(product=number, delta=1, kind=MovementKind.CANCELLED, source=7)
    with writing() as session:
        assert stock.change(session, back)
    with pytest.raises(IntegrityError), writing() as session:
        stock.change(session, back)
    assert state(number)[0] == 6
    assert stock.mismatches(db.session()) == []


def test_stock_never_falls_below_nothing(app: Flask) -> None:
    number = product("a", 2)
    lost = Movement(product=number, delta=-3, kind=MovementKind.WRITTEN_OFF)
    session = db.session()
    assert not stock.change(session, lost)
    session.rollback()
    assert state(number)[0] == 2


def test_what_does_not_add_up_is_found(app: Flask) -> None:
    number = product("a", 2)
    with writing() as session:
        session.execute(text("UPDATE product SET stock = 9 WHERE id = :id"), {"id": number})
    assert stock.mismatches(db.session()) == [(number, 9, 2)]


@pytest.mark.parametrize(
    "change", ["UPDATE stock_movement SET delta = 9", "DELETE FROM stock_movement"]
)
def test_a_movement_never_changes(app: Flask, change: str) -> None:
    number = product("a", 2)
    with pytest.raises(DBAPIError, match="never changes"), writing() as session:
        session.execute(text(change))
    assert db.session.query(StockMovement).filter_by(product=number).one().delta == 2
