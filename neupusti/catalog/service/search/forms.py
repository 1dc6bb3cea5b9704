"""The forms of a word that the index holds, the same on both databases.

A form begins with `_` and a letter for its kind, and matches its own kind only: a Kazakh
stem never meets a Russian word that happens to look like it. A word of letters stands
there without `_` too: slips are sought among these.
"""

import re
from functools import cache

import pymorphy3
import snowballstemmer

from neupusti.core.text import search
from neupusti.core.text.languages import Language

MAX_LEMMAS = 4
"""Dictionary forms of one word: «мыла» is of «мыло» and of «мыть»."""
RUSSIAN = re.compile(r"[а-я]+")
ENGLISH = re.compile(r"[a-z]+")
CYRILLIC = re.compile(r"[\u0430-\u04ff]+")
IDLE = frozenset({
    "а", "без", "в", "во", "для", "до", "за", "и", "из", "или", "к", "ко", "на", "над",
    "не", "о", "об", "от", "по", "под", "при", "с", "со", "у",
    "және", "мен", "бен", "пен", "үшін", "немесе",
    "a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to",
    "with",
})  # fmt: skip
"""Words that tell no goods apart."""
IRREGULAR = {
    "children": "child", "men": "man", "women": "woman", "feet": "foot", "teeth": "tooth",
    "knives": "knife", "loaves": "loaf", "leaves": "leaf", "scarves": "scarf",
    "shelves": "shelf", "mice": "mouse", "geese": "goose",
}  # fmt: skip
"""English plurals that the stemmer leaves alone."""


def loose(word: str) -> str:
    """Return the form without Kazakh letters, which every word has."""
    return f"_l{search.loose(word)}"


def written(word: str, language: Language | None) -> set[str]:
    """Return the forms under which a word of a text is found; no language: a name."""
    return _plain(word).union(_STEMS[language](word) if language else ())


def asked(word: str) -> set[str]:
    """Return the forms that find what a buyer means by a word of any language."""
    return _plain(word).union(*(stems(word) for stems in _STEMS.values()))


def _plain(word: str) -> set[str]:
    """Return the word and its loose form; of numbers and articles the latter alone."""
    return {word, loose(word)} if word.isalpha() else {loose(word)}


def _russian(word: str) -> set[str]:
    if not RUSSIAN.fullmatch(word):
        return set()
    lemmas = dict.fromkeys(parse.normal_form for parse in _analyzer().parse(word))
    return {f"_r{search.folded(lemma)}" for lemma in list(lemmas)[:MAX_LEMMAS]}


def _kazakh(word: str) -> set[str]:
    return {f"_k{search.kazakh_stem(word)}"} if CYRILLIC.fullmatch(word) else set()


def _english(word: str) -> set[str]:
    if not ENGLISH.fullmatch(word):
        return set()
    return {f"_e{_stemmer().stemWord(IRREGULAR.get(word, word))}"}


_STEMS = {Language.RU: _russian, Language.KK: _kazakh, Language.EN: _english}


@cache
def _analyzer() -> pymorphy3.MorphAnalyzer:
    """Load the dictionary, which takes a tenth of a second and 30 MB, at first use."""
    return pymorphy3.MorphAnalyzer(lang="ru")


@cache
def _stemmer() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")
