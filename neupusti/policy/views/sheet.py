"""The review sheet in the terminal, in English like every command."""

from collections.abc import Iterator

from neupusti.core.text.languages import Language, force_language
from neupusti.policy.service.comparison import ChangeStatus
from neupusti.policy.service.differences import EditOperation
from neupusti.policy.service.lint import lint
from neupusti.policy.service.review import Review, lines
from neupusti.policy.views.readings import CHANGES, READINGS, REASONS

SIGNS = {EditOperation.DELETED: "[-", EditOperation.INSERTED: "[+"}
DETAILS = 60
"""Letters of a detail, which is there to find the place in the text."""


def sheet(review: Review, text: str) -> Iterator[str]:
    """Yield the lines of the sheet."""
    document = review.document
    with force_language(Language.EN):
        if document.approval:
            yield f"above the title: {' / '.join(document.approval)}"
        yield f"title: {document.title}"
        yield from (f"preamble: {line}" for line in document.preamble)
        yield f"{len(document.sections)} sections, {len(list(document))} numbered clauses"
        yield from _outline(review)
        yield from (f"below the last clause: {line}" for line in document.closing)
        yield from _dates(review)
        yield from _readings(review)
        yield from (f"note: {finding}" for finding in lint(text))
        yield from _changes(review)


def _outline(review: Review) -> Iterator[str]:
    for section in review.document.sections:
        numbers = [clause.shown for clause in section.clauses]
        written = section.written or f"({section.number})"
        span = numbers[0] if len(numbers) == 1 else f"{numbers[0]} to {numbers[-1]}"
        yield f"  {written} {section.heading} — {len(numbers)}: {span}"


def _dates(review: Review) -> Iterator[str]:
    own = review.own_date
    if review.day is not None:
        yield f"date: {review.day}, given"
    elif own is not None:
        yield f"date: {own.day}, {REASONS[own.reason]}: «{own.words}»"
    else:
        yield "date: not clear from the text, give one with --date"
    for one in review.dates:
        if one is not own:
            yield f"  also {one.day}, {REASONS[one.reason]}: «{one.words}»"


def _readings(review: Review) -> Iterator[str]:
    for reading, notes in review.readings:
        place = f"line {where}" if (where := lines(notes)) else "the whole text"
        yield f"read: {place}: {READINGS[reading]}"
        yield from (
            f"  line {note.line}: {note.detail[:DETAILS]}" if note.line
            else f"  {note.detail}"
            for note in notes if note.detail
        )  # fmt: skip


def _changes(review: Review) -> Iterator[str]:
    if review.in_force is None:
        yield f"compared: nothing is in force in «{review.language}»"
        return
    counts = ", ".join(f"{CHANGES[s]}: {n}" for s, n in review.counts.items() if n)
    yield f"compared with the edition of {review.in_force.date}: {counts}"
    for change in review.changes:
        if change.status is not ChangeStatus.SAME:
            runs = (
                f"{SIGNS[run.operation]}{run.text}]" if run.operation in SIGNS else run.text
                for run in change.runs
            )
            yield f"  {change.number} ({CHANGES[change.status]}): {''.join(runs)}"
