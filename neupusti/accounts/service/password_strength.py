"""Detect guessable passwords: common words, keyboard walks, digits, repeats.

Works offline with a word list of this package. A password is guessable if it consists of
at most two such pieces in any decoration: `Пароль-2024`, `gfhjkmgfhjkm`, `P@ssw0rd1234`,
`йцукенгшщзхъ`. So a short list covers billions of passwords.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

WORDS_FILE = Path(__file__).parents[1] / "words" / "common.txt"
MAX_PIECES = 2
"""At most this many guessable pieces make a password common."""
MIN_WORD_LENGTH, MIN_PERSONAL_WORD_LENGTH = 3, 2
MAX_LENGTH = 72
"""Longer than two pieces can be, in characters."""
MIN_DISTINCT = 4
"""A password with fewer distinct characters is common."""
LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,./`"
CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбю.ё"
KAZAKH_ROW = "әіңғүұқөһ"
KEYBOARD_ROWS = (
    *("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"),
    *("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю.", KAZAKH_ROW, "ёйцукен"),
    *("abcdefghijklmnopqrstuvwxyz", "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"),
    *("аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя", "абвгдежзийклмнопрстуфхцчшщъыьэюя"),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "qazwsxedcrfvtgbyhnujmik,ol."),
    *("1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "qawsedrftgyhujikol"),
    *("1й2ц3у4к5е6н7г8ш9щ0з", "й1ц2у3к4е5н6г7ш8щ9з0", "йфяцычувскамепинртгоьшлбщдю"),
)
LEET = str.maketrans("013457@$!", "oieastasi")
LAYOUT_SWAPS = (str.maketrans(LATIN, CYRILLIC), str.maketrans(CYRILLIC, LATIN))
REPEATS = re.compile(r"(.+?)\1+")


def too_common(password: str, about: Iterable[str] = ()) -> bool:
    """Return whether `password` is guessable; `about` are words about its owner."""
    plain = _normalized(password)
    if len(set(plain)) < MIN_DISTINCT:
        return True
    known = common_words() | keyboard_walks() | _personal_words(about)
    return any(_pieces(form, known) <= MAX_PIECES for form in _forms(plain))


def _normalized(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _personal_words(about: Iterable[str]) -> frozenset[str]:
    """Return the owner's names and address, whole and split into words."""
    texts = [_normalized(text) for text in about]
    parts = [part for text in texts for part in re.split(r"[\W_]+", text)]
    return frozenset(
        part for part in (*texts, *parts) if len(part) >= MIN_PERSONAL_WORD_LENGTH
    )


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Return the common words of the list."""
    lines = WORDS_FILE.read_text(encoding="utf-8").splitlines()
    text = " ".join(line for line in lines if not line.startswith("#"))
    return frozenset(word for word in text.split() if len(word) >= MIN_WORD_LENGTH)


@lru_cache(maxsize=1)
def keyboard_walks() -> frozenset[str]:
    """Return every run of neighbouring keys and letters, forwards and backwards."""
    rows = [walk for row in KEYBOARD_ROWS for walk in (row, row[::-1])]
    return frozenset(
        row[start:end]
        for row in rows
        for start in range(len(row))
        for end in range(start + MIN_WORD_LENGTH, len(row) + 1)
    )


def _forms(plain: str) -> set[str]:
    """Return `plain`, also in the other layout, without punctuation, and unrepeated."""
    forms = {plain, *(plain.translate(swap) for swap in LAYOUT_SWAPS)}
    bare = {"".join(filter(str.isalnum, form)) for form in forms}
    forms |= {form for form in bare if 2 * len(form) > len(plain)}
    # A repeated word is no harder to guess: «парольпароль», «abcabcabc».
    return forms | {REPEATS.sub(_collapse_repeat, form) for form in forms}


def _collapse_repeat(found: re.Match[str]) -> str:
    return found[1] if len(found[1]) > 1 else found[0]


def _pieces(text: str, known: frozenset[str]) -> int:
    """Return the least number of pieces of `text`; each other character counts as one."""
    if len(text) > MAX_LENGTH:
        return len(text)
    best = [0] + [len(text)] * len(text)
    for start in range(len(text)):
        if best[start] <= MAX_PIECES:
            for end in range(start + 1, len(text) + 1):
                cost = best[start] + _cost(text[start:end], known)
                best[end] = min(best[end], cost)
    return best[-1]


def _cost(piece: str, known: frozenset[str]) -> int:
    if piece in known or piece.isdigit() or piece.translate(LEET) in known:
        return 1
    if not any(character.isalnum() for character in piece):
        return 0 if len(set(piece)) == 1 else len(piece)
    return 1 if len(set(piece)) == 1 else len(piece)
