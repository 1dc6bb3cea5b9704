"""See how a document is organised before it is parsed.

Which mark begins a section differs between documents: «1.», «Статья 1», «§ 1», «I.», `##`
or a heading without any mark. The first one decides for the whole document.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from neupusti.policy.service.document import Note, Reading
from neupusti.policy.service.layout import Paragraph
from neupusti.policy.service.lines import SENTENCE_ENDS
from neupusti.policy.service.marks import Mark, MarkKind, mark

MAX_HEADING = 120
MAX_SENTENCE_HEADING = 60
"""A heading that ends with a dot is no longer than this."""
SECTION_KINDS = frozenset({MarkKind.WORD, MarkKind.ROMAN, MarkKind.HASHES})
SIGNATURE = re.compile(
    r"_{3,}|\bМ\.\s?[ПО]\.|^(?:генеральный |исполнительный |бас |general )?"
    r"(?:директор|руководитель|президент|председатель|управляющий|director|подпись|қолы|signature)",
    re.IGNORECASE,
)
DATED = re.compile(
    r"^\W*(?:дата|последн\w+ (?:обновл|измен|редакц)|обновлен|редакция|версия|действует с|"
    r"вступает в силу|жаңартыл|соңғы (?:жаңарт|өзгер)|күші|күні|last (?:updated|modified)|"
    r"updated|effective|version|©|(?:г|гор|қ)\.\s|[«\"]?\d{1,2}[»\".]\s?\w+\W+\d{4})",
    re.IGNORECASE,
)
NAME = re.compile(r"^(?:ТОО|ИП|АО|ООО|ЖШС|ЖК|LLP)\b")
NO_HEADING = re.compile(r"http|@|\d{5}")
MAX_CLOSING_LETTERS, MAX_CLOSING = 150, 12


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph with its mark."""

    line: int
    text: str
    adjacent: bool
    mark: Mark


@dataclass(frozen=True, slots=True)
class Plan:
    """How a document is organised."""

    parts: Sequence[Part]
    top: MarkKind
    """What begins a section; NONE: a heading without a mark."""
    word: str
    """The word of the sections, if `top` is WORD."""
    last_number: int
    """The highest number of a section, beyond which unnumbered ones count on."""
    closing: int
    """The place of the first part that stands below the last clause."""

    def heading(self, place: int) -> bool:
        """Return whether the part at `place` is a heading without a number."""
        return _unmarked_heading(self.parts, place, free=self.top is not MarkKind.NONE)


def plan(paragraphs: Sequence[Paragraph]) -> Plan:
    """Return how `paragraphs` are organised."""
    parts = [Part(p.line, p.text, p.adjacent, mark(p.text)) for p in paragraphs]
    top, word = _top(parts)
    numbers = [part.mark.parts[0] for part in parts if is_top(part.mark, top, word)
               and part.mark.parts]  # fmt: skip
    return Plan(parts, top, word, max(numbers, default=0), _closing(parts))


def is_top(found: Mark, top: MarkKind, word: str) -> bool:
    """Return whether `found` begins a section."""
    if found.kind is not top or top is MarkKind.NONE:
        return False
    return len(found.parts) < 2 and found.word == word  # noqa: PLR2004 - «1.», not «1.1»


def sentence(text: str) -> bool:
    """Return whether `text` reads like a sentence, and not like a heading."""
    if len(text) > MAX_HEADING:
        return True
    return text.endswith(SENTENCE_ENDS) and len(text) > MAX_SENTENCE_HEADING


def leaves(text: str) -> str:
    """Return `text` without bold marks around all of it and hashes before it."""
    bare = text.lstrip("# ") if text.startswith("#") else text
    inner = bare[2:-2]
    return (
        inner
        if bare.startswith("**") and bare.endswith("**") and "**" not in inner
        else bare
    )


def _top(parts: Sequence[Part]) -> tuple[MarkKind, str]:
    """Return what begins a section, and the word of it."""
    for place, part in enumerate(parts):
        found = part.mark
        if found.kind in {MarkKind.WORD, MarkKind.ROMAN} and found.parts == (1,):
            return found.kind, found.word
        if found.kind is MarkKind.ARABIC:
            return _arabic_top(parts, place), ""
    hashes = sum(part.mark.kind is MarkKind.HASHES for part in parts[1:])
    return (MarkKind.HASHES if hashes else MarkKind.NONE), ""


