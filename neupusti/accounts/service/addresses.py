"""Change the e-mail of an account: request, and confirm at the new address (3.2.3).

Only the owner of the new address learns whether it is registered here; the requester does
not. The old address gets a link that undoes the change (`service.securing`).
"""

from datetime import timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from neupusti.accounts.models import EmailChange, Person
from neupusti.accounts.service import emails as account_emails
from neupusti.accounts.service import (
    limits,
    people,
    recovery,
    registration,
    sessions,
    signing_in,
)
from neupusti.accounts.service.errors import AccountError, GoneError
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.core import clock
from neupusti.core.blocking import blocks
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.mail.outbox import Recipient, enqueue
from neupusti.core.records import journal
from neupusti.core.records.decisions import Decision, decide
from neupusti.core.records.journal import Actor, ActorKind, Operation, ProcessingRecord
from neupusti.core.security import throttle, tokens
from neupusti.core.security.identity import Identity
from neupusti.core.security.throttle import RateLimit
from neupusti.core.security.tokens import TokenError
from neupusti.core.text import emails
from neupusti.core.text.languages import Language

CONFIRM = "change e-mail"
LIFE = timedelta(days=1)
REQUESTS = RateLimit("e-mail change", 5, timedelta(days=1))
SAME_ADDRESS = _("This is already your address.")
TAKEN = _("This address belongs to another account. Nothing has changed.")


def request_change(me: Identity, email: str, password: str, device: str) -> None:
    """E-mail `email` a link that makes it the address of the signed-in person.

    The response does not depend on whether the address is registered, nor on how many
    e-mails it was sent. Raise AccountError, TooManyError for this person's requests, and
    BlockedError.
    """
    number = me.person
    signing_in.check_password(me.session, number, password)
    if emails.key(email) == db.session.get_one(Person, number).email_key:
        raise AccountError("email", SAME_ADDRESS)
    throttle.take((REQUESTS, str(number)))
    with writing() as session:
        # The link would lead to a refusal, and nothing new is stored about the blocked.
        blocks.ensure_usable(session, Whose(person=number))
        person = session.get_one(Person, number, with_for_update=True)
        _cancel_pending(session, number)
        change = EmailChange(
            person=number, old=person.email, new=email, asked_at=clock.now()
        )
        session.add(change)
        session.flush()
        journal.log_security_event(
            session, number, SecurityEventKind.EMAIL_CHANGE_REQUESTED, device
        )
        if throttle.count(session, (limits.CHANGE_EMAIL, emails.key(email))):
            return
        known = people.confirmed(email, session)
        if known is not None:
            account_emails.send(session, account_emails.EMAIL_USED, known)
            return
        token = tokens.issue(session, CONFIRM, LIFE, person=number, target=change.id)
        to = Recipient(email=email, language=Language(person.language), person=number)
        # No number: before 0039 SQLite gave that of a swept change again.
        key = account_emails.unique_key(account_emails.EMAIL_CONFIRM)
        enqueue(session, account_emails.EMAIL_CONFIRM, to, key=key, values={"token": token})


def pending(number: int) -> EmailChange | None:
    """Return the change that waits for confirmation by the new address."""
    found: EmailChange | None = db.session.scalar(
        select(EmailChange)
        .where(
            EmailChange.person == number,
            EmailChange.changed_at.is_(None),
            EmailChange.over_at.is_(None),
            EmailChange.asked_at > clock.now() - LIFE,
        )
        .order_by(EmailChange.id.desc())
        .limit(1)
    )
    return found


def pending_by_token(number: int, token: str) -> EmailChange:
    """Return the pending change of person `number` by its token; raise TokenError."""
    return _pending(db.session(), number, tokens.peek(CONFIRM, token).target)


def confirm(number: int, sign_in: int, token: str, device: str) -> None:
    """Give person `number` the new address in session `sign_in`.

    The old address gets the link that secures the account; earlier links that set a
    password are revoked. Raise TokenError, GoneError, and AccountError where the session
    has ended.
    """
    pending_by_token(number, token)
    with writing() as session:
        person = session.get_one(Person, number, with_for_update=True)
        row = sessions.of(session, sign_in, number)
        used = tokens.redeem(session, CONFIRM, token)
        change = _pending(session, number, used.target)
        if people.confirmed(change.new, session) is not None:
            raise GoneError(TAKEN)
        old = Recipient(
            email=person.email, language=Language(person.language), person=number
        )
        # Made before the change: it is sent to the address that it restores.
        link = account_emails.way_back(session, number, sessions.began(session, row))
        change.changed_at = clock.now()
        former = person.email_key
        decide(session, Decision.EMAIL_CHANGED, person=number, email_key=former)
        set_address(session, person, change.new)
        tokens.revoke(session, number, recovery.RESET)
        key = account_emails.unique_key(account_emails.EMAIL_CHANGED)
        values = {"new": emails.masked(change.new), **link}
        enqueue(session, account_emails.EMAIL_CHANGED, old, key=key, values=values)
        log(session, number, SecurityEventKind.EMAIL_CHANGED, device)


def set_address(session: Session, person: Person, email: str) -> None:
    """Give `person` a confirmed address, and delete unconfirmed accounts with it."""
    person.email, person.email_key = email, emails.key(email)
    person.confirmed_at = clock.now()
    session.flush()
    registration.mark_confirmed(session, person)


def log(session: Session, number: int, event: SecurityEventKind, device: str) -> None:
    """Log a change of the address of person `number`."""
    journal.log_security_event(session, number, event, device)
    journal.log_processing(
        session,
        ProcessingRecord(
            operation=Operation.ALTERATION,
            what=event.value,
            why=Purpose.CONFIRMATION,
            person=number,
            actor=Actor(ActorKind.PERSON, number),
        ),
    )


def _pending(session: Session, number: int, target: int | None) -> EmailChange:
    change = session.get(EmailChange, target or 0)
    if change is None or change.person != number or change.changed_at or change.over_at:
        raise TokenError
    return change


def _cancel_pending(session: Session, number: int) -> None:
    """Cancel earlier requests: only the newest is valid."""
    tokens.revoke(session, number, CONFIRM)
    session.execute(
        update(EmailChange)
        .where(
            EmailChange.person == number,
            EmailChange.changed_at.is_(None),
            EmailChange.over_at.is_(None),
        )
        .values(over_at=clock.now())
    )
