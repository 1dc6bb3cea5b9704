"""Registering: the same answer for every address, and a letter that tells its owner more.

Until the link of the letter is followed, an account is only somebody's word: several may
stand for one address, and the first to be confirmed takes it.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from neupusti.accounts.models import Credential, Person, PersonKind
from neupusti.accounts.service import emails as letters
from neupusti.accounts.service import limits, passwords, people
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.accounts.service.people import Applicant
from neupusti.config.settings import settings
from neupusti.core import clock
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.records import consents as evidence
from neupusti.core.records import journal
from neupusti.core.records.consents import GivenConsent
from neupusti.core.records.journal import Actor, ActorKind, Operation, ProcessingRecord
from neupusti.core.security import throttle, tokens
from neupusti.core.security.tokens import TokenError
from neupusti.core.text import emails

CONFIRM = "confirm e-mail"
LIFE = timedelta(days=3)
"""An account that nobody confirms goes after so long, and its link with it."""


def register(
    applicant: Applicant,
    password: str,
    consents: Sequence[GivenConsent],
    where: tuple[str, str],
) -> None:
    """Take a registration; what the owner of the address reads depends on who it is.

    `where` is (device, network). Raise Fault where the password may not be chosen,
    TooManyError where letters to this address or from this network were too many.
    """
    device, network = where
    shortest = settings().password_min
    passwords.check(password, applicant.words, shortest=shortest)
    throttle.take(
        (limits.CONFIRM_LETTER, emails.key(applicant.email)),
        (limits.LETTERS_NETWORK, network),
    )
    kept = passwords.hashed(password)
    with writing() as session:
        known = people.confirmed(applicant.email, session)
        if known is not None and known.kind == PersonKind.ACCOUNT:
            letters.tell(session, letters.EXISTING, known)
            return
        person = people.add(session, applicant)
        passwords.set_password(session, person.id, kept)
        for consent in consents:
            evidence.keep(session, consent, email=person.email, person=person.id)
        journal.log_processing(session, _collected(person.id))
        journal.log_security_event(session, person.id, SecurityEventKind.REGISTERED, device)
        send_link(session, person)


def send_link(session: Session, person: Person) -> None:
    """Write to `person` how to confirm the address, in the open write transaction."""
    tokens.revoke(session, person.id, CONFIRM)
    token = tokens.issue(session, CONFIRM, LIFE, person=person.id)
    letters.tell(session, letters.CONFIRM, person, {"token": token})


def remind(session: Session, person: Person) -> None:
    """Send the link once more in the open write transaction, unless it was often enough."""
    if not throttle.count(session, (limits.REMINDER, person.email_key)):
        send_link(session, person)


def waiting(token: str) -> Person:
    """Return whose address the link confirms, changing nothing; raise TokenError."""
    person = db.session.get(Person, tokens.peek(CONFIRM, token).person)
    if person is None:
        raise TokenError
    return person


def confirm(token: str, device: str) -> None:
    """Confirm the address the link was sent to; raise TokenError.

    Other words for the same address go, and a guest's orders are now the account's.
    """
    with writing() as session:
        number = tokens.redeem(session, CONFIRM, token).person
        person = session.get(Person, number)
        if person is None:
            raise TokenError
        known = people.confirmed(person.email, session)
        if known is not None:
            person = _adopted(session, known, person)
        settle(session, person)
        journal.log_security_event(session, person.id, SecurityEventKind.CONFIRMED, device)


def decline(token: str) -> None:
    """Destroy the account that somebody made for a foreign address; raise TokenError."""
    with writing() as session:
        number = tokens.redeem(session, CONFIRM, token).person
        session.execute(
            delete(Person).where(Person.id == number, Person.confirmed_at.is_(None))
        )
        journal.log_processing(
            session,
            ProcessingRecord(
                operation=Operation.DESTRUCTION,
                what="unconfirmed account",
                why=Purpose.CONFIRMATION,
                person=number,
            ),
        )


def settle(session: Session, person: Person) -> None:
    """Note that `person` has the address, and forget what others said about it."""
    if person.confirmed_at is None:
        person.confirmed_at = clock.now()
        session.flush()
    session.execute(
        delete(Person).where(
            Person.email_key == person.email_key, Person.confirmed_at.is_(None)
        )
    )


def _adopted(session: Session, known: Person, fresh: Person) -> Person:
    """Make the guest `known` an account with what `fresh` said; raise TokenError."""
    if known.kind != PersonKind.GUEST:
        raise TokenError
    credential = session.get_one(Credential, fresh.id)
    passwords.set_password(session, known.id, credential.password_hash)
    known.kind = PersonKind.ACCOUNT.value
    for column in ("family_name", "given_name", "patronymic", "phone", "language"):
        setattr(known, column, getattr(fresh, column))
    session.flush()
    return known


def _collected(person: int) -> ProcessingRecord:
    return ProcessingRecord(
        operation=Operation.COLLECTION,
        what="registration",
        why=Purpose.ACCOUNT,
        person=person,
        actor=Actor(ActorKind.PERSON, person),
    )
