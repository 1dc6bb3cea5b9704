"""Ask a question, and write more in it later."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from neupusti.contact.models import (
    PREFIX,
    Author,
    ContactMessage,
    ContactRequest,
    RequestState,
    Subject,
)
from neupusti.contact.service import emails as contact_emails
from neupusti.contact.service import links
from neupusti.contact.service.errors import NoRequestError
from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import insert, writing
from neupusti.core.records import consents, journal
from neupusti.core.records.consents import GivenConsent
from neupusti.core.records.journal import Actor, ActorKind, Operation, ProcessingRecord
from neupusti.core.security import throttle, tokens
from neupusti.core.security.throttle import RateLimit
from neupusti.core.text import emails, order_numbers
from neupusti.core.text.languages import Language

HOUR = timedelta(hours=1)
EMAIL = RateLimit("contact, e-mail", 5, HOUR, timedelta(minutes=15))
"""Strangers share it, so they shut an address for a quarter of an hour at most."""
KNOWN = RateLimit("contact, known", 5, HOUR, HOUR)
"""Questions of a person or a browser that strangers do not count for."""
NETWORK = RateLimit(
    "contact, network",
    300,
    HOUR,
    HOUR,
    _(
        "Very many questions have come from the network you are in, perhaps not from you: "
        "providers share addresses. This works again from %(time)s, Almaty time; from "
        "another network, such as that of your phone, at once."
    ),
)
"""Only against floods: a whole office, or a carrier's customers, share a network."""
MORE = RateLimit("contact, request", 20, HOUR)
DRAWS = 20
LINKS_OF_SPAM = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a form has asked, checked."""

    given_name: str
    email: str
    subject: Subject
    words: str
    order_number: str = ""
    diagnostics: str = ""
    language: Language
    person: int | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom the limits count a question for."""

    network: str
    known: str | None = None
    """The name under which the sender has a limit of their own; None: as a stranger."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A stored request: `token` lets the browser that asked read it."""

    number: str
    token: int


class _SentBeforeError(Exception):
    """The form has become a request already: what was written is rolled back."""


def ask(
    question: Question, consent: GivenConsent, *, submission: str, sender: Sender
) -> Asked:
    """Store a request, its consent and the email that tells its number.

    A second sending of the same form (`submission`) finds the first. Raise TooManyError.
    """
    # Of this address and form: what a stranger sends finds nobody's request.
    sent = keys.keyed("contact", f"{emails.key(question.email)}\n{submission}")
    with writing() as session:
        if (before := _sent_before(session, sent)) is not None:
            return before
        strangers = (EMAIL, emails.key(question.email))
        own = (KNOWN, sender.known) if sender.known else strangers
        refusal = throttle.refusal(session, own, (NETWORK, sender.network))
    if refusal is not None:
        raise refusal
    try:
        with writing() as session:
            return _store(session, question, consent, sent)
    except _SentBeforeError:
        with writing() as session:
            before = _sent_before(session, sent)
        if before is None:
            raise
        return before


def add(number: str, words: str) -> None:
    """Add what the person writes to a request, which is open again.

    Raise TooManyError, NoRequestError.
    """
    # By its number: before 0039 SQLite gave the id of one that was destroyed again.
    throttle.take((MORE, number))
    opened = (
        update(ContactRequest)
        .where(ContactRequest.number == number)
        .values(
            version=ContactRequest.version + 1,
            state=RequestState.NEW.value,
            last_at=clock.now(),
        )
        .returning(ContactRequest)
    )
    with writing() as session:
        request = session.scalar(opened, execution_options={"populate_existing": True})
        if request is None:
            raise NoRequestError
        _add(session, request, words)
        _log(session, request, Operation.RECORDING)


def is_suspicious(trap: str, words: str) -> bool:
    """Return whether a form may come from a machine: the person is asked to press again."""
    return bool(trap) or words.casefold().count("://") >= LINKS_OF_SPAM


def _store(session: Session, question: Question, consent: GivenConsent, sent: str) -> Asked:
    given = consents.store(session, consent, email=question.email, person=question.person)
    request = _insert(session, _columns(question, sent, given.id))
    # Links to a request that went before 0039, whose number this one may have.
    tokens.revoke_target(session, links.PURPOSE, request.id)
    _add(session, request, question.words)
    token = contact_emails.send(session, contact_emails.RECEIVED, request)
    _log(session, request, Operation.COLLECTION)
    return Asked(request.number, token)


def _sent_before(session: Session, sent: str) -> Asked | None:
    request = session.scalar(select(ContactRequest).filter_by(submission=sent))
    if request is None:
        return None
    return Asked(request.number, links.newest(session, request.id))


def _columns(question: Question, sent: str, consent: int) -> dict[str, Any]:
    now = clock.now()
    return {
        "submission": sent,
        "person": question.person,
        "email": question.email,
        "email_key": emails.key(question.email),
        "given_name": question.given_name,
        "language": question.language.value,
        "subject": question.subject.value,
        "order_number": question.order_number,
        "diagnostics": question.diagnostics,
        "consent": consent,
        "state": RequestState.NEW.value,
        "version": 1,
        "asked_at": now,
        "last_at": now,
    }


def _insert(session: Session, values: dict[str, Any]) -> ContactRequest:
    """Insert the request, with another number where one is taken.

    Raise _SentBeforeError where there is one of this form already: on PostgreSQL the second
    of two presses waits here for the first.
    """
    taken = insert(session, ContactRequest).on_conflict_do_nothing()
    for _attempt in range(DRAWS):
        row = {"number": order_numbers.new(clock.today(), PREFIX), **values}
        request: ContactRequest | None = session.scalar(
            taken.returning(ContactRequest), row
        )
        if request is not None:
            return request
        if _sent_before(session, values["submission"]) is not None:
            raise _SentBeforeError
    raise RuntimeError(f"{DRAWS} random numbers in a row were taken")


def _add(session: Session, request: ContactRequest, words: str) -> None:
    session.add(
        ContactMessage(
            request=request.id,
            at=request.last_at,
            author=Author.PERSON.value,
            words=words,
        )
    )


def _log(session: Session, request: ContactRequest, operation: Operation) -> None:
    record = ProcessingRecord(
        operation=operation,
        what="request",
        why=Purpose.FEEDBACK,
        person=request.person,
        actor=Actor(ActorKind.PERSON, request.person),
    )
    journal.log_processing(session, record)
