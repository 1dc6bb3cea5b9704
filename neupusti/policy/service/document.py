"""A policy document as a tree: title, preamble, sections, clauses, list items."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import groupby

PREAMBLE = "preamble"
DASH = "–"


def order(number: str) -> tuple[int, ...]:
    """Return the sort key of a clause number: 1.1.10 after 1.1.9; the preamble first."""
    return () if number == PREAMBLE else tuple(int(part) for part in number.split("."))


class Reading(StrEnum):
    """How a line was read otherwise than as it stands."""

    ENCODING = "encoding"
    DOCX = "docx"
    TABLE = "table"
    LEFT_OUT = "left out"
    PAGE_BREAK = "page break"
    INVISIBLE = "invisible"
    SPACES = "spaces"
    PAGE_NUMBER = "page number"
    RUNNING_TITLE = "running title"
    CONTENTS = "contents"
    JOINED = "joined"
    HYPHEN = "hyphen"
    HEADING_MARK = "heading mark"
    LIST_MARK = "list mark"
    NUMBER = "number"
    UNNUMBERED = "unnumbered"
    TITLE = "title"
    APPROVAL = "approval"
    PARAGRAPH = "paragraph"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Note:
    """One normalisation: the line (0: the whole document), and what it was about."""

    line: int
    reading: Reading
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or, with a mark (`–`, `1)`, `а)`), a list item."""

    text: str
    mark: str = ""

    @property
    def ordered(self) -> bool:
        """Whether the mark is a number or a letter, which the text may refer to."""
        return self.mark not in {"", DASH}

    @property
    def whole(self) -> str:
        """The mark and the text."""
        return f"{self.mark} {self.text}" if self.mark else self.text


@dataclass(frozen=True)
class Clause:
    """A numbered clause. `line` is its line in the document, counted from 1.

    The paragraphs directly below a heading are a clause with the number of the section.
    """

    number: str
    text: str
    line: int
    blocks: tuple[Block, ...] = ()
    """The items and further paragraphs after `text`."""
    written: str = ""
    """The number in the document, where that is another one: «3» in «Глава 2»."""

    @property
    def items(self) -> tuple[str, ...]:
        """Its list items, those with a number or a letter of their own with it."""
        return tuple(
            block.whole if block.ordered else block.text
            for block in self.blocks
            if block.mark
        )

    @property
    def runs(self) -> Iterator[tuple[bool, list[Block]]]:
        """Yield what stands together: further paragraphs (False), list items (True)."""
        for listed, run in groupby(self.blocks, lambda block: bool(block.mark)):
            yield listed, list(run)

    @property
    def shown(self) -> str:
        """The number as the document writes it."""
        return self.written or self.number

    @property
    def depth(self) -> int:
        """Its level below the section: 1 for 6.1, 2 for 6.1.3."""
        return self.number.count(".")

    @property
    def whole(self) -> str:
        """Its text, list items and paragraphs, one per line."""
        lines = (self.text, *(block.whole for block in self.blocks))
        return "\n".join(filter(None, lines)) if self.blocks else self.text


@dataclass(frozen=True)
class Section:
    """A section. `written` is its number as it stands: `1.`, `Статья 1.` or nothing."""

    number: str
    heading: str
    line: int
    clauses: tuple[Clause, ...] = ()
    written: str = ""

    @property
    def name(self) -> str:
        """The number as it stands and the heading, as a reader knows it."""
        return " ".join(filter(None, (self.written, self.heading)))


@dataclass(frozen=True)
class Document:
    """A whole policy."""

    title: str
    preamble: tuple[str, ...]
    sections: tuple[Section, ...] = ()
    approval: tuple[str, ...] = ()
    """The lines above the title: «УТВЕРЖДЕНО …»."""
    closing: tuple[str, ...] = ()
    """The lines below the last clause: signature, date, version."""
    notes: tuple[Note, ...] = field(default=(), compare=False)

    def __iter__(self) -> Iterator[Clause]:
        """Yield the numbered clauses in their order."""
        for section in self.sections:
            yield from section.clauses

    @cached_property
    def clauses(self) -> dict[str, Clause]:
        """Clause number -> clause, the preamble first."""
        preamble = Clause(PREAMBLE, "\n".join(self.preamble), 0)
        return {PREAMBLE: preamble} | {clause.number: clause for clause in self}

    @cached_property
    def by_written(self) -> dict[str, str]:
        """Number as written -> clause number, where only one clause is written so."""
        written: dict[str, list[str]] = {}
        for clause in self:
            written.setdefault(clause.shown, []).append(clause.number)
        return {number: found[0] for number, found in written.items() if len(found) == 1}
