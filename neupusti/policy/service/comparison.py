"""Compare two editions by clause, and changed clauses by word."""

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
"""Typographic marks, escaped for a character class; a sign such as % is not one."""
WORDING = re.compile(rf"\w+(?:[^\w\s]+\w+)*|[^\w\s{MARKS}]")
NORMALISED = str.maketrans("‐‑‒–—―’‘ʼ`", "------''''")
REWRITTEN = 0.25
"""Below this similarity the old text followed by the new reads better than a mix."""
ISLAND_WORDS = 2
"""Fewer unchanged words than this between two changes are merged into them."""
MAX_TOKEN_PAIRS = 400_000
"""Of longer texts (old tokens times new) only the beginning and the end are matched: the
full comparison takes cubic time in the worst case."""

Block = tuple[int, int, int]
"""An unchanged block: index in the old text, index in the new one, number of tokens."""


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
    """Consecutive words with the same edit operation."""

    operation: EditOperation
    text: str


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """A clause of either edition and how it changed."""

    number: str
    status: ChangeStatus
    runs: tuple[Run, ...]


def wording(text: str) -> list[str]:
    """Return the words, numbers and signs of `text` without its typographic marks.

    Marks are white space, quotes, dashes, brackets, stars of bold type and punctuation
    next to a word. Inside a word, number or address a mark is part of it: `1.5` is not
    `15`.
    """
    plain = unicodedata.normalize("NFC", text.replace("**", "")).translate(NORMALISED)
    return WORDING.findall("".join(c for c in plain if unicodedata.category(c) != "Cf"))


def compare(older: Document, newer: Document) -> list[ClauseChange]:
    """Return every clause of both documents, in order of number."""
    numbers = sorted({*older.clauses, *newer.clauses}, key=order)
    return [_change(number, older, newer) for number in numbers]


def word_changes(old: str, new: str) -> tuple[Run, ...]:
    """Return the runs that turn `old` into `new`.

    The kept and deleted runs together are `old`, the kept and inserted ones `new`.
    """
    before, after = TOKEN.findall(old), TOKEN.findall(new)
    found = _match_ends if len(before) * len(after) > MAX_TOKEN_PAIRS else _match
    blocks = _without_islands(found(before, after), before, after)
    kept = sum(_word_count(before[a : a + size]) for a, _, size in blocks)
    if 2 * kept < REWRITTEN * (_word_count(before) + _word_count(after)):
        return tuple(_runs(before, after))
    return tuple(_interleave(blocks, before, after))


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
    return ClauseChange(number, ChangeStatus.CHANGED, word_changes(before, after))


def _runs(before: list[str], after: list[str]) -> Iterator[Run]:
    if before:
        yield Run(EditOperation.DELETED, "".join(before))
    if after:
        yield Run(EditOperation.INSERTED, "".join(after))


def _match(before: list[str], after: list[str]) -> Iterable[Block]:
    return SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()


def _match_ends(before: list[str], after: list[str]) -> Iterable[Block]:
    """Yield the common beginning and the common end."""
    begin = _common_prefix(before, after)
    end = _common_prefix(before[begin:][::-1], after[begin:][::-1])
    yield 0, 0, begin
    yield len(before) - end, len(after) - end, end


def _common_prefix(one: list[str], other: list[str]) -> int:
    """Return the length of the common prefix."""
    return sum(1 for _ in takewhile(bool, map(eq, one, other)))


def _without_islands(
    found: Iterable[Block], before: list[str], after: list[str]
) -> list[Block]:
    """Return the unchanged blocks without short islands between changes."""
    return [
        (a, b, size)
        for a, b, size in found
        if size
        and (
            _word_count(before[a : a + size]) >= ISLAND_WORDS
            or a == b == 0
            or (a + size, b + size) == (len(before), len(after))
        )
    ]


def _interleave(blocks: list[Block], before: list[str], after: list[str]) -> Iterator[Run]:
    """Yield the unchanged blocks, and between them what was deleted and inserted."""
    at_old = at_new = 0
    for a, b, size in blocks:
        yield from _runs(before[at_old:a], after[at_new:b])
        yield Run(EditOperation.KEPT, "".join(before[a : a + size]))
        at_old, at_new = a + size, b + size
    yield from _runs(before[at_old:], after[at_new:])


def _word_count(tokens: list[str]) -> int:
    return sum(1 for token in tokens if token[0].isalnum())
