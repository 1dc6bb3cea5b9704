"""The migration that tells what staff released from what is in the shop."""

import flask_migrate
from flask import Flask
from sqlalchemy import select, text

from neupusti.catalog.models import Category, Product
from neupusti.core.data.database import db
from tests.catalog import goods

REVISION = "0019"


def states() -> dict[str, tuple[bool, bool]]:
    """Return slug -> whether a product is in the shop, and whether staff released it."""
    db.session.rollback()
    rows = db.session.execute(select(Product.slug, Product.published, Product.released))
    return {row.slug: (row.published, row.released) for row in rows}


def counts() -> dict[str, int]:
    db.session.rollback()
    rows = db.session.execute(select(Category.slug, Category.products))
    return {row.slug: row.products for row in rows}


def test_what_is_in_a_hidden_category_is_hidden_and_comes_back(app: Flask) -> None:
    goods.clear()
    shown, hidden = goods.category("shown"), goods.category("hidden")
    below = goods.category("below", parent=hidden)
    for where, slug in ((shown, "a"), (hidden, "b"), (below, "c")):
        goods.product(where, slug)
    goods.product(shown, "withdrawn", published=False)
    db.session.remove()
    flask_migrate.downgrade(revision=REVISION)
    flask_migrate.downgrade()
    with db.engine.begin() as connection:
        hide = text("UPDATE category SET published = :no WHERE slug = 'hidden'")
        connection.execute(hide, {"no": False})
    flask_migrate.upgrade()
    wanted = {"a": (True, True), "b": (False, True), "c": (False, True)}
    assert states() == {**wanted, "withdrawn": (False, False)}
    assert counts() == {"shown": 1, "hidden": 0, "below": 0}
    db.session.remove()
    flask_migrate.downgrade(revision=REVISION)
    flask_migrate.downgrade()
    with db.engine.connect() as connection:
        published = text("SELECT slug FROM product WHERE published ORDER BY slug")
        assert list(connection.scalars(published)) == ["a", "b", "c"]
    flask_migrate.upgrade()
    assert counts() == {"shown": 1, "hidden": 0, "below": 0}
