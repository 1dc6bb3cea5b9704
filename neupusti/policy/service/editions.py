"""Import and publish editions: draft, approved, published."""

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
"""The columns that are the same for all texts of an edition."""


def import_draft(draft: Draft) -> tuple[Edition, bool]:
    """Store `draft`; return its row and whether anything has changed.

    Its kind and moment, if given, also update the drafts in other languages. Raise
    UnreadableDocumentError if the text cannot be parsed, EditionError if it has no date,
    or if the terms or a published text contradict it.
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
        changes = {name: values[name] for name in SHARED if getattr(draft, name)}
        for part in parts:
            if part.state is not EditionState.PUBLISHED:
                part.revise(changes, part.created_at)
        session.flush()
        return edition, new


def date_of(text: str) -> date:
    """Return the date stated in `text`; raise EditionError if there is none."""
    found = parser.dates(parser.parse(text))
    if not found:
        raise EditionError("The text names no date (dd.mm.yyyy): give one with --date.")
    return found[0]


def publish(day: date, language: Language, by: str, backdate: str = "") -> Edition:
    """Approve and publish the draft of `day`: the operator's, else the restatement.

    `backdate` is the reason why it takes effect before its publication, for the journal.
    Raise EditionError if there is no such draft or it may not be published.
    """
    with writing() as session:
        texts = _locked(session, day)
        edition = _unpublished(texts, day, language)
        parts = [text for text in texts if text.source == edition.source]
        drafts.check_publishable(edition, parts, backdate)
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


def all_editions() -> list[Edition]:
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
    """Import and publish the shipped editions; return a line about how many were new."""
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
    """Yield the shipped editions, as described in `editions.toml`."""
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
    """Return every text of `day`, the earliest first, locked for update."""
    wanted = select(Edition).filter_by(date=day).order_by(Edition.id)
    return list(session.scalars(wanted.with_for_update()))


def _unpublished(texts: list[Edition], day: date, language: Language) -> Edition:
    """Return the one of `texts` to publish; raise EditionError."""
    found = [text for text in texts if text.language == language]
    if not found:
        raise EditionError(
            f"There is no edition of {day} in «{language}»: import it first."
        )
    unpublished = [text for text in found if text.state is not EditionState.PUBLISHED]
    if not unpublished:
        raise EditionError(f"The edition of {day} in «{language}» is published already.")
    return min(
        unpublished, key=lambda text: list(EditionSource).index(EditionSource(text.source))
    )
