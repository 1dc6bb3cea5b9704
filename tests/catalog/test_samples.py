"""The sample goods: brought in, renewed, removed, and never brought back by themselves."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from neupusti.app import FEATURES
from neupusti.catalog.models import (
    Category,
    MovementKind,
    Product,
    ProductPhoto,
    StockMovement,
)
from neupusti.catalog.service import samples, stock
from neupusti.catalog.service.samples import DealEnd
from neupusti.catalog.service.stock import Movement
from neupusti.config.values import MailMode, Mode
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.text.languages import Language
from tests.catalog import goods
from tests.people import BIN

pytestmark = pytest.mark.usefixtures("samples")

ROWS = [row for content in samples.files() for row in content["product"]]


def count(model: type[object]) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def run(app: Flask, *args: str) -> str:
    result = app.test_cli_runner().invoke(args=["catalog", "samples", *args])
    assert result.exit_code == 0, result.output
    return result.output


def test_a_local_shop_begins_with_them(app: Flask) -> None:
    assert count(Product) == count(ProductPhoto) == len(ROWS)
    assert count(Category) == len(samples.files())
    assert stock.mismatches(db.session()) == []
    counted = dict(
        db.session.execute(
            select(Product.category, func.count()).group_by(Product.category)
        ).all()
    )
    kept = dict(db.session.execute(select(Category.id, Category.products)).all())
    assert counted == kept


def test_a_second_time_adds_nothing(app: Flask) -> None:
    before = count(Product), count(StockMovement), count(Category)
    assert "there already" in run(app)
    assert samples.seed() == ""
    assert (count(Product), count(StockMovement), count(Category)) == before


@pytest.mark.slow
def test_what_was_removed_does_not_come_back_by_itself(app: Flask) -> None:
    own = goods.product(goods.category("own"), "own", pieces=2)
    said = run(app, "--remove")
    assert f"Removed {len(ROWS)} sample products" in said
    assert "orders keep their own copies" in said
    assert [one.id for one in db.session.scalars(select(Product))] == [own]
    assert [one.slug for one in db.session.scalars(select(Category))] == ["own"]
    assert count(ProductPhoto) == 0
    assert samples.seed() == ""
    assert count(Product) == 1
    left = select(StockMovement.product, func.sum(StockMovement.delta)).group_by(
        StockMovement.product
    )
    assert {row[1] for row in db.session.execute(left) if row[0] != own} <= {0}
    assert f"{len(ROWS)} brought in" in run(app)
    assert count(Product) == len(ROWS) + 1


def test_a_category_in_use_stays(app: Flask) -> None:
    slug = samples.files()[0]["slug"]
    used = db.session.scalars(select(Category).where(Category.slug == slug)).one().id
    goods.product(used, "own")
    child = samples.files()[1]["slug"]
    with writing() as session:
        below = session.scalars(select(Category).where(Category.slug == child)).one()
        goods_parent = samples.files()[2]["slug"]
        parent = session.scalars(
            select(Category).where(Category.slug == goods_parent)
        ).one()
        below.parent = parent.id
        session.add(
            Category(
                position=1,
                slug="own",
                parent=parent.id,
                **{f"name_{language}": "x" for language in Language},
                published=True,
                products=0,
            )
        )
    run(app, "--remove")
    left = {row.slug: row.products for row in db.session.scalars(select(Category))}
    assert left == {slug: 1, goods_parent: 0, "own": 0}


def test_what_staff_changed_stays(app: Flask) -> None:
    number = db.session.scalars(
        select(Product.id).where(Product.slug == ROWS[0]["slug"])
    ).one()
    goods.change(number, name_ru="Другое", price=500_000)
    with writing() as session:
        kind = MovementKind.WRITTEN_OFF
        stock.change(session, Movement(product=number, delta=-1, kind=kind))
    pieces = goods_stock(number)
    run(app)
    product = db.session.get_one(Product, number, populate_existing=True)
    assert (product.name_ru, product.price, product.stock) == ("Другое", 500_000, pieces)


def goods_stock(number: int) -> int:
    db.session.rollback()
    return db.session.get_one(Product, number, populate_existing=True).stock


@pytest.mark.slow
def test_deals_that_ended_run_on(app: Flask, at: Callable[[datetime], None]) -> None:
    today = clock.today() + timedelta(days=70)
    at(clock.midnight(today))
    ends = {row["slug"]: DealEnd(row["until"]) for row in ROWS if "until" in row}
    stopped, *others = ends
    number = db.session.scalars(select(Product.id).where(Product.slug == stopped)).one()
    goods.change(number, deal_price=None, deal_until=None)
    wanted = select(Product).where(Product.deal_until >= today)
    assert db.session.scalars(wanted).all() == []
    assert samples.seed() == ""
    db.session.rollback()
    found = {p.slug: p for p in db.session.scalars(wanted)}
    assert found.keys() == {*others}
    for slug, product in found.items():
        assert product.deal_until == samples.deal_end(ends[slug], today)
        assert product.version > 2 or product.stock == 0


def test_a_public_shop_starts_empty(made: Callable[..., Flask]) -> None:
    app = made(
        mode=Mode.PRODUCTION,
        mail=MailMode.OUTBOX,
        base_url="https://shop.example/",
        operator_bin=BIN,
        operator_email="privacy@shop.example",
        operator_responsible="A lawyer",
    )
    (feature,) = (one for one in FEATURES if one.name == "catalog")
    assert feature.seed
    with app.app_context():
        # Without tables it would fail if it read or wrote anything.
        assert feature.seed() == ""
