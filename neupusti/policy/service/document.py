"""A policy document as a tree: title, preamble, sections, clauses, list items."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

PREAMBLE = "preamble"


def order(number: str) -> tuple[int, ...]:
    """Return the sort key of a clause number: 1.1.10 after 1.1.9; the preamble first."""
    return () if number == PREAMBLE else tuple(int(part) for part in number.split("."))


@dataclass(frozen=True)
class Clause:
    """A numbered clause. `line` is its line in the document, counted from 1."""

    number: str
    text: str
    line: int
    items: tuple[str, ...] = ()

    @property
    def depth(self) -> int:
        """Its level below the section: 1 for 6.1, 2 for 6.1.3."""
        return self.number.count(".")

    @property
    def whole(self) -> str:
        """Its text and its list items, one per line."""
        return "\n".join((self.text, *(f"– {item}" for item in self.items)))


@dataclass(frozen=True)
class Section:
    """A section with its heading."""

    number: str
    heading: str
    line: int
    clauses: tuple[Clause, ...] = ()


@dataclass(frozen=True)
class Document:
    """A whole policy."""

    title: str
    preamble: tuple[str, ...]
    sections: tuple[Section, ...] = field(default=())

    def __iter__(self) -> Iterator[Clause]:
        """Yield the numbered clauses in their order."""
        for section in self.sections:
            yield from section.clauses

    @cached_property
    def clauses(self) -> dict[str, Clause]:
        """Clause number -> clause, the preamble first."""
        preamble = Clause(PREAMBLE, "\n".join(self.preamble), 0)
        return {PREAMBLE: preamble} | {clause.number: clause for clause in self}
