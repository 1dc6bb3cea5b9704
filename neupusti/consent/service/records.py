"""Keeping the proof of a choice: one row, chained to the row before it."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.consent.models import (
    ChoiceSource,
    ConsentDeclarations,
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
from neupusti.core.text.languages import Language

CHAIN = Chain(ConsentRecord, 0x6E6575706F636F6E, lambda record: canonical(record.fields))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The exact words of a question, where they stood, and in which language."""

    surface: str
    language: Language
    text: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One choice as it is to be kept."""

    granted: frozenset[Category]
    source: ChoiceSource
    wording: Wording
    declarations: Declarations
    edition: str
    replaces: str | None = None


def keep(session: Session, decision: Decision) -> ConsentRecord:
    """Append the record of `decision` in the open write transaction, and return it."""
    CHAIN.lock(session)  # so that times grow along the chain
    now = clock.now().replace(microsecond=0)
    _declare(session, decision.declarations, now)
    _word(session, decision, now)
    record = ConsentRecord(
        public_id=secrets.token_urlsafe(12),
        at=now,
        granted=_listed(decision.granted),
        refused=_listed(frozenset(decision.declarations.optional) - decision.granted),
        source=decision.source.value,
        language=decision.wording.language.value,
        wording=decision.wording.sha256,
        declarations=decision.declarations.sha256,
        edition=decision.edition,
        replaces=decision.replaces,
    )
    CHAIN.append(session, record)
    return record


def choose(
    decision: Decision, *, before: frozenset[Category], ended: bool, tally: Tally
) -> ConsentRecord:
    """Keep `decision` of a visitor who had granted `before`, and count it.

    Where an earlier choice had `ended` by age, a record says so first.
    """
    seen = tally.take()
    try:
        with writing() as session:
            if ended:
                end = replace(decision, granted=frozenset(), source=ChoiceSource.EXPIRY)
                decision = replace(decision, replaces=keep(session, end).public_id)
            record = keep(session, decision)
            asked = decision.declarations.optional
            counts.answer(session, asked, before, decision.granted)
            seen.write(session, asked)
            return record
    except BaseException:
        tally.give_back(seen)
        raise


def find(public_id: str) -> ConsentRecord | None:
    """Return the record a visitor's cookie names."""
    wanted = select(ConsentRecord).filter_by(public_id=public_id)
    found: ConsentRecord | None = db.session.scalar(wanted)
    return found


def wording_of(record: ConsentRecord) -> str:
    """Return the words that `record` answered."""
    return db.session.get_one(ConsentWording, record.wording).text


def declared(record: ConsentRecord) -> str:
    """Return what was declared, in its canonical form, when `record` was made."""
    return db.session.get_one(ConsentDeclarations, record.declarations).canonical


def worded(beginning: str, language: Language) -> Wording | None:
    """Return the words, asked in before, whose hash begins with `beginning`."""
    wanted = select(ConsentWording).where(
        ConsentWording.sha256.startswith(beginning, autoescape=True),
        ConsentWording.language == language.value,
    )
    row: ConsentWording | None = db.session.scalar(wanted)
    if row is None:
        return None
    return Wording(surface=row.surface, language=language, text=row.text, sha256=row.sha256)


def _declare(session: Session, declarations: Declarations, now: datetime) -> None:
    if session.get(ConsentDeclarations, declarations.sha256) is None:
        row = ConsentDeclarations(
            sha256=declarations.sha256, canonical=declarations.canonical, at=now
        )
        session.add(row)
        session.flush()


def _word(session: Session, decision: Decision, now: datetime) -> None:
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


def _listed(categories: frozenset[Category]) -> str:
    return ",".join(c.value for c in Category if c in categories - {Category.NECESSARY})
