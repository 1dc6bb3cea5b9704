"""Records of consents given in forms: who, to which exact text, when and how (2.1, F1).

A row never changes: a withdrawal is a new row that references the one it ends. Each text
is stored once, by its SHA-256. A keyed hash replaces the email address, so the record can
outlive the account without naming the person.

An account whose own consent is withdrawn is closed: it takes no new data, whichever form
sends them. People who never gave that consent, such as invited staff, have none to
withdraw.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import NamedTuple

import sqlalchemy
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import ForeignKey, Integer, String, bindparam, select
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.classification import (
    Day,
    Id,
    LongText,
    Moment,
    PersonNumber,
    Purpose,
    derived,
    impersonal,
)
from neupusti.core.data.database import Base, db, insert
from neupusti.core.records.decisions import Decision, decide
from neupusti.core.text import emails
from neupusti.core.text.languages import Language

HASH_USE = "evidence"
COPIED = ("person", "email_hash", "form", "purpose", "wording", "edition", "language")
"""What a withdrawal has in common with its consent."""
CLOSED = _(
    "You withdrew the consent to this account, so it takes no new data. On the page “My "
    "consents” you can agree again; reading, ending sessions and removing stay open to "
    "you. Orders and questions need no account: sign out and send them without one."
)


class ConsentWithdrawnError(Exception):
    """New data for an account whose consent is withdrawn."""

    def __init__(self, message: LazyString = CLOSED) -> None:
        super().__init__(message)
        self.message = message


class ConsentText(Base):
    """The exact text that at least one person agreed to."""

    __tablename__ = "evidence_wording"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True, info=impersonal())
    language: Mapped[str] = mapped_column(String(2), info=impersonal())
    text: Mapped[LongText]
    at: Mapped[Moment]


class FormConsent(Base):
    """One consent given in a form, or its withdrawal (`ends` is set)."""

    __tablename__ = "consent_evidence"

    id: Mapped[Id]
    at: Mapped[Moment]
    person: Mapped[PersonNumber | None]
    email_hash: Mapped[str] = mapped_column(
        String(64),
        index=True,
        info=derived("3.2.3", Purpose.IDENTIFICATION, keyed_by=HASH_USE),
    )
    form: Mapped[str] = mapped_column(String(40), info=impersonal())
    purpose: Mapped[str] = mapped_column(String(10), info=impersonal())
    """The clause of the main purpose: 4.1.6 an account, 4.1.9 news, and so on."""
    wording: Mapped[str] = mapped_column(
        ForeignKey("evidence_wording.sha256"), info=impersonal()
    )
    edition: Mapped[Day]
    """The date of the policy's edition that was in force."""
    language: Mapped[str] = mapped_column(String(2), info=impersonal())
    method: Mapped[str] = mapped_column(String(40), info=impersonal())
    ends: Mapped[int | None] = mapped_column(
        Integer, ForeignKey("consent_evidence.id"), unique=True, info=impersonal()
    )


_COLUMNS = [c for c in FormConsent.__table__.columns if c.name not in {"id", "ends"}]
WITH_STORED_TEXT = select(FormConsent).from_statement(
    sqlalchemy.insert(FormConsent)
    .from_select(
        [column.name for column in _COLUMNS],
        select(*(bindparam(c.name, type_=c.type) for c in _COLUMNS)).where(
            ConsentText.sha256 == bindparam("wording")
        ),
    )
    .returning(FormConsent)
)
"""Inserts a consent whose text is stored, as it is but for the first time; else nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenConsent:
    """A consent as a form received it, before it is stored."""

    form: str
    purpose: Purpose
    text: str
    language: Language
    edition: date
    method: str = "box ticked"


def digest(text: str) -> str:
    """Return the SHA-256 of the exact `text`, as 64 hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


def store(
    session: Session, given: GivenConsent, *, email: str, person: int | None = None
) -> FormConsent:
    """Store a consent in the open write transaction, and return its row.

    Raise ConsentWithdrawnError for a person whose account is closed.
    """
    if not (given.text.strip() and email):
        raise ValueError("a consent without a text or without a person proves nothing")
    if person is not None and given.purpose is not Purpose.ACCOUNT:
        check_open(person)
    values = {
        "at": clock.now(),
        "person": person,
        "email_hash": hash_of(email),
        "form": given.form,
        "purpose": given.purpose.value,
        "wording": digest(given.text),
        "edition": given.edition,
        "language": given.language.value,
        "method": given.method,
    }
    row: FormConsent | None = session.scalar(WITH_STORED_TEXT, values)
    if row is None:
        _store_text(session, given)
        row = session.scalars(WITH_STORED_TEXT, values).one()
    return row


