"""The index follows the goods, in the transaction that changes them."""

import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update

from neupusti.catalog.models import Category, Product, Word
from neupusti.catalog.service import samples
from neupusti.catalog.service.search import index, store
from neupusti.core.data.database import db, writing
from tests.catalog.searching import copy_of, slugs, teapot, vocabulary

pytestmark = pytest.mark.usefixtures("samples")


@pytest.mark.parametrize(
    "change",
    [
        update(Product).where(Product.slug == "enamel-teapot").values(published=False),
        delete(Product).where(Product.slug == "enamel-teapot"),
    ],
    ids=["withdrawn", "deleted"],
)
def test_what_is_not_sold_is_not_found(app: Flask, change: object) -> None:
    assert "enamel-teapot" in slugs("чайник")
    with writing() as session:
        kitchen = select(Category.id).where(Category.slug == "kitchen")
        own = select(Product.id).where(Product.category.in_(kitchen))
        numbers = session.scalars(own).all()
        session.execute(text("DELETE FROM product_photo"))
        session.execute(change)  # type: ignore[call-overload]
        index.update(session, numbers)
    assert "enamel-teapot" not in slugs("чайник")


def test_a_renamed_product_is_found_under_its_new_name(app: Flask) -> None:
    with writing() as session:
        teapot = session.scalars(
            select(Product).where(Product.slug == "enamel-teapot")
        ).one()
        teapot.name_ru = "Заварник фарфоровый"
        index.update(session, [teapot.id])
    assert slugs("заварники") == {"enamel-teapot"}
    assert "заварник" in vocabulary()


def test_an_update_keeps_the_vocabulary_as_a_count_would(app: Flask) -> None:
    with writing() as session:
        products = session.scalars(select(Product).order_by(Product.id)).all()
        numbers = [product.id for product in products]
        products[0].name_ru, products[1].published = "Совсем другое слово", False
        session.add(other := copy_of("chef-knife", 1))
        session.flush()
        index.update(session, [*numbers[:2], other.id, 10_000])
        session.execute(text("DELETE FROM product_photo"))
        session.execute(delete(Product).where(Product.id == numbers[2]))
        index.update(session, numbers[2:3])
        index.update(session, [])
    kept = vocabulary()
    with writing() as session:
        store.count_words(session)
    assert kept == vocabulary()
    assert min(kept.values()) > 0


def test_a_rolled_back_change_leaves_the_index_alone(app: Flask) -> None:
    before = vocabulary()
    session = db.session()
    teapot().name_ru = "Заварник"
    index.update(session, [teapot().id])
    assert "заварник" in {*session.scalars(select(Word.word))}
    session.rollback()
    assert vocabulary() == before
    assert "enamel-teapot" in slugs("чайник")


@pytest.mark.slow
def test_reindex_makes_the_index_from_the_products(app: Flask) -> None:
    whole, hits = vocabulary(), slugs("чугун")
    assert hits
    with writing() as session:
        session.execute(text("DELETE FROM product_words"))
        session.execute(update(Word).values(uses=7))
        gone = store.Entry(frozenset(), frozenset({"a"}), frozenset())
        store.replace(session, [], {9999: gone})
    done = app.test_cli_runner().invoke(args=["catalog", "reindex"])
    assert done.exit_code == 0
    number = len(db.session.scalars(select(Product.id)).all())
    assert f"{number + 1} of {number + 1}" in done.output
    assert vocabulary() == whole
    assert slugs("чугун") == hits


@pytest.mark.slow
def test_the_samples_leave_nothing_in_the_index(app: Flask) -> None:
    samples.remove()
    assert vocabulary() == {}
    assert slugs("чайник") == set()
    samples.bring()
    assert "enamel-teapot" in slugs("чайник")
