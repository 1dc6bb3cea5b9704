"""Two editions side by side: clause by clause, then word by word."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from itertools import takewhile
from operator import eq

from neupusti.policy.service.document import Document, order

TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
MARKS = ".,;:!?…'\"«»„“”‚‹›()\\[\\]{}*•·-"
"""Typographic marks as they stand in a class of a pattern; a sign such as % is none."""
WORDING = re.compile(rf"\w+(?:[^\w\s]+\w+)*|[^\w\s{MARKS}]")
ALIKE = str.maketrans("‐‑‒–—―’‘ʼ`", "------''''")
REWRITTEN = 0.25
"""Below this likeness a word-by-word mix reads worse than the old text and then the new."""
ISLAND_WORDS = 2
"""Fewer kept words than this between two changes are drawn into them."""
PAIRS = 400_000
"""Of longer texts (old tokens times new) only the beginning and the end are compared: the
time of the whole comparison grows with the third power in the worst case."""

Block = tuple[int, int, int]
"""What was kept: place in the old text, place in the new one, tokens."""


class ChangeStatus(StrEnum):
    """What happened to a clause between the older and the newer edition."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


class EditOperation(StrEnum):
    """What happened to a run of words."""

    KEPT = "kept"
    DELETED = "deleted"
    INSERTED = "inserted"


@dataclass(frozen=True, slots=True)
class Run:
    """Words that share one fate."""

    operation: EditOperation
    text: str


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """A clause of either edition and what became of it."""

    number: str
    status: ChangeStatus
    runs: tuple[Run, ...]


def wording(text: str) -> list[str]:
    """Return the words, numbers and signs of `text` without its typographic marks.

    Marks are white space, quotes, dashes, brackets, stars of bold type and punctuation
    beside a word. Inside a word, a number or an address a mark is part of it: `1.5` is
    not `15`. Two texts of the same wording differ in no more than marks.
    """
    plain = unicodedata.normalize("NFC", text.replace("**", "")).translate(ALIKE)
    return WORDING.findall("".join(c for c in plain if unicodedata.category(c) != "Cf"))


def compare(older: Document, newer: Document) -> list[ClauseChange]:
    """Return every clause of both documents, in order of number."""
    numbers = sorted({*older.clauses, *newer.clauses}, key=order)
    return [_change(number, older, newer) for number in numbers]


def words(old: str, new: str) -> tuple[Run, ...]:
    """Return the runs that turn `old` into `new`.

    The kept and deleted runs together are `old`, the kept and inserted ones `new`.
    """
    before, after = TOKEN.findall(old), TOKEN.findall(new)
    found = _ends if len(before) * len(after) > PAIRS else _matched
    blocks = _solid(found(before, after), before, after)
    kept = sum(_words_in(before[a : a + size]) for a, _, size in blocks)
    if 2 * kept < REWRITTEN * (_words_in(before) + _words_in(after)):
        return tuple(_runs(before, after))
    return tuple(_woven(blocks, before, after))


def _change(number: str, older: Document, newer: Document) -> ClauseChange:
    old, new = older.clauses.get(number), newer.clauses.get(number)
    if old is None or new is None:
        present = old or new
        text = present.whole.replace("**", "") if present else ""
        if old is None:
            return ClauseChange(
                number, ChangeStatus.ADDED, (Run(EditOperation.INSERTED, text),)
            )
        return ClauseChange(
            number, ChangeStatus.REMOVED, (Run(EditOperation.DELETED, text),)
        )
    before, after = (clause.whole.replace("**", "") for clause in (old, new))
    if before == after:
        return ClauseChange(number, ChangeStatus.SAME, (Run(EditOperation.KEPT, before),))
    return ClauseChange(number, ChangeStatus.CHANGED, words(before, after))


def _runs(before: list[str], after: list[str]) -> Iterator[Run]:
    if before:
        yield Run(EditOperation.DELETED, "".join(before))
    if after:
        yield Run(EditOperation.INSERTED, "".join(after))


def _matched(before: list[str], after: list[str]) -> Iterable[Block]:
    return SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()


def _ends(before: list[str], after: list[str]) -> Iterable[Block]:
    """Return what both begin with, and what both end with."""
    begin = _alike(before, after)
    end = _alike(before[begin:][::-1], after[begin:][::-1])
    yield 0, 0, begin
    yield len(before) - end, len(after) - end, end


def _alike(one: list[str], other: list[str]) -> int:
    """Return how many first tokens are the same."""
    return sum(1 for _ in takewhile(bool, map(eq, one, other)))


def _solid(found: Iterable[Block], before: list[str], after: list[str]) -> list[Block]:
    """Return the kept blocks without the islands."""
    return [
        (a, b, size)
        for a, b, size in found
        if size
        and (
            _words_in(before[a : a + size]) >= ISLAND_WORDS
            or a == b == 0
            or (a + size, b + size) == (len(before), len(after))
        )
    ]


def _woven(blocks: list[Block], before: list[str], after: list[str]) -> Iterator[Run]:
    """Yield the kept blocks, and between them what was deleted and inserted."""
    at_old = at_new = 0
    for a, b, size in blocks:
        yield from _runs(before[at_old:a], after[at_new:b])
        yield Run(EditOperation.KEPT, "".join(before[a : a + size]))
        at_old, at_new = a + size, b + size
    yield from _runs(before[at_old:], after[at_new:])


def _words_in(tokens: list[str]) -> int:
    return sum(1 for token in tokens if token[0].isalnum())
