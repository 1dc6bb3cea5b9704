"""Parse a plain text document, as lawyers write it, into a tree of clauses.

Whatever is read otherwise than as it stands is a note of the document, by line. A line
that fits nowhere is never guessed at: every such line is reported, and nothing imported.
"""

import re

from neupusti.policy.service.building import OpenBlock, OpenClause, OpenSection
from neupusti.policy.service.decoding import decode
from neupusti.policy.service.document import DASH, Document, Note, Reading
from neupusti.policy.service.front import Front, front
from neupusti.policy.service.layout import paragraphs
from neupusti.policy.service.lines import SENTENCE_ENDS
from neupusti.policy.service.marks import BARE_NUMBER, MarkKind
from neupusti.policy.service.numbering import Numbering
from neupusti.policy.service.plan import (
    Part,
    Plan,
    closing_notes,
    is_top,
    leaves,
    plan,
    sentence,
)
from neupusti.policy.service.problems import Problem, UnreadableDocumentError

__all__ = ["Problem", "UnreadableDocumentError", "decode", "parse"]

FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufffd]")
PARAGRAPH_ENDS = (*SENTENCE_ENDS, "»", ")", "”", '"')
LABELLED = re.compile(
    r"^[^:]{2,60}:\s*\S|\S@\S|https?://|^\+?\d[\d\s()-]{8,}"
    r"|^(?:БИН|ИИН|БСН|ЖСН|ИИК|БИК|ИНН|ОГРН|BIN|IBAN)\b"
)
"""A line of an address card: it has no dot, and the one above it needs none."""
LONG = 80
"""A line of so many letters is a paragraph, even if its dot is missing."""


def parse(text: str) -> Document:
    """Return the tree of `text`; raise UnreadableDocumentError with every problem found."""
    notes: list[Note] = []
    return _Parser(plan(paragraphs(text, notes)), notes).document()


