"""Folding for search: what may differ between a text and what a buyer types of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.core.text import search


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Чайник эмалированный, 2,5 л", ["чайник", "эмалированный", "2", "5", "л"]),
        ("КОВЁР ковёр", ["ковер", "ковер"]),
        ("«Құрақ көрпе»", ["құрақ", "көрпе"]),
        ("Café Größe", ["cafe", "grosse"]),
        ("ｆｕｌｌ　ｗｉｄｔｈ", ["full", "width"]),
        ("кiлем", ["кілем"]),
        ("K-014 К-014 k014", ["k014", "k014", "k014"]),
        ("150 × 200", ["150", "200"]),
        ("USB-кабель", ["usb", "кабель"]),
        ("дома-2", ["дома", "2"]),
        ("ш2йнек", ["ш2йнек"]),
        ('"; DROP* :A & | ! ( ) ^ NEAR/2 \0', ["drop", "a", "near", "2"]),
        ("茶壶 قوري", []),
        ("а" * 100, ["а" * 40]),
    ],
)
def test_words_are_folded(text: str, words: list[str]) -> None:
    assert search.words(text) == words


@given(st.text(max_size=200))
def test_a_word_holds_nothing_but_letters_and_digits(text: str) -> None:
    for word in search.words(text):
        assert search.WORD.fullmatch(word)
        assert len(word) <= search.MAX_LETTERS
        assert search.words(word) == [word]


@pytest.mark.parametrize(
    ("written", "stem"),
    [
        ("шәйнек", "шайнек"),
        ("шәйнегі", "шайнек"),
        ("шәйнектеріміздің", "шайнек"),
        ("кітабы", "китап"),
        ("кілемдерді", "килем"),
        ("балаларға", "бала"),
        ("балы", "бал"),
        ("шайдың", "шай"),
        ("қантсыз", "кант"),
        ("қызғалдағының", "кызгалдак"),
        ("мата", "мата"),
        ("ет", "ет"),
    ],
)
def test_kazakh_suffixes_are_taken_off(written: str, stem: str) -> None:
    assert search.kazakh_stem(written) == stem


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("xfqybr", "чайник"),
        ("h.rpfr", "рюкзак"),
        ("i2qytr", "шәйнек"),
        ("-h3r", "өрік"),
        ("0азан", "қазан"),
        ("еуфзще", "teapot"),
        ("chainik", "чайник"),
        ("chaynik", "чайник"),
        ("polotence", "полотенце"),
        ("shchetka", "щетка"),
        ("şai", "шай"),
        ("jangaq", "жангак"),
        ("moyka", "мойка"),
        ("mayonez", "маенез"),
    ],
)
def test_other_keys_and_letters_are_read(typed: str, meant: str) -> None:
    assert meant in set(search.spellings(typed))


@given(st.text(max_size=100))
def test_there_are_few_other_spellings(text: str) -> None:
    others = list(search.spellings(text))
    assert len(others) <= 4
    assert text not in others
    assert all(len(other) <= 2 * len(text) for other in others)