def withdraw(
    session: Session, consent: FormConsent, *, method: str, at: datetime | None = None
) -> FormConsent:
    """Store the withdrawal of `consent`; a second call changes nothing.

    `at` is when it was, where it is carried out again. Raise UnrecordedError.
    """
    ended = select(FormConsent).filter_by(ends=consent.id)
    if (existing := session.scalar(ended)) is not None:
        return existing
    decide(
        session,
        Decision.WITHDRAWN,
        person=consent.person,
        ref=str(consent.id),
        values={"method": method},
    )
    row = FormConsent(
        at=at or clock.now(),
        method=method,
        ends=consent.id,
        **{name: getattr(consent, name) for name in COPIED},
    )
    session.add(row)
    session.flush()
    return row


class Repeated(NamedTuple):
    """How and when a consent was withdrawn that is to be withdrawn again."""

    method: str
    at: datetime


def withdraw_again(
    session: Session, wanted: Mapping[int, Repeated]
) -> Sequence[FormConsent]:
    """Store the withdrawals of consents that are in force, and return these.

    For what is recorded as decided already.
    """
    ended = select(FormConsent.ends).where(FormConsent.ends.in_(wanted))
    given = select(FormConsent).where(
        FormConsent.id.in_(wanted), FormConsent.ends.is_(None), FormConsent.id.not_in(ended)
    )
    found = session.scalars(given).all()
    rows = [
        {
            **{name: getattr(one, name) for name in COPIED},
            **wanted[one.id]._asdict(),
            "ends": one.id,
        }
        for one in found
    ]
    if rows:
        session.execute(sqlalchemy.insert(FormConsent), rows)
    return found


def of_person(person: int) -> list[tuple[FormConsent, FormConsent | None, str]]:
    """Return each consent of `person`, newest first: (given, its withdrawal, the text)."""
    given, ended = aliased(FormConsent), aliased(FormConsent)
    rows = db.session.execute(
        select(given, ended, ConsentText.text)
        .join(ConsentText, ConsentText.sha256 == given.wording)
        .outerjoin(ended, ended.ends == given.id)
        .where(given.person == person, given.ends.is_(None))
        .order_by(given.id.desc())
    )
    return [(row[0], row[1], row[2]) for row in rows]


def in_force(person: int, purpose: Purpose) -> FormConsent | None:
    """Return the newest consent of `person` to `purpose` that was not withdrawn."""
    ended = select(FormConsent.ends).where(FormConsent.ends.is_not(None))
    found: FormConsent | None = db.session.scalar(
        select(FormConsent)
        .where(
            FormConsent.person == person,
            FormConsent.purpose == purpose.value,
            FormConsent.ends.is_(None),
            FormConsent.id.not_in(ended),
        )
        .order_by(FormConsent.id.desc())
        .limit(1)
    )
    return found


def is_closed(person: int) -> bool:
    """Return whether `person` has withdrawn the consent to the account itself."""
    given = select(FormConsent.id).filter_by(
        person=person, purpose=Purpose.ACCOUNT.value, ends=None
    )
    if db.session.scalar(given.limit(1)) is None:
        return False
    return in_force(person, Purpose.ACCOUNT) is None


def check_open(person: int) -> None:
    """Raise ConsentWithdrawnError where the account of `person` takes no new data.

    A withdrawal under way is waited for, and one that begins later waits for the end of
    this transaction: it finds what is stored in it.
    """
    account = select(FormConsent.id).filter_by(
        person=person, purpose=Purpose.ACCOUNT.value, ends=None
    )
    db.session.execute(account.with_for_update(read=True))
    if is_closed(person):
        raise ConsentWithdrawnError


def hash_of(email: str) -> str:
    """Return the keyed hash that replaces an email address in the records."""
    return keys.keyed(HASH_USE, emails.key(email))


def _store_text(session: Session, given: GivenConsent) -> None:
    """Store the text, unless another has stored it meanwhile."""
    row = {
        "sha256": digest(given.text),
        "language": given.language.value,
        "text": given.text,
        "at": clock.now(),
    }
    session.execute(insert(session, ConsentText).on_conflict_do_nothing(), row)
