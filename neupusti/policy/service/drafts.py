"""Check a draft against the terms of its edition (9.1, 9.2).

An edition is the texts of one date and source. All of them have the same kind and take
effect at the same moment, regardless of language and order of import.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from neupusti.core import clock
from neupusti.core.text.dates import short
from neupusti.core.text.languages import Language
from neupusti.policy.models import (
    Edition,
    EditionKind,
    EditionSource,
    EditionState,
    Terms,
    digest,
    terms,
)
from neupusti.policy.service import edition_store, parser, stated_dates
from neupusti.policy.service.edition_store import NotFoundError
from neupusti.policy.service.words import wording


class EditionError(ValueError):
    """The edition cannot be imported or published; the message is the reason."""


class DisagreeError(EditionError):
    """The texts of an edition differ in kind or moment."""


class PastError(EditionError):
    """The edition would take effect before it is published, and nobody said why."""


class NotPastError(EditionError):
    """A reason for taking effect in the past was given, but it is not past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A text to import and its metadata.

    An empty `day` is read from the text; other empty fields default to the values that
    the edition has so far.
    """

    text: str
    language: Language
    source: EditionSource = EditionSource.OPERATOR
    day: date | None = None
    kind: EditionKind | None = None
    note: str = ""
    effective_from: datetime | None = None


def values(draft: Draft, day: date, parts: Sequence[Edition]) -> dict[str, Any]:
    """Return the column values of `draft`; `parts` are the edition's rows so far.

    Raise EditionError if the terms of the edition differ, or a required value is missing.
    """
    known = next((part for part in parts if part.language == draft.language), None)
    agreed = _merged_terms(draft, day, parts, known)
    note = draft.note.strip() or (known.note if known else "")
    if agreed.kind is not EditionKind.EDITORIAL and not any(
        [note, *(p.note for p in parts)]
    ):
        raise EditionError(
            f"A change of the kind «{agreed.kind}» needs a --note for readers."
        )
    return {
        "text": draft.text,
        "sha256": digest(draft.text),
        "kind": agreed.kind.value,
        "note": note,
        "effective_from": agreed.effective_from,
    }


def check_publishable(edition: Edition, parts: Sequence[Edition], backdate: str) -> None:
    """Raise EditionError unless `edition`, one of `parts`, may be published now.

    An edition of today without an hour takes effect at its publication. One that takes
    effect earlier needs the reason `backdate`: 9.2 counts from that moment.
    """
    now, day = clock.now(), edition.date
    published = [part for part in parts if part.state is EditionState.PUBLISHED]
    agreed = terms(published or parts)
    for part in [edition] if published else parts:
        if terms([part]) != agreed:
            raise DisagreeError(
                f"The texts of the {edition.source} edition of {day} do not agree: "
                f"{agreed}, but in «{part.language}» {terms([part])}. "
                "Import that one again."
            )
    begins = clock.midnight(day)
    if not published and day == clock.today() and agreed.effective_from == begins:
        for part in parts:
            part.effective_from = now
    past = edition.effective_from < now
    moment = f"{short(edition.effective_from)} Almaty time"
    if past and not published and not backdate:
        raise PastError(
            f"The edition of {day} would take effect on {moment}, before it is published. "
            "Import it again with a later --effective-from, or say with --backdate why."
        )
    if backdate and not past:
        raise NotPastError(
            f"The edition of {day} takes effect on {moment}, which is not past: "
            "leave --backdate out."
        )


def _merged_terms(
    draft: Draft, day: date, parts: Sequence[Edition], known: Edition | None
) -> Terms:
    """Return the terms of the edition with `draft`; raise EditionError on a conflict."""
    published = [part for part in parts if part.state is EditionState.PUBLISHED]
    like = published or ([known] if known else parts)
    if not like:
        kind = draft.kind or _implied_kind(draft)
        return Terms(kind, draft.effective_from or clock.midnight(day))
    current = terms(like)
    wanted = Terms(
        draft.kind or current.kind, draft.effective_from or current.effective_from
    )
    if published or known is None:
        # The beginning of the date is the default of an import without a moment.
        open_ = not published and current.effective_from == clock.midnight(day)
        moved = wanted.effective_from != current.effective_from and not open_
        if moved or wanted.kind is not current.kind:
            raise EditionError(_conflict_message(draft, day, current, like[0]))
    elif (
        draft.kind is None
        and current.kind is EditionKind.EDITORIAL
        and known.text != draft.text
    ):
        _implied_kind(draft)
    return wanted


def _implied_kind(draft: Draft) -> EditionKind:
    """Return the kind of a draft without one; raise EditionError if it is required."""
    try:
        texts = edition_store.current_store()
        other = texts.text(texts.in_force(), draft.language)
    except NotFoundError:
        return EditionKind.EDITORIAL
    same = other.language is draft.language
    if same and _wording(other.text) == _wording(draft.text):
        return EditionKind.EDITORIAL
    kinds = ", ".join(f"«{kind}»" for kind in EditionKind)
    raise EditionError(
        f"In «{draft.language}» the edition in force ({other.date}) differs from this text "
        f"in more than marks: say with --kind what that means for people ({kinds})."
    )


def _wording(text: str) -> list[str]:
    """Return the wording of `text` without its own date."""
    if stated := stated_dates.own_date(parser.parse(text)):
        text = text.replace(stated.written, "")
    return wording(text)


def _conflict_message(draft: Draft, day: date, current: Terms, part: Edition) -> str:
    remedy = (
        "or give this text a date of its own with --date"
        if part.state is EditionState.PUBLISHED
        else f"or import the one in «{part.language}» again with others: the rest follow"
    )
    return (
        f"The {draft.source} edition of {day} is {current}, as its text in "
        f"«{part.language}» says, and so are all its texts: leave --kind and "
        f"--effective-from out, {remedy}."
    )
