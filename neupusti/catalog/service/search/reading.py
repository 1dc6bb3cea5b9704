"""Read what a buyer typed: the words that the shop knows, in place of those it does not.

Nothing typed is stored, and no cache has it as a key. What a reading costs is bounded: by
the characters that are read, the words among them, and the spellings of each.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein
from sqlalchemy import bindparam, func, or_, select, union_all
from sqlalchemy.orm import Session

from neupusti.catalog.models import Word
from neupusti.catalog.service.search import forms
from neupusti.core.text import search

MAX_CHARACTERS = 100
MAX_WORDS = 8
PREFIX_LETTERS = 3
"""Letters that the beginning of a word must have to stand for the word."""
LAST = "\U0010ffff"
"""Sorts after every letter."""
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A word to be found: by any of its forms, or by whatever begins with one."""

    forms: frozenset[str]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What was typed between two spaces, and the words of each way to read it."""

    typed: str
    ways: tuple[Words, ...]
    """As it was typed comes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is searched for."""

    text: str
    """In words; empty where nothing that was typed is a word."""
    terms: tuple[Term, ...]
    unknown: Words
    """The words that no product has."""
    replaced: bool
    """Whether `text` has another word than was typed."""
    shortened: bool
    """Whether more was typed than is read."""


def read(session: Session, typed: str, *, exact: bool = False) -> Reading:
    """Return the reading of `typed`, in at most two queries; `exact`: replace no word."""
    parts, shortened = _parts(typed, exact=exact)
    whole, begun = _known(session, parts)
    terms = begun | whole
    chosen = {part: _way(part, whole, terms) for part in parts}
    lost = [part for part in parts if not terms.keys() >= {*chosen[part]}]
    if lost and not exact:
        strange = {word for part in lost for way in part.ways for word in way}
        near = _near(session, strange - terms.keys())
        chosen |= {part: _corrected(part, terms, near) for part in lost}
        terms = {meant: _term(meant) for meant, _ in near.values()} | terms
    words = [word for part in parts for word in chosen[part]]
    return Reading(
        text=" ".join(_text(part, chosen[part]) for part in parts),
        terms=tuple(dict.fromkeys(terms[word] for word in words if word in terms)),
        unknown=tuple(word for word in words if word not in terms),
        replaced=any(chosen[part] != part.ways[0] for part in parts),
        shortened=shortened,
    )


def _parts(typed: str, *, exact: bool) -> tuple[list[Part], bool]:
    """Return what is read of `typed`, and whether something was left out."""
    parts: list[Part] = []
    shortened, left = len(typed) > MAX_CHARACTERS, MAX_WORDS
    for text in search.folded(typed[:MAX_CHARACTERS])[:MAX_CHARACTERS].split():
        words = tuple(search.words(text))
        others = () if exact else search.spellings(text)
        read = (tuple(search.words(other)[:MAX_WORDS]) for other in others)
        ways = tuple(way for way in dict.fromkeys((words[:left], *read)) if way)
        if ways and left:
            parts.append(Part(text, ways))
        left, shortened = max(left - len(words), 0), shortened or len(words) > left
    telling = [part for part in parts if not forms.IDLE.issuperset(part.ways[0])]
    return telling or parts, shortened


def _known(
    session: Session, parts: Iterable[Part]
) -> tuple[dict[str, Term], dict[str, Term]]:
    """Return the words that the index has, and those that begin one that it has."""
    words = {word for part in parts for way in part.ways for word in way}
    if not words:
        return {}, {}
    asked = {word: forms.asked(word) for word in words}
    begins = {
        word: forms.loose(word)
        for word in words
        if len(word) >= PREFIX_LETTERS and not word.isdecimal()
    }
    # Values stand apart from the statements: the library keeps those for later.
    held = select(Word.word).where(Word.word.in_(bindparam("forms", expanding=True)))
    firsts = (
        select(func.min(Word.word)).where(
            Word.word >= bindparam(f"from_{number}"), Word.word < bindparam(f"to_{number}")
        )
        for number in range(len(begins))
    )
    values: dict[str, object] = {"forms": list({*chain.from_iterable(asked.values())})}
    for number, start in enumerate(begins.values()):
        values |= {f"from_{number}": start, f"to_{number}": start + LAST}
    rows = session.scalars(union_all(held, *firsts), values)
    found = {word for word in rows if word}
    whole = {w: Term(frozenset(each & found)) for w, each in asked.items() if each & found}
    begun = {
        word: Term(frozenset((start,)), prefix=True)
        for word, start in begins.items()
        if any(one.startswith(start) for one in found)
    }
    return whole, begun


def _way(part: Part, whole: Mapping[str, Term], terms: Mapping[str, Term]) -> Words:
    """Return the first way to read a part whose words are all known, or as typed."""
    for known in (whole, terms):
        for way in part.ways:
            if known.keys() >= {*way}:
                return way
    return part.ways[0]


def _near(session: Session, words: set[str]) -> dict[str, tuple[str, int]]:
    """Return the most likely word that was meant, and its slips, of those that have one."""
    slipped = {word: slips for word in words if (slips := _slips(word))}
    if not slipped:
        return {}
    lengths = [len(word) + way * n for word, n in slipped.items() for way in (-1, 1)]
    rows = session.execute(
        select(Word.word, Word.uses).where(
            func.length(Word.word).between(min(lengths), max(lengths)),
            or_(Word.word < "_", Word.word > f"_{LAST}"),
        )
    )
    uses = dict(rows.all())
    loose = {word: search.loose(word) for word in uses}
    near = {}
    for word, most in slipped.items():
        found = process.extract(
            search.loose(word),
            loose,
            scorer=DamerauLevenshtein.distance,
            score_cutoff=most,
            limit=None,
        )
        likely = sorted((n, w[0] != word[0], -uses[w], w) for _, n, w in found)
        if likely:
            near[word] = likely[0][3], int(likely[0][0])
    return near


def _slips(word: str) -> int:
    """Return how many slips are forgiven: 1 from four letters on, 2 from seven."""
    if not word.isalpha():
        return 0
    return 2 if len(word) >= 7 else 1 if len(word) >= 4 else 0  # noqa: PLR2004


def _corrected(
    part: Part, terms: Mapping[str, Term], near: dict[str, tuple[str, int]]
) -> Words:
    """Return the way to read a part that needs the fewest slips, or as typed."""
    meant = near | {word: (word, 0) for word in terms}
    ways = [way for way in part.ways if meant.keys() >= {*way}]
    if ways:
        way = min(ways, key=lambda way: sum(meant[word][1] for word in way))
    else:
        way = part.ways[0]
    return tuple(meant.get(word, (word, 0))[0] for word in way)


def _term(word: str) -> Term:
    return Term(frozenset(forms.asked(word)))


def _text(part: Part, way: Words) -> str:
    return part.typed if way == part.ways[0] else " ".join(way)
