"""What a reviewer has to see of a text before it is published."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from neupusti.core.text.languages import Language
from neupusti.policy.service import comparison, edition_store, parser
from neupusti.policy.service.comparison import ChangeStatus, ClauseChange
from neupusti.policy.service.document import Document, Note, Reading
from neupusti.policy.service.edition_store import EditionText, NotFoundError
from neupusti.policy.service.stated_dates import StatedDate, own_date, stated_dates


@dataclass(frozen=True)
class Review:
    """One text beside the edition in force."""

    document: Document
    language: Language
    day: date | None
    """The date it was given; None: it has the date that it states."""
    notes: tuple[Note, ...]
    in_force: EditionText | None
    """The text in force, if there is one in this language."""

    @cached_property
    def dates(self) -> list[StatedDate]:
        """The dates that the text states of itself."""
        return stated_dates(self.document)

    @property
    def own_date(self) -> StatedDate | None:
        """The one date that it states; None if there is none or it is not clear."""
        return own_date(self.document)

    @cached_property
    def changes(self) -> list[ClauseChange]:
        """Its clauses and those of the edition in force, if the two can be compared."""
        if self.in_force is None:
            return []
        return comparison.compare(self.in_force.document, self.document)

    @property
    def counts(self) -> dict[ChangeStatus, int]:
        """How many clauses there are of each kind of change."""
        return {
            status: sum(change.status is status for change in self.changes)
            for status in ChangeStatus
        }

    @property
    def readings(self) -> Iterator[tuple[Reading, list[Note]]]:
        """Yield how lines were read otherwise than as they stand, by kind."""
        for reading in Reading:
            if notes := [note for note in self.notes if note.reading is reading]:
                yield reading, notes


def review(
    text: str, language: Language, day: date | None = None, notes: tuple[Note, ...] = ()
) -> Review:
    """Return what a reviewer has to see of `text`; raise UnreadableDocumentError."""
    document = parser.parse(text)
    return Review(document, language, day, (*notes, *document.notes), _in_force(language))


def lines(notes: list[Note]) -> str:
    """Return the lines of `notes` with runs joined: «3, 7–12»; empty for the whole text."""
    numbers = sorted({note.line for note in notes if note.line})
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{r[0]}–{r[-1]}" if len(r) > 1 else str(r[0]) for r in runs)


def _in_force(language: Language) -> EditionText | None:
    store = edition_store.current_store()
    try:
        text = store.text(store.in_force(), language)
    except NotFoundError:
        return None
    return text if text.language is language else None
