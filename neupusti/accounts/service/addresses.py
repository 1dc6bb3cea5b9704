"""Change the e-mail of an account: request, confirm at the new address, undo (3.2.3).

Only the owner of the new address learns whether it is registered here; the requester does
not. The old address can undo the change for seven days, regardless of later changes:
that link needs neither a password nor a sign-in.
"""

from datetime import timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from neupusti.accounts.models import EmailChange, Person, SecondFactor
from neupusti.accounts.service import emails as account_emails
from neupusti.accounts.service import (
    limits,
    people,
    recovery,
    registration,
    second_factor,
    signing_in,
    suspensions,
)
from neupusti.accounts.service.errors import AccountError, GoneError
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.core import clock
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.mail.outbox import Recipient, enqueue
from neupusti.core.records import journal
from neupusti.core.records.journal import Actor, ActorKind, Operation, ProcessingRecord
from neupusti.core.security import throttle, tokens
from neupusti.core.security.throttle import RateLimit
from neupusti.core.security.tokens import TokenError
from neupusti.core.text import emails
from neupusti.core.text.languages import Language

CONFIRM, UNDO = "change e-mail", "undo e-mail"
LIFE, UNDO_LIFE = timedelta(days=1), timedelta(days=7)
REQUESTS = RateLimit("e-mail change", 5, timedelta(days=1))
SAME_ADDRESS = _("This is your address already.")
TAKEN = _("This address belongs to another account. Nothing has changed.")


def request_change(number: int, email: str, password: str, where: tuple[str, str]) -> None:
    """E-mail `email` a link that makes it the address of person `number`.

    `where` is (device, network). The response does not depend on whether the address is
    registered. Raise AccountError, TooManyError.
    """
    device, network = where
    signing_in.check_password(number, password)
    if emails.key(email) == db.session.get_one(Person, number).email_key:
        raise AccountError("email", SAME_ADDRESS)
    throttle.take(
        (REQUESTS, str(number)),
        (limits.CONFIRM_EMAIL, emails.key(email)),
        (limits.EMAILS_NETWORK, network),
    )
    with writing() as session:
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
        known = people.confirmed(email, session)
        if known is not None:
            account_emails.send(session, account_emails.EMAIL_USED, known)
            return
        token = tokens.issue(session, CONFIRM, LIFE, person=number, target=change.id)
        # Without a person: else the requester's own data would show whether it was sent.
        to = Recipient(email=email, language=Language(person.language))
        key = f"{account_emails.EMAIL_CONFIRM.name}:{change.id}"
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


def confirm(number: int, token: str, device: str) -> None:
    """Give person `number` the new address; raise TokenError, GoneError.

    The old address gets an undo link; earlier links sent there are revoked.
    """
    pending_by_token(number, token)
    with writing() as session:
        person = session.get_one(Person, number, with_for_update=True)
        used = tokens.redeem(session, CONFIRM, token)
        change = _pending(session, number, used.target)
        if people.confirmed(change.new, session) is not None:
            raise GoneError(TAKEN)
        old = Recipient(
            email=person.email, language=Language(person.language), person=number
        )
        change.changed_at = clock.now()
        _set_address(session, person, change.new)
        tokens.revoke(session, number, recovery.RESET)
        # Without a person: changing the password must not revoke the undo link.
        undo = tokens.issue(session, UNDO, UNDO_LIFE, target=change.id)
        key = f"{account_emails.EMAIL_CHANGED.name}:{change.id}"
        values = {"token": undo, "new": emails.masked(change.new)}
        enqueue(session, account_emails.EMAIL_CHANGED, old, key=key, values=values)
        _log(session, number, SecurityEventKind.EMAIL_CHANGED, device)


def undoable_by_token(token: str) -> EmailChange:
    """Return the change that an undo token is for; raise TokenError."""
    return _undoable(db.session(), tokens.peek(UNDO, token).target)


def undo(token: str, device: str) -> str | None:
    """Restore the old address; return a token that sets a new password.

    Every session ends, the password is revoked, and a second factor that was set up after
    the request is removed: all that could lock the owner out. A suspended account gets its
    address back too, for the link expires anyway; it stays suspended, and None is
    returned. Raise TokenError.
    """
    undoable_by_token(token)
    with writing() as session:
        used = tokens.redeem(session, UNDO, token)
        change = _undoable(session, used.target)
        person = session.get_one(Person, change.person, with_for_update=True)
        known = people.confirmed(change.old, session)
        if known is not None and known.id != person.id:
            raise GoneError(TAKEN)
        new_owner = Recipient(
            email=person.email, language=Language(person.language), person=person.id
        )
        _end_changes_since(session, change)
        _set_address(session, person, change.old)
        _remove_late_second_factor(session, change, device)
        recovery.lock(session, person)
        key = f"{account_emails.EMAIL_UNDONE.name}:{change.id}"
        enqueue(session, account_emails.EMAIL_UNDONE, new_owner, key=key)
        _log(session, person.id, SecurityEventKind.EMAIL_UNDONE, device)
        if suspensions.in_force(person.id, session) is not None:
            return None
        return tokens.issue(session, recovery.RESET, recovery.LIFE, person=person.id)


def _pending(session: Session, number: int, target: int | None) -> EmailChange:
    change = session.get(EmailChange, target or 0)
    if change is None or change.person != number or change.changed_at or change.over_at:
        raise TokenError
    return change


def _undoable(session: Session, target: int | None) -> EmailChange:
    change = session.get(EmailChange, target or 0)
    if change is None or change.changed_at is None or change.over_at:
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


def _end_changes_since(session: Session, change: EmailChange) -> None:
    """End this change and all later ones: no address in between may restore itself."""
    session.execute(
        update(EmailChange)
        .where(
            EmailChange.person == change.person,
            EmailChange.id >= change.id,
            EmailChange.over_at.is_(None),
        )
        .values(over_at=clock.now())
    )


def _set_address(session: Session, person: Person, email: str) -> None:
    """Give `person` a confirmed address, and delete unconfirmed accounts with it."""
    person.email, person.email_key = email, emails.key(email)
    person.confirmed_at = clock.now()
    session.flush()
    registration.mark_confirmed(session, person)


def _remove_late_second_factor(session: Session, change: EmailChange, device: str) -> None:
    factor = session.get(SecondFactor, change.person)
    late = (
        factor is not None and (factor.confirmed_at or factor.created_at) >= change.asked_at
    )
    if late:
        second_factor.remove(
            session, change.person, SecurityEventKind.SECOND_FACTOR_OFF, device
        )


def _log(session: Session, number: int, event: SecurityEventKind, device: str) -> None:
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
