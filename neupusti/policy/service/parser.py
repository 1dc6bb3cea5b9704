"""Parse a plain text document, as lawyers write it, into a tree of clauses.

Accepted are clauses with or without a list dash, with or without a dot after the number,
`**bold**` marks and a sentence broken over a page. A line that fits nowhere is never
guessed at: every such line is reported, and nothing is imported.
"""

import re
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from neupusti.policy.service.document import Clause, Document, Section

LIMIT_BYTES = 1024 * 1024
DASH = r"[-–—•*]"
SECTION = re.compile(r"(\d{1,2})\.\s+(\S.*)")
CLAUSE = re.compile(rf"(?:{DASH}\s+)?(\d{{1,2}}(?:\.\d{{1,3}}){{1,2}})\.?\s+(\S.*)")
BARE_NUMBER = re.compile(rf"(?:{DASH}\s+)?\d{{1,2}}(?:\.\d{{1,3}})*\.?")
ITEM = re.compile(rf"{DASH}\s+(\S.*)")
DATE = re.compile(r"\b(\d{2})\.(\d{2})\.(\d{4})\b")
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffd]")
SENTENCE_ENDS = (".", "!", "?", ";", ":", "…")


@dataclass(frozen=True, slots=True)
class Problem:
    """An error in the document, and its line (0: the whole document)."""

    line: int
    message: str
    text: str = ""

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.message}" + (f": «{self.text[:80]}»" if self.text else "")


class UnreadableDocumentError(ValueError):
    """The document cannot be parsed; `problems` lists the errors by line."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def decode(raw: bytes) -> str:
    """Return the text of a file (UTF-8, any line ends); raise UnreadableDocumentError."""
    if len(raw) > LIMIT_BYTES:
        raise UnreadableDocumentError([Problem(0, "the file is larger than 1 MiB")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise UnreadableDocumentError([Problem(line, "this is not UTF-8 text")]) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def parse(text: str) -> Document:
    """Return the tree of `text`; raise UnreadableDocumentError with every problem found."""
    parser = _Parser()
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            parser.take(number, " ".join(line.split()))
    return parser.finish()


def dates(document: Document) -> list[date]:
    """Return the dates (dd.mm.yyyy) in the text, those of its last clause first."""
    found = []
    for clause in reversed(list(document)):
        for day, month, year in DATE.findall(clause.whole):
            with suppress(ValueError):
                found.append(date(int(year), int(month), int(day)))
    return found


@dataclass(slots=True)
class _Clause:
    """A clause being built: the lines of its text, and of each of its items."""

    number: str
    line: int
    text: list[str]
    items: list[list[str]] = field(default_factory=list)

    @property
    def open_lines(self) -> list[str]:
        """The lines that the rest of a broken sentence is appended to."""
        return self.items[-1] if self.items else self.text

    def build(self) -> Clause:
        """Return the clause."""
        items = tuple(map(" ".join, self.items))
        return Clause(self.number, " ".join(self.text), self.line, items)


@dataclass(slots=True)
class _Section:
    """A section being built."""

    number: str
    heading: str
    line: int
    clauses: list[_Clause] = field(default_factory=list)

    def build(self) -> Section:
        """Return the section."""
        clauses = tuple(clause.build() for clause in self.clauses)
        return Section(self.number, self.heading, self.line, clauses)


class _Parser:
    """Place lines one by one, knowing only the lines above."""

    def __init__(self) -> None:
        self.title = ""
        self.preamble: list[str] = []
        self.sections: list[_Section] = []
        self.problems: list[Problem] = []

    def take(self, line: int, text: str) -> None:
        """Place one non-empty line."""
        if FORBIDDEN.search(text):
            self.problems.append(Problem(line, "control or direction characters", text))
        elif match := CLAUSE.fullmatch(text):
            self._place_clause(line, *match.groups())
        elif match := SECTION.fullmatch(text):
            self._place_section(line, *match.groups())
        elif BARE_NUMBER.fullmatch(text):
            self.problems.append(Problem(line, "a number without a text", text))
        elif not self.sections:
            self._place_preamble(text)
        else:
            self._place_continuation(line, text)

    def finish(self) -> Document:
        """Return the document; raise UnreadableDocumentError if there are problems."""
        if not self.sections and not self.problems:
            self.problems.append(Problem(0, "there is no numbered section in this text"))
        if not self.title and self.sections:
            self.problems.append(Problem(self.sections[0].line, "there is no title above"))
        self.problems += [
            Problem(
                section.line, f"section {section.number} has no clauses", section.heading
            )
            for section in self.sections
            if not section.clauses
        ]
        if self.problems:
            raise UnreadableDocumentError(sorted(self.problems, key=lambda p: p.line))
        sections = tuple(section.build() for section in self.sections)
        return Document(self.title, tuple(self.preamble), sections)

    def _place_preamble(self, text: str) -> None:
        if self.title:
            self.preamble.append(text)
        else:
            self.title = text.replace("**", "")

    def _place_section(self, line: int, number: str, heading: str) -> None:
        expected = str(len(self.sections) + 1)
        if number != expected:
            message = f"section {number} stands where section {expected} should"
            self.problems.append(Problem(line, message, heading))
        else:
            self.sections.append(_Section(number, heading.replace("**", ""), line))

    def _place_clause(self, line: int, number: str, text: str) -> None:
        if self._is_next(number):
            self.sections[-1].clauses.append(_Clause(number, line, [text]))
        else:
            above = self._last.number if self._last else "the beginning"
            message = f"clause {number} cannot follow {above}"
            self.problems.append(Problem(line, message, text))

    def _is_next(self, number: str) -> bool:
        """Return whether `number` is next on an open level, or first on the level below."""
        if not self.sections:
            return False
        above = self._last.number if self._last else self.sections[-1].number
        parts = above.split(".")
        successors = {f"{above}.1"}
        while parts:
            successors.add(".".join((*parts[:-1], str(int(parts[-1]) + 1))))
            parts.pop()
        return number in successors

    def _place_continuation(self, line: int, text: str) -> None:
        """Place an unnumbered line: a list item, or the rest of a broken sentence."""
        last = self._last
        if last is None:
            self.problems.append(
                Problem(line, "text between a heading and its clauses", text)
            )
        elif (item := ITEM.fullmatch(text)) and (last.items or last.text[-1].endswith(":")):
            last.items.append([item[1]])
        elif (
            not item
            and text[0].islower()
            and not last.open_lines[-1].endswith(SENTENCE_ENDS)
        ):
            last.open_lines.append(text)
        else:
            self.problems.append(Problem(line, "this line belongs to no clause", text))

    @property
    def _last(self) -> _Clause | None:
        clauses = self.sections[-1].clauses if self.sections else ()
        return clauses[-1] if clauses else None
