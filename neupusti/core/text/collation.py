"""Sorting and searching in Kazakh and Russian.

Code points put Ә Ғ Қ Ң Ө Ұ Ү Һ І after я, and the default Unicode table misplaces І and Ұ;
SQLite's LIKE and lower() know ASCII only. Hence a sort key and a folded form of our own.
"""

import unicodedata

ALPHABET = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
PRIVATE_USE = 0x10FF00
"""First code point of stored letters: no text holds these, and none sorts after them."""
_ORDER = {letter: index for index, letter in enumerate(ALPHABET, 1)}


def sort_key(text: str) -> tuple[tuple[int, int], ...]:
    """Return a key that sorts by the 42-letter alphabet; other scripts come before it."""
    return tuple(
        (1, _ORDER[letter]) if letter in _ORDER else (0, ord(letter))
        for letter in unicodedata.normalize("NFC", text).casefold()
    )


def folded(text: str) -> str:
    """Return `text` as a search column stores it: NFKC, no case, ё as е, single spaces."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("ё", "е")
    return " ".join(plain.split())


def stored(text: str) -> str:
    """Return `text` as a column to sort by stores it: code points sort as `sort_key` does.

    SQLite compares them so, PostgreSQL under its collation "C".
    """
    return "".join(
        chr(PRIVATE_USE + _ORDER[letter]) if letter in _ORDER else letter
        for letter in unicodedata.normalize("NFC", text).casefold()
    )
