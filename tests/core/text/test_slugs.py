"""Addresses made from names in Kazakh and Russian."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.core.text import collation, slugs


@pytest.mark.situation(30)
@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Қазақстан өрік", "qazaqstan-orik"),
        ("Әйелдер шәйнегі", "ayelder-shaynegi"),
        ("Һәм Ұңғы Үй Іңір Ғажап", "ham-ungy-uy-inir-gazhap"),
        ("Чайник эмалированный, 2,5 л", "chaynik-emalirovannyy-2-5-l"),
        ("Щётка «Ёж» — подъём & объём", "shchetka-ezh-podem-obem"),
        ("  Ю́жная Юрта  ", "yuzhnaya-yurta"),
        ("Café Müller 100 %", "cafe-muller-100"),
        ("茶", ""),
        ("../%00/<script>", "00-script"),
        ("", ""),
    ],
)
def test_a_name_becomes_an_address(name: str, wanted: str) -> None:
    assert slugs.slug(name) == wanted


def test_the_table_has_every_letter_of_the_alphabet() -> None:
    assert set(slugs.LETTERS) == set(collation.ALPHABET)


@given(st.text(max_size=300))
def test_every_address_is_well_formed_and_short(name: str) -> None:
    made = slugs.slug(name)
    assert not made or slugs.SHAPE.fullmatch(made)
    assert len(made) <= slugs.LONGEST
    assert slugs.slug(made) == made


@pytest.mark.situation(30)
def test_the_same_name_gets_a_number() -> None:
    assert slugs.free("orik", ()) == "orik"
    assert slugs.free("orik", {"orik"}) == "orik-2"
    assert slugs.free("orik", {"orik", "orik-2", "orik-4"}) == "orik-3"


def test_a_number_does_not_make_it_another_name() -> None:
    assert slugs.same_base("orik-2", "orik")
    assert slugs.same_base("orik", "orik")
    assert not slugs.same_base("orik-sary", "orik")
    assert not slugs.same_base("oriki", "orik")
