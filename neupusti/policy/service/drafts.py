"""What an import says of a text, and what of it holds for the whole edition (9.1, 9.2).

An edition is the texts of one date and source. Its kind and the moment it takes effect
are one for all of them, whichever was imported first and in whatever language.
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
from neupusti.policy.service import comparison, edition_store, parser
from neupusti.policy.service.edition_store import NotFoundError


class EditionError(ValueError):
    """The edition may not be imported or published; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an import says about a text.

    An empty `day` is read from the text itself; what else is empty is as the edition has
    it so far.
    """

    text: str
    language: Language
    source: EditionSource = EditionSource.OPERATOR
    day: date | None = None
    kind: EditionKind | None = None
    note: str = ""
    effective_from: datetime | None = None


def values(draft: Draft, day: date, parts: Sequence[Edition]) -> dict[str, Any]:
    """Return what the row of `draft` is to hold; `parts` are the edition's rows so far.

    Raise EditionError where the edition is of other terms, or lacks what it must say.
    """
    known = next((part for part in parts if part.language == draft.language), None)
    whole = _agreed(draft, day, parts, known)
    note = draft.note.strip() or (known.note if known else "")
    if whole.kind is not EditionKind.EDITORIAL and not any(
        [note, *(p.note for p in parts)]
    ):
        raise EditionError(
            f"A change of the kind «{whole.kind}» needs a --note for readers."
        )
    return {
        "text": draft.text,
        "sha256": digest(draft.text),
        "kind": whole.kind.value,
        "note": note,
        "effective_from": whole.effective_from,
    }


def settle(edition: Edition, parts: Sequence[Edition], backdate: str) -> None:
    """Make sure that `edition`, one of `parts`, may be published now; raise EditionError.

    An edition of today that names no hour takes effect as it is published. One that takes
    effect before it is published needs the reason `backdate`: 9.2 counts from there.
    """
    now, day = clock.now(), edition.date
    published = [part for part in parts if part.state is EditionState.PUBLISHED]
    whole = terms(published or parts)
    for part in [edition] if published else parts:
        if terms([part]) != whole:
            raise EditionError(
                f"The texts of the {edition.source} edition of {day} do not agree: "
                f"{whole}, but in «{part.language}» {terms([part])}. Import that one again."
            )
    begins = clock.midnight(day)
    if not published and day == clock.today() and whole.effective_from == begins:
        for part in parts:
            part.effective_from = now
    past = edition.effective_from < now
    moment = f"{short(edition.effective_from)} Almaty time"
    if past and not published and not backdate:
        raise EditionError(
            f"The edition of {day} would take effect on {moment}, before it is published. "
            "Import it again with a later --effective-from, or say with --backdate why."
        )
    if backdate and not past:
        raise EditionError(
            f"The edition of {day} takes effect on {moment}, which is not past: "
            "leave --backdate out."
        )


def _agreed(
    draft: Draft, day: date, parts: Sequence[Edition], known: Edition | None
) -> Terms:
    """Return the terms of the edition once `draft` is in it."""
    published = [part for part in parts if part.state is EditionState.PUBLISHED]
    like = published or ([known] if known else parts)
    if not like:
        kind = draft.kind or _editorial(draft)
        return Terms(kind, draft.effective_from or clock.midnight(day))
    told = terms(like)
    said = Terms(draft.kind or told.kind, draft.effective_from or told.effective_from)
    if published or known is None:
        # The beginning of the date is what an import says that says nothing.
        open_ = not published and told.effective_from == clock.midnight(day)
        moved = said.effective_from != told.effective_from and not open_
        if moved or said.kind is not told.kind:
            raise EditionError(_one_edition(draft, day, told, like[0]))
    elif (
        draft.kind is None
        and told.kind is EditionKind.EDITORIAL
        and known.text != draft.text
    ):
        _editorial(draft)
    return said


def _editorial(draft: Draft) -> EditionKind:
    """Return the kind that need not be said; raise EditionError where it must be."""
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
    """Return the wording of `text` without the date that it gives for itself."""
    for day in parser.dates(parser.parse(text))[:1]:
        text = text.replace(f"{day:%d.%m.%Y}", "")
    return comparison.wording(text)


def _one_edition(draft: Draft, day: date, told: Terms, part: Edition) -> str:
    way = (
        "or give this text a date of its own with --date"
        if part.state is EditionState.PUBLISHED
        else f"or import the one in «{part.language}» again with others: the rest follow"
    )
    return (
        f"The {draft.source} edition of {day} is {told}, as its text in «{part.language}» "
        f"says, and so are all its texts: leave --kind and --effective-from out, {way}."
    )