class _Parser:
    """Place the parts one by one."""

    def __init__(self, organised: Plan, notes: list[Note]) -> None:
        self.plan, self.notes = organised, notes
        self.front: Front | None = None
        self.sections: list[OpenSection] = []
        self.problems: list[Problem] = []
        self.numbering = Numbering()
        self.unnumbered, self.numbered = 0, 0
        self.awaited: OpenSection | OpenClause | None = None
        """A section or article whose heading stands in the next line."""

    def document(self) -> Document:
        """Return the document; raise UnreadableDocumentError if there are problems."""
        parts = self.plan.parts
        first = next((n for n in range(len(parts)) if self._begins(n)), len(parts))
        opening = front(parts[:first], self.notes, headings=self.plan.top is MarkKind.NONE)
        for place in range(len(parts)):
            if FORBIDDEN.search(parts[place].text):
                self._refuse(parts[place], "control or direction characters")
            elif first <= place < self.plan.closing:
                self._take(place)
        closing = parts[max(self.plan.closing, first) :]
        self._check(opening)
        if self.problems:
            raise UnreadableDocumentError(sorted(self.problems, key=lambda p: p.line))
        return Document(
            title=opening.title,
            preamble=opening.preamble,
            sections=tuple(section.build() for section in self.sections),
            approval=opening.approval,
            closing=tuple(part.text for part in closing),
            notes=tuple(
                sorted([*self.notes, *closing_notes(closing)], key=lambda n: n.line)
            ),
        )

    def _begins(self, place: int) -> bool:
        """Return whether the part at `place` can only stand in a section."""
        found = self.plan.parts[place].mark
        if found.kind is MarkKind.ARABIC:
            return self.plan.top is not MarkKind.HASHES or place > 0
        return self._section(place)

    def _section(self, place: int) -> bool:
        """Return whether a section begins at `place`."""
        found = self.plan.parts[place].mark
        if found.kind is MarkKind.HASHES:
            return place > 0
        if is_top(found, self.plan.top, self.plan.word):
            return not self._list_number(place)
        later = self._clause is not None or self.plan.top is MarkKind.NONE
        return later and self.plan.heading(place)

    def _check(self, opening: Front) -> None:
        """Report what the document lacks as a whole."""
        if not self.sections and not self.problems:
            self.problems.append(Problem(0, "there is no numbered section in this text"))
        if not opening.title and self.sections:
            self.problems.append(Problem(self.sections[0].line, "there is no title above"))
        self.problems += [
            Problem(section.line, f"section {section.own} has no clauses", section.heading)
            for section in self.sections
            if not section.clauses
        ]

    def _take(self, place: int) -> None:
        """Place one part."""
        part = self.plan.parts[place]
        found = part.mark
        if BARE_NUMBER.fullmatch(part.text):
            self._refuse(part, "a number without a text")
        elif self._awaits(part):
            self._fill(part)
        elif self._section(place):
            self._place_section(place)
        elif found.kind is MarkKind.WORD and self.plan.top is MarkKind.WORD:
            self._place_article(part)
        elif found.kind is MarkKind.ARABIC and not self._list_number(place):
            self._place_clause(part)
        elif found.kind in {MarkKind.ITEM, MarkKind.ARABIC, MarkKind.ROMAN}:
            self._place_item(part)
        else:
            self._place_text(part)

    def _place_section(self, place: int) -> None:
        part = self.plan.parts[place]
        found = part.mark
        text = leaves(found.text)
        if not found.parts:
            self.unnumbered += 1
            own = self.plan.last_number + self.unnumbered
            self._note(part, Reading.UNNUMBERED, f"{text} ({own})")
        else:
            (own,) = found.parts
            if own != self.numbered + 1:
                message = f"section {own} stands where section {self.numbered + 1} should"
                self._refuse(part, message, found.text)
                return
            self.numbered = own
        if found.hashes:
            self._note(part, Reading.HEADING_MARK, "#")
        flat = self._flat(place)
        heading = "" if flat else text.replace("**", "")
        section = OpenSection(str(own), heading, part.line, found.written, own)
        self.sections.append(section)
        self.numbering.enter(
            own, free=self.plan.top is not MarkKind.ARABIC or not found.parts
        )
        self.awaited = None if heading or flat else section
        if flat:
            self._add_clause(section.number, part, found.text, found.number)

    def _flat(self, place: int) -> bool:
        """Return whether the section is one numbered sentence, without a heading."""
        found = self.plan.parts[place].mark
        if found.kind is not MarkKind.ARABIC or not found.text.endswith(SENTENCE_ENDS):
            return False
        if place + 1 >= self.plan.closing or self._section(place + 1):
            return True
        below = self.plan.parts[place + 1].mark.parts
        return sentence(found.text) and below != (*found.parts, 1)

    def _place_article(self, part: Part) -> None:
        """Place an article of a chapter: a clause that has clauses below it."""
        (number,) = part.mark.parts
        section = self.sections[-1] if self.sections else None
        if section is None or not self.numbering.article(section.number, number):
            self._refuse(part, f"article {number} cannot follow {self.numbering.articles}")
            return
        text = leaves(part.mark.text)
        self._add_clause(self.numbering.base, part, text, part.mark.written)
        if not text:
            section.clauses[-1].blocks = []
            self.awaited = section.clauses[-1]

    def _place_clause(self, part: Part) -> None:
        written = part.mark.number
        number = self.numbering.clause(part.mark.parts)
        if number is None:
            message = f"clause {written} cannot follow {self.numbering.last}"
            self._refuse(part, message, part.mark.text)
            return
        if number != written:
            self._note(part, Reading.NUMBER, f"{written} → {number}")
        if part.text.startswith(("**", "#")):
            self._note(part, Reading.HEADING_MARK, part.text[:2])
        self._add_clause(number, part, part.mark.text, written)

    def _list_number(self, place: int) -> bool:
        """Return whether «1.» at `place` is of a list inside a clause."""
        found = self.plan.parts[place].mark
        clause = self._clause
        if found.kind is not MarkKind.ARABIC or len(found.parts) > 1 or clause is None:
            return False
        number, below = found.parts[0], self.plan.parts[place + 1 : place + 2]
        if below and below[0].mark.parts == (number, 1):
            return False
        if number == 1:
            return ":" in clause.last.pieces[-1][-1:] and bool(self.numbering.above)
        return clause.last.mark == f"{number - 1}."

    def _place_item(self, part: Part) -> None:
        """Place a list item; a number or letter of its own stays with it."""
        found = part.mark
        mark = found.written
        if not self.sections:
            self._refuse(part, "this line belongs to no clause")
            return
        if mark == DASH and part.text[0] not in "-–—*":
            self._note(part, Reading.LIST_MARK, part.text[0])
        if self._clause is None:
            self._note(part, Reading.PARAGRAPH, self.numbering.base)
            self._add_clause(
                self.numbering.base, part, found.text, self.numbering.base, mark
            )
        else:
            self._clause.blocks.append(OpenBlock(mark, [found.text]))

    def _place_text(self, part: Part) -> None:
        """Place a line without a mark: a heading, a paragraph or the rest of a sentence."""
        clause, text = self._clause, part.text
        if not self.sections:
            self._refuse(part, "this line belongs to no clause")
        elif clause is None:
            if not self._paragraph(text):
                self._refuse(part, "text between a heading and its clauses")
                return
            self._note(part, Reading.PARAGRAPH, self.numbering.base)
            self._add_clause(self.numbering.base, part, text, self.numbering.base)
        elif text[0].islower() and not clause.last.finished:
            self._note(part, Reading.JOINED, clause.last.pieces[-1][-20:])
            clause.last.pieces.append(text)
        elif self._continues(clause, text):
            self._note(part, Reading.PARAGRAPH, clause.number)
            clause.blocks.append(OpenBlock("", [text]))
        else:
            self._refuse(part, "this line belongs to no clause")

    def _awaits(self, part: Part) -> bool:
        """Return whether `part` is the heading that the line above announces."""
        kind = part.mark.kind
        return (
            self.awaited is not None and kind is MarkKind.NONE and not sentence(part.text)
        )

    def _fill(self, part: Part) -> None:
        """Give the section or article above its heading."""
        text = leaves(part.text).replace("**", "")
        self._note(part, Reading.JOINED, part.text[:20])
        if isinstance(self.awaited, OpenSection):
            self.awaited.heading = text
        elif self.awaited is not None:
            self.awaited.blocks = [OpenBlock("", [text])]
        self.awaited = None

    def _continues(self, clause: OpenClause, text: str) -> bool:
        """Return whether `text` is a further paragraph of `clause`."""
        if not clause.blocks:
            return True
        last = clause.last.pieces[-1]
        if text[0].islower():
            return last.endswith((":", ";", ","))
        ended = len(text) >= LONG or last.endswith(PARAGRAPH_ENDS)
        return self._paragraph(text) and (ended or bool(LABELLED.search(text)))

    def _paragraph(self, text: str) -> bool:
        """Return whether `text` is complete in itself."""
        complete = text.endswith(PARAGRAPH_ENDS) or len(text) >= LONG
        return complete or bool(LABELLED.search(text))

    def _add_clause(
        self, number: str, part: Part, text: str, written: str, mark: str = ""
    ) -> None:
        clause = OpenClause(number, part.line, written, [OpenBlock(mark, [text])])
        self.sections[-1].clauses.append(clause)
        self.awaited = None

    def _note(self, part: Part, reading: Reading, detail: str) -> None:
        self.notes.append(Note(part.line, reading, detail))

    def _refuse(self, part: Part, message: str, text: str = "") -> None:
        self.problems.append(Problem(part.line, message, text or part.text))

    @property
    def _clause(self) -> OpenClause | None:
        clauses = self.sections[-1].clauses if self.sections else ()
        return clauses[-1] if clauses else None
