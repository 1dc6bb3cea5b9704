"""Registration: the same response for every address; only the e-mail to it differs.

Several unconfirmed accounts may claim one address; the first to be confirmed gets it.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

from sqlalchemy import ColumnElement, Table, delete, select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Credential, Person, PersonKind
from neupusti.accounts.service import emails as account_emails
from neupusti.accounts.service import limits, passwords, people
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.accounts.service.people import Applicant
from neupusti.accounts.service.signals import email_confirmed
from neupusti.config.settings import settings
from neupusti.core import clock, sweeping
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records import consents as consent_records
from neupusti.core.records import journal
from neupusti.core.records.consents import GivenConsent
from neupusti.core.records.journal import (
    Actor,
    ActorKind,
    Operation,
    ProcessingRecord,
    SecurityEvent,
)
from neupusti.core.security import throttle, tokens
from neupusti.core.security.tokens import Token, TokenError
from neupusti.core.text import emails

CONFIRM = "confirm e-mail"
LIFE = timedelta(days=3)
"""An unconfirmed account is deleted after this time; its link expires with it."""
GO_ALONG = (OutboxEmail.person, Token.person, SecurityEvent.person)
"""What is about an unconfirmed account goes with it: it may be a stranger's address."""


def register(
    applicant: Applicant,
    password: str,
    consents: Sequence[GivenConsent],
    where: tuple[str, str],
) -> None:
    """Register an account; e-mail a confirmation link, or that one exists already.

    Over the limit of the address nothing happens, and the response is the same. `where` is
    (device, network). Raise AccountError for an unacceptable password, TooManyError for
    too many e-mails from this network.
    """
    device, network = where
    min_length = settings().password_min
    passwords.check(password, applicant.personal_words, min_length=min_length)
    throttle.take((limits.EMAILS_NETWORK, network))
    password_hash = passwords.hashed(password)
    with writing() as session:
        if throttle.count(session, (limits.CONFIRM_EMAIL, emails.key(applicant.email))):
            return
        known = people.confirmed(applicant.email, session)
        if known is not None and known.kind == PersonKind.ACCOUNT:
            account_emails.send(session, account_emails.EXISTING, known)
            return
        person = people.add(session, applicant)
        passwords.set_password(session, person.id, password_hash)
        for consent in consents:
            consent_records.store(session, consent, email=person.email, person=person.id)
        journal.log_processing(session, _processing_record(person.id))
        journal.log_security_event(session, person.id, SecurityEventKind.REGISTERED, device)
        send_link(session, person)


def send_link(session: Session, person: Person) -> None:
    """E-mail `person` a confirmation link, in the open write transaction."""
    tokens.revoke(session, person.id, CONFIRM)
    token = tokens.issue(session, CONFIRM, LIFE, person=person.id)
    account_emails.send(session, account_emails.CONFIRM, person, {"token": token})


def resend_link(session: Session, person: Person) -> None:
    """Send the link again in the open write transaction, unless over the limit."""
    if not throttle.count(session, (limits.RESEND_EMAIL, person.email_key)):
        send_link(session, person)


def person_by_token(token: str) -> Person:
    """Return the person whose address a token confirms; raise TokenError."""
    person = db.session.get(Person, tokens.peek(CONFIRM, token).person)
    if person is None:
        raise TokenError
    return person


def confirm(token: str, device: str) -> None:
    """Confirm the address a token was sent to; raise TokenError.

    Other unconfirmed accounts with it are deleted; a guest becomes the account.
    """
    with writing() as session:
        number = tokens.redeem(session, CONFIRM, token).person
        person = session.get(Person, number)
        if person is None:
            raise TokenError
        known = people.confirmed(person.email, session)
        if known is not None:
            person = _upgrade_guest(session, known, person)
        mark_confirmed(session, person)
        journal.log_security_event(session, person.id, SecurityEventKind.CONFIRMED, device)


def decline(token: str) -> None:
    """Destroy an account that somebody else registered; raise TokenError."""
    with writing() as session:
        number = tokens.redeem(session, CONFIRM, token).person
        _destroy_unconfirmed(session, Person.id == number)
        journal.log_processing(
            session,
            ProcessingRecord(
                operation=Operation.DESTRUCTION,
                what="unconfirmed account",
                why=Purpose.CONFIRMATION,
                person=number,
            ),
        )


def mark_confirmed(session: Session, person: Person) -> None:
    """Mark the address of `person` confirmed; delete unconfirmed accounts with it.

    Features above are told by `signals.email_confirmed`.
    """
    if person.confirmed_at is None:
        person.confirmed_at = clock.now()
        session.flush()
    _destroy_unconfirmed(session, Person.email_key == person.email_key)
    email_confirmed.send(person, session=session)


def _destroy_unconfirmed(session: Session, which: ColumnElement[bool]) -> None:
    """Destroy unconfirmed accounts and what is about them, all that `which` selects.

    Those that are held or blocked stay.
    """
    table = cast("Table", Person.__table__)
    unconfirmed = Person.confirmed_at.is_(None), ~sweeping.spared(table), which
    numbers = list(session.scalars(select(Person.id).where(*unconfirmed)))
    for column in GO_ALONG:
        session.execute(delete(column.class_).where(column.in_(numbers)))
    session.execute(delete(Person).where(Person.id.in_(numbers)))


def _upgrade_guest(session: Session, known: Person, new: Person) -> Person:
    """Make the guest `known` an account with the data of `new`; raise TokenError."""
    if known.kind != PersonKind.GUEST:
        raise TokenError
    credential = session.get_one(Credential, new.id)
    passwords.set_password(session, known.id, credential.password_hash)
    known.kind = PersonKind.ACCOUNT.value
    for column in ("family_name", "given_name", "patronymic", "phone", "language"):
        setattr(known, column, getattr(new, column))
    session.flush()
    return known


def _processing_record(person: int) -> ProcessingRecord:
    return ProcessingRecord(
        operation=Operation.COLLECTION,
        what="registration",
        why=Purpose.ACCOUNT,
        person=person,
        actor=Actor(ActorKind.PERSON, person),
    )
