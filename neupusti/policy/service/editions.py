"""Bringing editions in and publishing them: draft, approved, published."""

import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.records.journal import StaffActionType, log_staff_action
from neupusti.core.text.languages import Language
from neupusti.policy.models import Edition, EditionKind, EditionSource, EditionState, terms
from neupusti.policy.service import drafts, edition_store, parser
from neupusti.policy.service.drafts import Draft, EditionError

SHIPPED = Path(__file__).parents[1] / "editions"
PUBLISHED = StaffActionType("policy.published", _("Published an edition of the policy"))
SHARED = ("kind", "effective_from")
"""What all the texts of an edition have in common."""


def import_draft(draft: Draft) -> tuple[Edition, bool]:
    """Store `draft` and return its row, and whether anything has changed.

    Drafts of the edition in other languages take over the moment and the kind it says.
    Raise UnreadableDocumentError where a line has no place, EditionError where the date is
    missing or already holds another text, or where the edition is of other terms.
    """
    parser.parse(draft.text)
    day = draft.day or date_of(draft.text)
    with writing() as session:
        parts = [text for text in _locked(session, day) if text.source == draft.source]
        values = drafts.values(draft, day, parts)
        known = next((part for part in parts if part.language == draft.language), None)
        if known is not None and known.state is EditionState.PUBLISHED:
            if known.sha256 == values["sha256"]:
                return known, False
            raise EditionError(
                f"The {draft.source} edition of {day} in «{draft.language}» is published: "
                "it never changes. Give the new text a date of its own."
            )
        edition = known or Edition(
            date=day, language=draft.language.value, source=draft.source.value
        )
        session.add(edition)
        new = edition.revise(values, clock.now())
        said = {name: values[name] for name in SHARED if getattr(draft, name)}
        for part in parts:
            if part.state is not EditionState.PUBLISHED:
                part.revise(said, part.created_at)
        session.flush()
        return edition, new


def date_of(text: str) -> date:
    """Return the date that `text` gives for itself; raise EditionError if it gives none."""
    found = parser.dates(parser.parse(text))
    if not found:
        raise EditionError("The text names no date (dd.mm.yyyy): give one with --date.")
    return found[0]


def publish(day: date, language: Language, by: str, backdate: str = "") -> Edition:
    """Approve and publish the operator's draft of `day`, or else the restatement's.

    `backdate` is the reason why it takes effect before it is published; the journal keeps
    it. Raise EditionError where there is no such draft, or it may not take effect so.
    """
    with writing() as session:
        texts = _locked(session, day)
        edition = _waiting(texts, day, language)
        parts = [text for text in texts if text.source == edition.source]
        drafts.settle(edition, parts, backdate)
        _make_public(edition, by)
        log_staff_action(
            session,
            staff=None,
            action=PUBLISHED,
            what=f"{day} «{language}» ({edition.source}), {terms([edition])}",
            reason=backdate,
        )
    edition_store.invalidate()
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
        edition, _ = import_draft(draft)
        if edition.state is not EditionState.PUBLISHED:
            with writing():
                _make_public(edition, by="the tree")
            edition_store.invalidate()
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
                source=EditionSource.RESTATEMENT,
                day=entry["date"],
                kind=EditionKind(entry["kind"]),
                note=entry["note"][language],
            )


def _make_public(edition: Edition, by: str) -> None:
    now = clock.now()
    if edition.state is EditionState.DRAFT:
        edition.approve(by, now)
    edition.publish(now)


def _locked(session: Session, day: date) -> list[Edition]:
    """Return every text of `day`, the earliest first, and keep other writers off."""
    wanted = select(Edition).filter_by(date=day).order_by(Edition.id)
    return list(session.scalars(wanted.with_for_update()))


def _waiting(texts: list[Edition], day: date, language: Language) -> Edition:
    """Return which of `texts` is to be published; raise EditionError."""
    found = [text for text in texts if text.language == language]
    if not found:
        raise EditionError(
            f"There is no edition of {day} in «{language}»: import it first."
        )
    waiting = [text for text in found if text.state is not EditionState.PUBLISHED]
    if not waiting:
        raise EditionError(f"The edition of {day} in «{language}» is published already.")
    return min(
        waiting, key=lambda text: list(EditionSource).index(EditionSource(text.source))
    )
