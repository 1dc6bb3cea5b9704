"""What changed between two texts: sentence by sentence, and by word inside a sentence.

Every comparison of n with m units costs n times m and is only made while that is at most
`PAIRS_PER_UNIT` times n + m: the cost of a document is bounded by its bytes. Of anything
longer only the beginning and the end are matched.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile
from operator import eq

from neupusti.policy.service.words import STEM, features, likeness

TOKEN = re.compile(r"\d+(?:[.,]\d+)+|\w+|\s+|[^\w\s]")
"""A word, a number such as a date or 4.1.3, white space, or a mark."""
SENTENCE_END = re.compile(
    r"""
    (?<![\s(]\w) (?<![\s(]\w\w) (?<!\s\w\.\s\w)
    [.!?…]+ [»”")]* \s+ (?=[^\W\d_a-zа-яёәғқңөұүһі] | [«“"(\d])
    | ; \s+ | \n
    """,
    re.VERBOSE,
)
"""Not after one or two letters: «г. Алматы», «ул. Маркова», «т. д.»."""
PAIRS_PER_UNIT = 80
REWRITTEN = 0.25
"""Below this share of kept words the old text followed by the new reads better."""
SAME_SENTENCE = 0.3
"""From this likeness on a sentence is shown as changed, not as replaced."""
ISLAND_WORDS = 2
"""Fewer unchanged words than this between two changes are merged into them."""

Block = tuple[int, int, int]
"""An unchanged block: index in the old text, index in the new one, number of units."""
Pair = tuple[int, int]
Weights = Callable[[int, slice], list[float]]
"""What pairing unit `a` of the old text with each of a span of the new one is worth."""


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


def word_changes(old: str, new: str) -> tuple[Run, ...]:
    """Return the runs that turn `old` into `new`.

    The kept and deleted runs together are `old`, the kept and inserted ones `new`.
    """
    before, after = sentences(old), sentences(new)
    runs = _merged(_by_sentence(before, after))
    kept = _word_count(run.text for run in runs if run.operation is EditOperation.KEPT)
    if 2 * kept < REWRITTEN * _word_count((old, new)):
        return tuple(_replaced(old, new))
    return tuple(runs)


def sentences(text: str) -> list[str]:
    """Return the sentences of `text` with the white space after each."""
    ends = [match.end() for match in SENTENCE_END.finditer(text)]
    return [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True) if a < b]


def _by_sentence(before: list[str], after: list[str]) -> Iterator[Run]:
    """Yield what changed inside paired sentences, and the others whole."""
    stems = [[features(one, STEM) for one in side] for side in (before, after)]

    def weights(a: int, span: slice) -> list[float]:
        alike = [likeness(stems[0][a], other) for other in stems[1][span]]
        return [one if one >= SAME_SENTENCE else 0 for one in alike]

    at_old = at_new = 0
    for a, b in [*_matched(before, after, weights), (len(before), len(after))]:
        yield from _replaced("".join(before[at_old:a]), "".join(after[at_new:b]))
        if a < len(before) and b < len(after):
            yield from _by_word(before[a], after[b])
        at_old, at_new = a + 1, b + 1


def _by_word(old: str, new: str) -> Iterator[Run]:
    """Yield the words that changed in a sentence, or both sentences if few were kept."""
    before, after = TOKEN.findall(old), TOKEN.findall(new)

    def weights(a: int, span: slice) -> list[float]:
        token = before[a]
        own = 2 if token[0].isalnum() else 1
        return [own if other == token else 0 for other in after[span]]

    blocks = _without_islands(_blocks(_matched(before, after, weights)), before, after)
    kept = sum(_word_count(before[a : a + size]) for a, _, size in blocks)
    if 2 * kept < REWRITTEN * (_word_count(before) + _word_count(after)):
        yield from _replaced(old, new)
        return
    at_old = at_new = 0
    for a, b, size in blocks:
        yield from _replaced("".join(before[at_old:a]), "".join(after[at_new:b]))
        yield Run(EditOperation.KEPT, "".join(before[a : a + size]))
        at_old, at_new = a + size, b + size
    yield from _replaced("".join(before[at_old:]), "".join(after[at_new:]))


def _replaced(old: str, new: str) -> Iterator[Run]:
    if old:
        yield Run(EditOperation.DELETED, old)
    if new:
        yield Run(EditOperation.INSERTED, new)


def _merged(runs: Iterable[Run]) -> list[Run]:
    """Return the runs with neighbours of one operation joined, the deleted text first."""
    texts: list[dict[EditOperation, str]] = []
    for run in runs:
        kept = run.operation is EditOperation.KEPT
        if not texts or kept is not (EditOperation.KEPT in texts[-1]):
            texts.append({})
        texts[-1][run.operation] = texts[-1].get(run.operation, "") + run.text
    return [
        Run(one, group[one]) for group in texts for one in EditOperation if one in group
    ]


def _matched(before: Sequence[str], after: Sequence[str], weights: Weights) -> list[Pair]:
    """Return the pairs, in order, whose weights have the greatest sum.

    What both begin and end with is paired beforehand.
    """
    begin = _common_prefix(before, after)
    end = _common_prefix(before[begin:][::-1], after[begin:][::-1])
    n, m = len(before) - begin - end, len(after) - begin - end
    middle: list[Pair] = []
    if n * m <= PAIRS_PER_UNIT * (n + m):
        span = slice(begin, begin + m)
        middle = _heaviest([weights(begin + a, span) for a in range(n)], m)
    head = [(at, at) for at in range(begin)]
    tail = [(len(before) - at, len(after) - at) for at in range(end, 0, -1)]
    return [*head, *((begin + a, begin + b) for a, b in middle), *tail]


def _heaviest(weights: list[list[float]], m: int) -> list[Pair]:
    """Return the heaviest common subsequence by the weights of all pairs."""
    n = len(weights)
    sums = [[0.0] * (m + 1) for _ in range(n + 1)]
    for a in range(n - 1, -1, -1):
        row, below, own = sums[a], sums[a + 1], weights[a]
        best = 0.0
        for b in range(m - 1, -1, -1):
            paired = own[b] + below[b + 1] if own[b] else 0
            best = max(best, below[b], paired)
            row[b] = best
    pairs, a, b = [], 0, 0
    while a < n and b < m:
        if weights[a][b] and sums[a][b] == weights[a][b] + sums[a + 1][b + 1]:
            pairs.append((a, b))
            a, b = a + 1, b + 1
        elif sums[a][b] == sums[a + 1][b]:
            a += 1
        else:
            b += 1
    return pairs


def _blocks(pairs: Iterable[Pair]) -> Iterator[Block]:
    """Yield the runs of consecutive pairs."""
    begin: Pair | None = None
    size = 0
    for a, b in pairs:
        if begin is not None and (a, b) == (begin[0] + size, begin[1] + size):
            size += 1
            continue
        if begin is not None:
            yield (*begin, size)
        begin, size = (a, b), 1
    if begin is not None:
        yield (*begin, size)


def _common_prefix(one: Sequence[str], other: Sequence[str]) -> int:
    """Return the length of the common prefix."""
    return sum(1 for _ in takewhile(bool, map(eq, one, other)))


def _without_islands(
    found: Iterable[Block], before: list[str], after: list[str]
) -> list[Block]:
    """Return the unchanged blocks without short islands between changes."""
    return [
        (a, b, size)
        for a, b, size in found
        if _word_count(before[a : a + size]) >= ISLAND_WORDS
        or a == b == 0
        or (a + size, b + size) == (len(before), len(after))
    ]


def _word_count(texts: Iterable[str]) -> int:
    return sum(1 for text in texts for token in TOKEN.findall(text) if token[0].isalnum())