def _arabic_top(parts: Sequence[Part], first: int) -> MarkKind:
    marks = [part.mark for part in parts if part.mark.kind is MarkKind.ARABIC]
    singles = [one for one in marks if len(one.parts) == 1]
    deeper = {one.parts[0] for one in marks if len(one.parts) > 1}
    headings = sum(not sentence(one.text) and not one.text.endswith(SENTENCE_ENDS)
                   for one in singles)  # fmt: skip
    if deeper & {one.parts[0] for one in singles if one.text} and headings:
        return MarkKind.ARABIC
    if singles and 2 * headings >= len(singles):
        return MarkKind.ARABIC
    if any(part.mark.kind is MarkKind.HASHES for part in parts[1:]):
        return MarkKind.HASHES
    unmarked = any(
        _unmarked_heading(parts, place, free=False) for place in range(1, len(parts))
    )
    bare = not singles and not unmarked
    return (
        MarkKind.NONE
        if unmarked and parts[first].mark.parts != ()
        else (MarkKind.ARABIC if singles or bare else MarkKind.NONE)
    )


def _unmarked_heading(parts: Sequence[Part], place: int, *, free: bool) -> bool:
    """Return whether the part at `place` is a heading without a number.

    With `free` it must be set apart: by an empty line, by capitals or by bold type.
    """
    part = parts[place]
    text = leaves(part.text)
    if part.mark.kind is not MarkKind.NONE or not 0 < place < len(parts) - 1:
        return False
    if len(text) > MAX_HEADING or text.endswith((".", ";", ":", ",", "…", "!")):
        return False
    if not text[0].isupper() or NO_HEADING.search(text) or NAME.match(text):
        return False
    if (
        _closing_line(part)
        or not any(letter.islower() for letter in text[1:]) > text.isupper()
    ):
        return text.isupper() and not _closing_line(part)
    apart = part.text != text or not part.adjacent
    return _finished(parts, place) and (apart or not free) and not _list(parts, place)


def _finished(parts: Sequence[Part], place: int) -> bool:
    """Return whether the paragraph above has ended, or is a heading itself."""
    above = parts[place - 1].text
    return above.endswith((".", "!", "?", "…", "»", ")", ";")) or len(above) < MAX_HEADING


def _list(parts: Sequence[Part], place: int) -> bool:
    """Return whether the part is one of a list that lacks its marks."""
    above, below = parts[place - 1], parts[place + 1]
    return above.text.endswith((":", ";", ",")) or (
        below.mark.kind is MarkKind.NONE and below.text[0].islower()
    )


def _closing(parts: Sequence[Part]) -> int:
    """Return the place of the first of the signature and date lines at the end."""
    place = len(parts)
    while place > max(1, len(parts) - MAX_CLOSING) and _closing_line(parts[place - 1]):
        place -= 1
    # A heading with nothing below it but these keeps them.
    above = parts[place - 1].mark if 0 < place < len(parts) else None
    single = above is not None and (
        above.kind in SECTION_KINDS
        or (above.kind is MarkKind.ARABIC and not above.parts[1:])
    )
    heading = above is not None and single and not above.text.endswith(SENTENCE_ENDS)
    return place + 1 if heading else place


def _closing_line(part: Part) -> bool:
    if part.mark.kind is not MarkKind.NONE or len(part.text) > MAX_CLOSING_LETTERS:
        return False
    text = part.text
    if SIGNATURE.search(text):
        return "___" in text or not text.endswith(SENTENCE_ENDS) or "М." in text
    dated = bool(DATED.search(text)) and any(letter.isdigit() for letter in text)
    return (
        dated
        or text.startswith("©")
        or bool(
            NAME.match(text) and (len(text) <= MAX_SENTENCE_HEADING or not sentence(text))
        )
    )


def closing_notes(parts: Sequence[Part]) -> list[Note]:
    """Return a note for each line below the last clause."""
    return [Note(part.line, Reading.CLOSING, part.text) for part in parts]
