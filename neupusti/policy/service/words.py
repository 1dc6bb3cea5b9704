"""The words of a clause: its wording, and how alike two wordings are."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping
from hashlib import sha256
from heapq import nlargest
from itertools import pairwise

MARKS = ".,;:!?…'\"«»„“”‚‹›()\\[\\]{}*•·-"
"""Typographic marks, escaped for a character class; a sign such as % is not one."""
WORDING = re.compile(rf"\w+(?:[^\w\s]+\w+)*|[^\w\s{MARKS}]")
NORMALISED = str.maketrans("‐‑‒–—―’‘ʼ`", "------''''")
STEM = 5
"""Letters of a word that are compared where case endings are to be ignored."""
COMMON = 32
"""A word or pair of words of more clauses than this leads to none of them."""
CANDIDATES = 6
FINGERPRINT = 16

Features = Counter[str | tuple[str, str]]
"""The words of a text and its pairs of neighbouring words, with their counts."""


def wording(text: str) -> list[str]:
    """Return the words, numbers and signs of `text` without its typographic marks.

    Marks are white space, quotes, dashes, brackets, stars of bold type and punctuation
    next to a word. Inside a word, number or address a mark is part of it: `1.5` is not
    `15`.
    """
    plain = unicodedata.normalize("NFC", text.replace("**", "")).translate(NORMALISED)
    return WORDING.findall("".join(c for c in plain if unicodedata.category(c) != "Cf"))


def fingerprint(text: str) -> str:
    """Return the beginning of the SHA-256 of the wording of `text`, 16 digits."""
    return sha256(" ".join(wording(text)).encode()).hexdigest()[:FINGERPRINT]


def features(text: str, length: int | None = None) -> Features:
    """Return the features of `text` in lower case; `length` cuts every word."""
    words = [word.casefold()[:length] for word in wording(text)]
    return Counter[str | tuple[str, str]](words) + Counter(pairwise(words))


def likeness(one: Features, other: Features, different: int = 0) -> float:
    """Return the share of features in common, from 0 to 1 (Dice's coefficient).

    `different` adds so many features that differ.
    """
    whole = one.total() + other.total() + different
    return 2 * (one & other).total() / whole if whole else 1.0


class Index:
    """Finds the most alike of many texts, in time linear in their size."""

    def __init__(self, texts: Mapping[str, Features]) -> None:
        self.texts = texts
        self.places: dict[str | tuple[str, str], list[str]] = defaultdict(list)
        for key, found in texts.items():
            for feature in found:
                self.places[feature].append(key)

    def nearest(self, wanted: Features) -> list[tuple[float, str]]:
        """Return the likeness and key of a few texts, the most alike first.

        Only texts that share a feature which is not common to many are looked at.
        """
        weights: dict[str, float] = defaultdict(float)
        for feature in wanted:
            places = self.places.get(feature, ())
            if len(places) <= COMMON:
                for key in places:
                    weights[key] += 1 / len(places)
        best = nlargest(CANDIDATES, weights, key=lambda key: weights[key])
        found = ((likeness(self.texts[key], wanted), key) for key in best)
        return sorted(found, key=lambda pair: -pair[0])
