"""What makes a document unreadable, by line."""

from dataclasses import dataclass


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
