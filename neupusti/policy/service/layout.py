"""Turn the lines of a document into paragraphs.

Page numbers, running titles and a list of contents are set aside, lines that were broken
at a margin are joined. Each of these is a note: nothing is set aside in silence.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from neupusti.policy.service.contents import without_contents
from neupusti.policy.service.document import Note, Reading
from neupusti.policy.service.lines import SENTENCE_ENDS, Line
from neupusti.policy.service.marks import MarkKind, mark

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff\u180e]")
SPACES = re.compile(r"\s+")
PAGE_NUMBER = re.compile(
    r"(?:(?:стр(?:аница|\.)?|page|бет)\s*)?[-–—]?\s*(\d{1,3})\s*[-–—]?"
    r"(?:\s*(?:из|/|of|-ден)\s*\d{1,3})?(?:\s*-?\s*бет)?",
    re.IGNORECASE,
)
PLAIN_NUMBER = re.compile(r"[-–—]?\s*\d{1,3}\s*[-–—]?")
MIN_RUNNING, MAX_RUNNING_LETTERS = 3, 120
MAX_MARGIN = 130
"""Longer lines are paragraphs, not lines broken at a margin."""
MIN_WRAPPED = 3
"""So many lines that end at the margin and go on in a small letter show one."""
NEAR_MARGIN = 0.6
CITING = re.compile(
    r"\b(?:п|пп|ст|ч|пункт\w*|подпункт\w*|стать\w+|раздел\w*|глав\w+|№|clauses?|sections?)\.?$",
    re.IGNORECASE,
)
LEADING_ON = re.compile(r"\b(?:и|или|в|с|до|по|от|на|из|о|and|or|of|to|in)$", re.IGNORECASE)
"""The end of a line that a number continues: «в соответствии с п.»."""
HYPHENATED = re.compile(r"(\w+)[-\xad‐]$")


@dataclass(slots=True)
class Paragraph:
    """A paragraph: its first line, and its text with single spaces."""

    line: int
    text: str
    adjacent: bool
    """Whether it stands directly below the paragraph before."""


def paragraphs(text: str, notes: list[Note]) -> list[Paragraph]:
    """Return the paragraphs of `text`; append how lines were read to `notes`."""
    lines = list(_lines(text, notes))
    lines = list(_without_page_marks(lines, notes))
    lines = without_contents(lines, notes)
    return _joined(lines, notes)


def _lines(text: str, notes: list[Note]) -> Iterator[Line]:
    """Yield the lines that are not empty, cleaned."""
    adjacent = False
    for number, raw in enumerate(text.split("\n"), 1):
        page = "\f" in raw
        line = raw.replace("\f", "")
        if page:
            notes.append(Note(number, Reading.PAGE_BREAK))
        visible = INVISIBLE.sub("", line)
        if visible != line:
            codes = sorted({f"U+{ord(c):04X}" for c in INVISIBLE.findall(line)})
            notes.append(Note(number, Reading.INVISIBLE, " ".join(codes)))
        words = " ".join(visible.split())
        if words != visible.strip(" ") and words:
            notes.append(Note(number, Reading.SPACES))
        if words:
            yield Line(number, words, len(visible.rstrip()), adjacent, page)
        adjacent = bool(words) or (page and adjacent)


def _without_page_marks(lines: list[Line], notes: list[Note]) -> Iterator[Line]:
    """Yield the lines without page numbers and the titles that run beside them."""
    numbers = _page_numbers(lines)
    edges = {n + step for n in numbers for step in (-1, 1)} | {
        index for index, line in enumerate(lines) if line.page
    }
    counts = Counter(
        lines[n].text for n in edges if 0 <= n < len(lines) and n not in numbers
    )
    running = {
        text for text, count in counts.items()
        if count >= MIN_RUNNING and len(text) <= MAX_RUNNING_LETTERS
        and mark(text).kind is MarkKind.NONE
    }  # fmt: skip
    over_page = False
    for index, line in enumerate(lines):
        if index in numbers:
            notes.append(Note(line.number, Reading.PAGE_NUMBER, line.text))
            over_page = True
        elif index in edges and line.text in running:
            notes.append(Note(line.number, Reading.RUNNING_TITLE, line.text))
            over_page = True
        else:
            yield replace(line, adjacent=True) if over_page else line
            over_page = False


def _page_numbers(lines: list[Line]) -> set[int]:
    """Return the places of page numbers.

    A bare number is one only if all the bare numbers count on from 1 or 2: a number that
    has lost its text is not set aside.
    """
    found = [
        (index, int(match[1]), bool(PLAIN_NUMBER.fullmatch(line.text)))
        for index, line in enumerate(lines)
        if len(line.text) < 24  # noqa: PLR2004 - «Страница 100 из 100»
        and (match := PAGE_NUMBER.fullmatch(line.text))
    ]
    plain = [value for _, value, bare in found if bare]
    counted = plain == list(range(plain[0], plain[0] + len(plain))) if plain else False
    pages = counted and plain[0] in {1, 2} and not _headings_follow(lines, found)
    return {index for index, _, bare in found if pages or not bare}


def _headings_follow(lines: list[Line], found: Iterable[tuple[int, int, bool]]) -> bool:
    """Return whether each bare number stands directly above a line in a capital letter.

    Numbers of sections that lie above their headings count on as well.
    """
    places = [index for index, _, bare in found if bare]
    return len(places) > 1 and all(
        index + 1 < len(lines)
        and lines[index + 1].adjacent
        and not lines[index].adjacent
        and lines[index + 1].text[0].isupper()
        for index in places
    )


def _joined(lines: list[Line], notes: list[Note]) -> list[Paragraph]:
    """Return the lines as paragraphs, joined where the margin has broken them."""
    margin = _margin(lines)
    words = _words(lines) if margin else frozenset()
    pieces: list[list[str]] = []
    made: list[Paragraph] = []
    for above, line in zip([None, *lines], lines, strict=False):
        if above is not None and line.adjacent and _goes_on(above, line, margin):
            notes.append(Note(line.number, Reading.JOINED, above.text[-20:]))
            pieces[-1].append(_seam(pieces[-1], line, words, notes))
            continue
        made.append(Paragraph(line.number, "", line.adjacent))
        pieces.append([line.text])
    for paragraph, piece in zip(made, pieces, strict=True):
        paragraph.text = "".join(piece)
    return made


def _seam(pieces: list[str], line: Line, words: frozenset[str], notes: list[Note]) -> str:
    """Return `line` with the space before it, if it takes one."""
    match = HYPHENATED.search(pieces[-1][-40:])
    first = re.match(r"\w+", line.text)
    if match is None or first is None:
        return f" {line.text}"
    whole = (match[1] + first[0]).lower()
    if whole in words:
        pieces[-1] = pieces[-1][:-1]
        notes.append(Note(line.number, Reading.HYPHEN, whole))
    return line.text


def _words(lines: list[Line]) -> frozenset[str]:
    return frozenset(
        word for line in lines for word in re.findall(r"\w+", line.text.lower())
    )


def _margin(lines: list[Line]) -> int:
    """Return the width at which the lines were broken, 0 if they were not."""
    widths = sorted(line.width for line in lines)
    if not widths or (margin := widths[len(widths) * 98 // 100]) > MAX_MARGIN:
        return 0
    wrapped = sum(
        1
        for above, line in pairwise(lines)
        if line.adjacent and line.text[0].islower() and _full(above, line, margin)
    )
    return margin if wrapped >= MIN_WRAPPED else 0


def _full(above: Line, line: Line, margin: int) -> bool:
    """Return whether the first word of `line` had no room in the line above."""
    word = line.text.partition(" ")[0]
    chunk = re.split(r"(?<=\w-)", word, maxsplit=1)[0]
    return above.width + 1 + len(chunk) > margin


def _goes_on(above: Line, line: Line, margin: int) -> bool:
    """Return whether `line`, directly below `above`, continues its paragraph."""
    unfinished = not above.text.endswith(SENTENCE_ENDS)
    kind = mark(line.text)
    full = bool(margin) and _full(above, line, margin)
    if kind.kind is MarkKind.NONE:
        if full or (unfinished and line.text[0].islower()):
            return True
        near = bool(margin) and above.width >= NEAR_MARGIN * margin
        return near and unfinished and not _heading_above(above)
    end = above.text[-20:]
    if kind.kind is MarkKind.ARABIC and CITING.search(end):
        return True
    if not full or not unfinished or end.endswith(","):
        return False
    small = kind.text[:1].islower() or kind.kind is MarkKind.ITEM
    return small or bool(LEADING_ON.search(end))


def _heading_above(above: Line) -> bool:
    found = mark(above.text)
    return found.kind in {MarkKind.WORD, MarkKind.ROMAN, MarkKind.HASHES} or (
        found.kind is MarkKind.ARABIC and len(found.parts) == 1
    )
