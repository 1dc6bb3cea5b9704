"""Import and publish editions: draft, approved, published."""

import tomllib
from collections.abc import Collection, Iterator
from datetime import date, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.records.journal import StaffActionType, log_staff_action
from neupusti.core.text.languages import Language
from neupusti.policy.models import Edition, EditionKind, EditionSource, EditionState, terms
from neupusti.policy.service import drafts, edition_store, parser, restated, stated_dates
from neupusti.policy.service.drafts import Draft, EditionError

SHIPPED = restated.SHIPPED
DISCARDED = StaffActionType("policy.discarded", _("Discarded a draft of the policy"))
PUBLISHED = StaffActionType("policy.published", _("Published an edition of the policy"))
SHARED = ("kind", "effective_from")
"""The columns that are the same for all texts of an edition."""
ANNOUNCED = timedelta(days=7)
"""How long a new shipped edition can be read before it takes effect."""


def import_draft(draft: Draft) -> tuple[Edition, bool]:
    """Store `draft`; return its row and whether anything has changed.

    Its kind and moment, if given, also update the drafts in other languages. Raise
    UnreadableDocumentError if the text cannot be parsed, EditionError if it has no date,
    or if the terms or a published text contradict it.
    """
    parser.parse(draft.text)
    day = draft.day or date_of(draft.text)
    with writing() as session:
        parts = [text for text in locked(session, day) if text.source == draft.source]
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
    """Return the date that `text` states of itself; raise EditionError if not clear."""
    document = parser.parse(text)
    if (own := stated_dates.own_date(document)) is not None:
        return own.day
    days = ", ".join(dict.fromkeys(str(d.day) for d in stated_dates.stated_dates(document)))
    what = f"several dates of its own ({days})" if days else "no date of its own"
    raise EditionError(
        f"The text states {what}, next to words of updating or coming into force: "
        "give one with --date."
    )


def discard(day: date, language: Language | None = None) -> list[str]:
    """Remove the drafts of `day`; return their names, or raise EditionError.

    Published texts stay.
    """
    with writing() as session:
        drafted = [
            text
            for text in locked(session, day)
            if text.state is not EditionState.PUBLISHED
            and language in {None, text.language}
        ]
        if not drafted:
            raise EditionError(f"There is no draft of {day}.")
        names = [f"{day} «{text.language}» ({text.source})" for text in drafted]
        for text in drafted:
            session.delete(text)
        log_staff_action(session, staff=None, action=DISCARDED, what=", ".join(names))
    return names


def publish(day: date, language: Language, by: str, backdate: str = "") -> Edition:
    """Approve and publish the draft of `day`: the operator's, else the restatement.

    `backdate` is the reason why it takes effect before its publication, for the journal.
    Raise EditionError if there is no such draft or it may not be published.
    """
    with writing() as session:
        texts = locked(session, day)
        edition = _unpublished(texts, day, language)
        release(session, edition, texts, by=by, reason=backdate)
    edition_store.invalidate()
    return edition


def release(  # noqa: PLR0913 - whose act it is, and what the journal keeps of it
    session: Session,
    edition: Edition,
    texts: list[Edition],
    *,
    by: str,
    reason: str,
    staff: int | None = None,
) -> None:
    """Publish `edition`, one of the `texts` of its date; raise EditionError.

    The caller holds the lock and, once the transaction is over, invalidates the store.
    """
    parts = [text for text in texts if text.source == edition.source]
    drafts.check_publishable(edition, parts, reason)
    _make_public(edition, by)
    log_staff_action(
        session,
        staff=staff,
        action=PUBLISHED,
        what=f"{edition.date} «{edition.language}» ({edition.source}), {terms([edition])}",
        reason=reason,
    )


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
    published = select(Edition.date).where(Edition.published_at.is_not(None))
    new = 0
    for draft in shipped(set(db.session.scalars(published))):
        edition, _ = import_draft(draft)
        if edition.state is not EditionState.PUBLISHED:
            with writing():
                _make_public(edition, by="the tree")
            edition_store.invalidate()
            new += 1
    return f"policy: {new} shipped editions added" if new else "policy: editions in place"


def shipped(published: Collection[date] = ()) -> Iterator[Draft]:
    """Yield the shipped editions, as described in `editions.toml`.

    What is new beside the `published` ones takes effect after it was announced (9.2).
    """
    announced = clock.now() + ANNOUNCED
    with restated.DESCRIBED.open("rb") as file:
        described = tomllib.load(file)["edition"]
    for entry in described:
        new = published and entry["date"] not in published
        begins = max(clock.midnight(entry["date"]), announced) if new else None
        for language in Language:
            path = SHIPPED / f"{entry['date'].isoformat()}.{language}.txt"
            yield Draft(
                text=parser.decode(path.read_bytes()),
                language=language,
                source=EditionSource.RESTATEMENT,
                day=entry["date"],
                kind=EditionKind(entry["kind"]),
                note=entry["note"][language],
                effective_from=begins,
            )


def _make_public(edition: Edition, by: str) -> None:
    now = clock.now()
    if edition.state is EditionState.DRAFT:
        edition.approve(by, now)
    edition.publish(now)


def locked(session: Session, day: date) -> list[Edition]:
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
