"""Clauses and sections while they are being built: texts as lists of pieces."""

from dataclasses import dataclass, field

from neupusti.policy.service.document import Block, Clause, Section
from neupusti.policy.service.lines import SENTENCE_ENDS


@dataclass(slots=True)
class OpenBlock:
    """A paragraph or list item, and the pieces of a sentence broken over a page."""

    mark: str
    pieces: list[str]

    @property
    def finished(self) -> bool:
        """Whether its sentence has ended."""
        return not self.pieces[-1] or self.pieces[-1].endswith(SENTENCE_ENDS)

    def build(self) -> Block:
        """Return the block."""
        return Block(" ".join(self.pieces), self.mark)


@dataclass(slots=True)
class OpenClause:
    """A clause: its first block is the text; an article without a heading has none yet."""

    number: str
    line: int
    written: str
    blocks: list[OpenBlock] = field(default_factory=list)

    @property
    def last(self) -> OpenBlock:
        """The block that the rest of a broken sentence is appended to."""
        return self.blocks[-1] if self.blocks else OpenBlock("", [""])

    def build(self) -> Clause:
        """Return the clause; one that begins with a list has no text of its own."""
        text, *rest = [block.build() for block in self.blocks] or [Block("")]
        if text.mark:
            text, rest = Block(""), [text, *rest]
        written = "" if self.written == self.number else self.written
        return Clause(self.number, text.text, self.line, tuple(rest), written)


@dataclass(slots=True)
class OpenSection:
    """A section: the number it is known by, and the one it bears."""

    number: str
    heading: str
    line: int
    written: str
    own: int
    """The number of its own that numbers of clauses begin with."""
    clauses: list[OpenClause] = field(default_factory=list)

    def build(self) -> Section:
        """Return the section."""
        clauses = tuple(clause.build() for clause in self.clauses)
        return Section(self.number, self.heading, self.line, clauses, self.written)
