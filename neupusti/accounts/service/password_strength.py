"""Passwords that are guessed first: common words, keyboard walks, digits, repeats.

Nothing is sent anywhere: the words are in the tree. A password falls if it is no more than
two such pieces in a row, however they are decorated: `Пароль-2024`, `gfhjkmgfhjkm`,
`P@ssw0rd1234`, `йцукенгшщзхъ`. So the list of the tree stands for billions of passwords.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

WORDS = Path(__file__).parents[1] / "words" / "common.txt"
PIECES = 2
"""So many guessable pieces, or fewer, make a password common."""
SHORTEST_WORD, SHORTEST_OWN = 3, 2
LONGEST = 72
"""Characters beyond which no two pieces reach."""
DISTINCT = 4
"""A password of fewer different characters is common whatever they are."""
LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,./`"
CYRILLIC = "йцукенгшщзхъфывапролджэячсмитьбю.ё"
KAZAKH_ROW = "әіңғүұқөһ"
ROWS = (
    *("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"),
    *("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю.", KAZAKH_ROW, "ёйцукен"),
    *("abcdefghijklmnopqrstuvwxyz", "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"),
    *("аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя", "абвгдежзийклмнопрстуфхцчшщъыьэюя"),
    *("1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "qazwsxedcrfvtgbyhnujmik,ol."),
    *("1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "qawsedrftgyhujikol"),
    *("1й2ц3у4к5е6н7г8ш9щ0з", "й1ц2у3к4е5н6г7ш8щ9з0", "йфяцычувскамепинртгоьшлбщдю"),
)
LEET = str.maketrans("013457@$!", "oieastasi")
SWAPS = (str.maketrans(LATIN, CYRILLIC), str.maketrans(CYRILLIC, LATIN))
REPEATS = re.compile(r"(.+?)\1+")


def too_common(password: str, about: Iterable[str] = ()) -> bool:
    """Tell whether `password` is guessed early; `about` are words about its owner."""
    plain = _plain(password)
    if len(set(plain)) < DISTINCT:
        return True
    known = words() | walks() | _own(about)
    return any(_pieces(form, known) <= PIECES for form in _forms(plain))


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _own(about: Iterable[str]) -> frozenset[str]:
    """Return the words of the owner's names and address, and each of them whole."""
    texts = [_plain(text) for text in about]
    parts = [part for text in texts for part in re.split(r"[\W_]+", text)]
    return frozenset(part for part in (*texts, *parts) if len(part) >= SHORTEST_OWN)


@lru_cache(maxsize=1)
def words() -> frozenset[str]:
    """Return the common words of the tree."""
    lines = WORDS.read_text(encoding="utf-8").splitlines()
    told = " ".join(line for line in lines if not line.startswith("#"))
    return frozenset(word for word in told.split() if len(word) >= SHORTEST_WORD)


@lru_cache(maxsize=1)
def walks() -> frozenset[str]:
    """Return every stretch of neighbouring keys and letters, there and back."""
    rows = [walk for row in ROWS for walk in (row, row[::-1])]
    return frozenset(
        row[start:end]
        for row in rows
        for start in range(len(row))
        for end in range(start + SHORTEST_WORD, len(row) + 1)
    )


def _forms(plain: str) -> set[str]:
    """Return `plain` as it stands, typed on the other layout, bare of signs, said once."""
    forms = {plain, *(plain.translate(swap) for swap in SWAPS)}
    bare = {"".join(filter(str.isalnum, form)) for form in forms}
    forms |= {form for form in bare if 2 * len(form) > len(plain)}
    # What is said twice is no harder to guess: «парольпароль», «abcabcabc».
    return forms | {REPEATS.sub(_once, form) for form in forms}


def _once(found: re.Match[str]) -> str:
    return found[1] if len(found[1]) > 1 else found[0]


def _pieces(text: str, known: frozenset[str]) -> int:
    """Return how many guessable pieces `text` falls into at best; others count each."""
    if len(text) > LONGEST:
        return len(text)
    best = [0] + [len(text)] * len(text)
    for start in range(len(text)):
        if best[start] <= PIECES:
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
