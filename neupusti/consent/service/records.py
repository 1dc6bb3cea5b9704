"""Consent records: one row per choice, hash-chained to the previous row."""

import json
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.consent.models import (
    ChoiceSource,
    ConsentDeclarations,
    ConsentEvent,
    ConsentRecord,
    ConsentWording,
)
from neupusti.consent.service import counts
from neupusti.consent.service.counts import Tally
from neupusti.consent.service.declarations import Declarations, canonical
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.feature import Category
from neupusti.core.records.chain import Chain
from neupusti.core.records.head import HeadFile
from neupusti.core.text.languages import Language

CHAIN = Chain(ConsentRecord, 0x6E6575706F636F6E, lambda record: canonical(record.fields))
HEAD = HeadFile("consent-head")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The exact text of a consent question, its surface and its language."""

    surface: str
    language: Language
    text: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One choice to be recorded."""

    granted: frozenset[Category]
    source: ChoiceSource
    wording: Wording
    declarations: Declarations
    edition: str
    replaces: str | None = None
    public_id: str = ""
    """The id that a cookie names already; else a new one."""
    at: datetime | None = None
    """When the choice was made, if its record had to wait."""


def new_id() -> str:
    """Return an id for a record: 96 random bits."""
    return secrets.token_urlsafe(12)


def append(session: Session, decision: Decision) -> ConsentRecord:
    """Append the record of `decision` in the open write transaction; return it."""
    CHAIN.lock(session)  # before reading the clock, so that times ascend along the chain
    now = clock.now().replace(microsecond=0)
    _ensure_declarations(session, decision.declarations, now)
    _ensure_wording(session, decision, now)
    record = ConsentRecord(
        public_id=decision.public_id or new_id(),
        at=decision.at or now,
        granted=_category_list(decision.granted),
        refused=_category_list(
            frozenset(decision.declarations.optional) - decision.granted
        ),
        source=decision.source.value,
        language=decision.wording.language.value,
        wording=decision.wording.sha256,
        declarations=decision.declarations.sha256,
        edition=decision.edition,
        replaces=decision.replaces,
    )
    CHAIN.append(session, record)
    return record


def record_choice(
    decision: Decision, *, before: frozenset[Category], expired: bool, tally: Tally
) -> tuple[str, datetime]:
    """Record and count `decision` of a visitor who had granted `before`.

    If the earlier choice has `expired`, append a record of that first. Return the id and
    time of the record, read before the commit: after it, a database that fails would make
    a failure of what is kept.
    """
    snapshot = tally.take()
    try:
        with writing() as session:
            if expired:
                end = replace(
                    decision,
                    granted=frozenset(),
                    source=ChoiceSource.EXPIRY,
                    public_id="",
                )
                decision = replace(decision, replaces=append(session, end).public_id)
            record = append(session, decision)
            optional = decision.declarations.optional
            counts.answer(session, optional, before, decision.granted)
            snapshot.write(session, optional)
            return record.public_id, record.at
    except BaseException:
        tally.restore(snapshot)
        raise


def find(public_id: str) -> ConsentRecord | None:
    """Return the record with `public_id`, as named by the consent cookie."""
    query = select(ConsentRecord).filter_by(public_id=public_id)
    found: ConsentRecord | None = db.session.scalar(query)
    return found


def events(record: ConsentRecord) -> dict[str, ConsentEvent]:
    """Return optional category -> what `record` changed for it."""
    replaced = find(record.replaces) if record.replaces else None
    before = _categories(replaced.granted) if replaced else []
    after = _categories(record.granted)
    return {
        **{c: ConsentEvent.KEPT if c in before else ConsentEvent.GIVEN for c in after},
        **{
            c: ConsentEvent.WITHDRAWN if c in before else ConsentEvent.REFUSED
            for c in _categories(record.refused)
        },
    }


def declarations_text(record: ConsentRecord) -> str:
    """Return the canonical declarations at the time of `record`."""
    return db.session.get_one(ConsentDeclarations, record.declarations).canonical


def names_declared() -> set[str]:
    """Return the name of every cookie under whose declaration somebody chose."""
    texts = db.session.scalars(select(ConsentDeclarations.canonical))
    return {
        cookie["name"]
        for text in texts
        for category in json.loads(text).values()
        for cookie in category["cookies"]
    }


def _ensure_declarations(
    session: Session, declarations: Declarations, now: datetime
) -> None:
    if session.get(ConsentDeclarations, declarations.sha256) is None:
        row = ConsentDeclarations(
            sha256=declarations.sha256, canonical=declarations.canonical, at=now
        )
        session.add(row)
        session.flush()


def _ensure_wording(session: Session, decision: Decision, now: datetime) -> None:
    wording = decision.wording
    if session.get(ConsentWording, wording.sha256) is None:
        row = ConsentWording(
            sha256=wording.sha256,
            surface=wording.surface,
            language=wording.language.value,
            declarations=decision.declarations.sha256,
            text=wording.text,
            at=now,
        )
        session.add(row)
        session.flush()


def _categories(stored: str) -> list[str]:
    return stored.split(",") if stored else []


def _category_list(categories: frozenset[Category]) -> str:
    return ",".join(c.value for c in Category if c in categories - {Category.NECESSARY})
