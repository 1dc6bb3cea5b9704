"""Sorting and searching in Kazakh and Russian.

Code points put Ә Ғ Қ Ң Ө Ұ Ү Һ І behind я, and the default Unicode table misplaces І and
Ұ; SQLite's LIKE and lower() know ASCII only. So: one key, and one folded form to store.
"""

import unicodedata

ALPHABET = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
FIRST = 0x10FF00
"""Where stored letters have their places: no text holds these, and none sorts behind."""
_ORDER = {letter: place for place, letter in enumerate(ALPHABET, 1)}


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
        chr(FIRST + _ORDER[letter]) if letter in _ORDER else letter
        for letter in unicodedata.normalize("NFC", text).casefold()
    )
