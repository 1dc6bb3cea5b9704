"""Bringing editions in and publishing them: draft, approved, published."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import select

from neupusti.core import clock
from neupusti.core.database import db, writing
from neupusti.core.languages import Language
from neupusti.policy.models import Edition, Kind, Source, State, digest
from neupusti.policy.service import parser, shelf

SHIPPED = Path(__file__).parents[1] / "editions"


class EditionError(ValueError):
    """The edition may not be imported or published; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an import says about a text; an empty `day` is read from the text itself."""

    text: str
    language: Language
    source: Source = Source.OPERATOR
    day: date | None = None
    kind: Kind = Kind.EDITORIAL
    note: str = ""
    effective_from: datetime | None = None


def import_draft(draft: Draft) -> tuple[Edition, bool]:
    """Store `draft` and return its row, and whether it is new.

    The same text a second time changes nothing. Raise UnreadableDocumentError where a line
    has no place, EditionError where the date is missing or already holds another text.
    """
    day = draft.day or date_of(draft.text)
    _check(draft)
    with writing() as session:
        known = _find(day, draft.language, draft.source)
        if known is None:
            edition = _row(draft, day)
            session.add(edition)
            session.flush()
            return edition, True
        if known.sha256 == digest(draft.text):
            return known, False
        if known.state is State.PUBLISHED:
            raise EditionError(
                f"The {draft.source} edition of {day} in «{draft.language}» is published: "
                "it never changes. Give the new text a date of its own."
            )
        fresh = _row(draft, day)
        for column in ("text", "sha256", "kind", "note", "effective_from", "created_at"):
            setattr(known, column, getattr(fresh, column))
        known.approved_at = known.approved_by = None
        return known, True


def date_of(text: str) -> date:
    """Return the date that `text` gives for itself; raise EditionError if it gives none."""
    found = parser.dates(parser.parse(text))
    if not found:
        raise EditionError("The text names no date (dd.mm.yyyy): give one with --date.")
    return found[0]


def publish(day: date, language: Language, by: str) -> Edition:
    """Approve and publish the operator's draft of `day`, or else the restatement's."""
    with writing() as session:
        for source in Source:
            edition = _find(day, language, source)
            if edition is not None and edition.state is not State.PUBLISHED:
                break
        else:
            raise EditionError(_nothing_to_publish(day, language))
        now = clock.now()
        if edition.state is State.DRAFT:
            edition.approve(by, now)
            session.flush()
        edition.publish(now)
    shelf.forget()
    return edition


def every() -> list[Edition]:
    """Return all editions, newest date first, in the order of the site's languages."""
    editions = db.session.scalars(select(Edition)).all()
    languages = list(Language)
    return sorted(
        editions,
        key=lambda e: (
            -e.date.toordinal(),
            languages.index(Language(e.language)),
            e.source,
        ),
    )


def seed() -> str:
    """Bring in and publish the editions the tree ships; say how many were new."""
    new = 0
    for draft in shipped():
        edition, fresh = import_draft(draft)
        if fresh:
            publish(edition.date, draft.language, by="the tree")
            new += 1
    return f"policy: {new} shipped editions added" if new else "policy: editions in place"


def shipped() -> Iterator[Draft]:
    """Yield the editions that the tree holds, as `editions.toml` describes them."""
    with (SHIPPED / "editions.toml").open("rb") as file:
        described = tomllib.load(file)["edition"]
    for entry in described:
        for language in Language:
            path = SHIPPED / f"{entry['date'].isoformat()}.{language}.txt"
            yield Draft(
                text=parser.decode(path.read_bytes()),
                language=language,
                source=Source.RESTATEMENT,
                day=entry["date"],
                kind=Kind(entry["kind"]),
                note=entry["note"][language],
            )


def _check(draft: Draft) -> None:
    parser.parse(draft.text)
    if draft.kind is not Kind.EDITORIAL and not draft.note.strip():
        raise EditionError(
            f"A change of the kind «{draft.kind}» needs a --note for readers."
        )


def _row(draft: Draft, day: date) -> Edition:
    return Edition(
        date=day,
        language=draft.language.value,
        source=draft.source.value,
        text=draft.text,
        sha256=digest(draft.text),
        kind=draft.kind.value,
        note=draft.note.strip(),
        effective_from=draft.effective_from or clock.midnight(day),
        created_at=clock.now(),
    )


def _find(day: date, language: Language, source: Source) -> Edition | None:
    wanted = select(Edition).filter_by(
        date=day, language=language.value, source=source.value
    )
    found: Edition | None = db.session.scalar(wanted)
    return found


def _nothing_to_publish(day: date, language: Language) -> str:
    if any(_find(day, language, source) for source in Source):
        return f"The edition of {day} in «{language}» is published already."
    return f"There is no edition of {day} in «{language}»: import it first."
