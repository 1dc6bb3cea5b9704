import pytest
from hypothesis import given
from hypothesis import strategies as st

from neupusti.core.text.collation import ALPHABET, folded, sort_key, stored


def test_the_alphabet_has_its_42_letters_once_each() -> None:
    assert len(ALPHABET) == len(set(ALPHABET)) == 42


def test_all_kazakh_letters_sort_in_their_own_order() -> None:
    assert "".join(sorted(sorted(ALPHABET), key=sort_key)) == ALPHABET
    assert "".join(sorted(ALPHABET)) != ALPHABET


@pytest.mark.parametrize(
    "ordered",
    [
        ["алма", "әже", "бала"],
        ["ғылым", "дала"],
        ["кілем", "қазан", "лимон"],
        ["нан", "ңқ", "орман", "өзен", "пияз"],
        ["ура", "ұя", "үй", "фильм", "хат", "һан", "цирк"],
        ["ыдыс", "ілгек", "ьъ", "эму"],
        ["ель", "ёлка", "жук"],
        ["Lamp", "Zip", "абажур", "Абажуры"],
        ["нан", "нан ақ", "наннан"],
    ],
)
def test_words_sort_as_a_kazakh_dictionary_has_them(ordered: list[str]) -> None:
    assert sorted(sorted(ordered), key=sort_key) == ordered


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("ИВАНОВ", "иванов"),
        ("Ёлка", "елка"),
        ("Е\u0308лка", "елка"),
        ("ӘЖЕ", "әже"),
        ("ﬁn Ａ１", "fin a1"),
        ("Straße", "strasse"),
        ("  два \t слова\xa0тут ", "два слова тут"),
        ("и\u0306од", "йод"),
    ],
)
def test_a_search_column_is_folded(text: str, stored: str) -> None:
    assert folded(text) == stored


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.text(alphabet=ALPHABET + ALPHABET.upper()))
def test_case_does_not_matter_for_search_or_order(text: str) -> None:
    assert folded(text) == folded(text.upper())
    assert sort_key(text) == sort_key(text.lower())


@given(st.lists(st.text(alphabet=ALPHABET + ALPHABET.upper() + " -AZaz中")))
def test_a_sort_column_sorts_as_the_dictionary_does(words: list[str]) -> None:
    by_column = sorted(words, key=lambda word: stored(word).encode())
    assert [*map(sort_key, by_column)] == sorted(map(sort_key, words))
