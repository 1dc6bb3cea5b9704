from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask
from flask_babel import Domain, force_locale

from neupusti.core.text.languages import Language
from neupusti.core.text.plurals import choose

RU = {"one": "товар", "few": "товара", "many": "товаров", "other": "товара (дробно)"}
KG = {"one": "килограмм", "few": "килограмма", "many": "килограммов", "other": "килограмма"}
KK = {"other": "тауар"}


@pytest.mark.parametrize(
    ("number", "form"),
    [
        (0, "товаров"),
        (1, "товар"),
        (2, "товара"),
        (3, "товара"),
        (5, "товаров"),
        (11, "товаров"),
        (12, "товаров"),
        (21, "товар"),
        (22, "товара"),
        (25, "товаров"),
        (101, "товар"),
        (111, "товаров"),
        (1.5, "товара (дробно)"),
        (21.5, "товара (дробно)"),
    ],
)
def test_russian_counts_in_four_wordings(number: float, form: str) -> None:
    assert choose(number, RU, Language.RU) == form


def test_one_and_a_half_kilograms() -> None:
    assert choose(1.5, KG, Language.RU) == "килограмма"
    assert choose(5, KG, Language.RU) == "килограммов"


@pytest.mark.parametrize("number", [0, 1, 2, 5, 11, 21, 1.5])
def test_a_kazakh_noun_never_changes_after_a_numeral(number: float) -> None:
    assert choose(number, KK, Language.KK) == "тауар"


@pytest.mark.parametrize(("number", "form"), [(1, "item"), (0, "items"), (2, "items")])
def test_english_has_one_and_the_others(number: int, form: str) -> None:
    assert choose(number, {"one": "item", "other": "items"}, Language.EN) == form


@pytest.fixture
def counting(tmp_path: Path) -> Domain:
    """Catalogues that know one counted noun."""
    forms = {
        "ru": ("%(num)d товар", "%(num)d товара", "%(num)d товаров"),
        "kk": ("%(num)d тауар", "%(num)d тауар"),
    }
    for locale, strings in forms.items():
        catalogue = Catalog(locale=locale)
        catalogue.add(("%(num)d item", "%(num)d items"), strings)
        folder = tmp_path / "translations" / locale / "LC_MESSAGES"
        folder.mkdir(parents=True)
        with (folder / "messages.mo").open("wb") as file:
            write_mo(file, catalogue)
    return Domain(str(tmp_path / "translations"))


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (Language.RU, ["1 товар", "3 товара", "5 товаров", "11 товаров", "21 товар"]),
        (Language.KK, ["1 тауар", "3 тауар", "5 тауар", "11 тауар", "21 тауар"]),
        (Language.EN, ["1 item", "3 items", "5 items", "11 items", "21 items"]),
    ],
)
def test_gettext_counts_in_each_language(
    bare: Flask, counting: Domain, language: Language, lines: list[str]
) -> None:
    noun = ("%(num)d item", "%(num)d items")
    with bare.test_request_context(), force_locale(language.locale):
        assert [counting.ngettext(*noun, number) for number in (1, 3, 5, 11, 21)] == lines
