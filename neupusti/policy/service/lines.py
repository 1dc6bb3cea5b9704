"""A line of a document, before it is part of a paragraph."""

from dataclasses import dataclass

SENTENCE_ENDS = (".", "!", "?", ";", ":", "…")


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not empty: its text with single spaces, and how wide it was."""

    number: int
    text: str
    width: int
    adjacent: bool
    """Whether no empty line separates it from the line before."""
    page: bool
    """Whether a page begins with it."""
