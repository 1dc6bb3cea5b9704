"""What buyers see first: what the goods are, then their names, then their texts."""

import pytest
from flask import Flask

from neupusti.catalog.service.search import index
from neupusti.core.data.database import writing
from tests.catalog.searching import copy_of, found

pytestmark = pytest.mark.usefixtures("samples")
MUG = {
    "name_ru": "Кружка дорожная из стали, 300 мл",
    "name_kk": "Жол үшін болат саптыаяқ, 300 мл",
    "name_en": "Travel mug of steel, 300 ml",
}
"""A newer good than the thermos that has a mug with it."""
PLAIN = {
    "name_ru": "Сувенир дорожный, 1 шт.",
    "name_kk": "Жол кәдесыйы, 1 дана",
    "name_en": "Travel souvenir, 1 piece",
}


def sell(slug: str, **texts: str) -> None:
    """Sell one more good, like a sample but for its texts."""
    with writing() as session:
        session.add(product := copy_of(slug, 1, article=f"X-{slug}", **texts))
        session.flush()
        index.update(session, [product.id])


@pytest.mark.parametrize("typed", ["кружка", "кружек", "саптыаяқтар", "mugs", "круж"])
def test_what_a_good_is_counts_more_than_what_comes_with_it(app: Flask, typed: str) -> None:
    sell("felt-thermos", **MUG)
    slugs = found(typed)
    assert slugs.index("felt-thermos-1") < slugs.index("felt-thermos")


@pytest.mark.parametrize(
    ("typed", "named", "told"),
    [
        ("палатки", "two-person-tent", "camp-lantern"),
        ("бал", "steppe-honey", "watercolours"),
        ("жаңғақ", "walnuts", "shanqobyz"),
        ("walnut", "walnuts", "shanqobyz"),
    ],
)
def test_a_name_counts_more_than_a_text_with_all_forms_of_the_word(
    app: Flask, typed: str, named: str, told: str
) -> None:
    slugs = found(typed)
    assert slugs.index(named) < slugs.index(told)


def test_several_words_in_a_name_count_more_than_in_a_text(app: Flask) -> None:
    gift = {**PLAIN, "text_ru": "Медный чайник в подарок: медные чайники."}
    sell("velvet-chapan", **gift)
    sell("enamel-teapot", **PLAIN | {"name_ru": "Чайник медный"})
    assert found("медный чайник") == ["enamel-teapot-1", "velvet-chapan-1"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Термос в войлочном чехле и кружка, 1 л", "термос"),
        ("Набор для начинающих: домбра, чехол", "набор"),
        ("Чайник (эмаль)", "чайник"),
        ("Men’s linen shirt with embroidery", "men’s linen shirt"),
        ("Балалар үшін арба, бесігі бар", "балалар үшін арба"),
        ("Для дома", ""),
        (", 1 л", ""),
    ],
)
def test_the_kind_ends_with_a_sign_or_a_small_word(name: str, kind: str) -> None:
    assert index.kind(name) == kind
