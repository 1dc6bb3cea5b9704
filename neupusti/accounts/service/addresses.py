"""Another address for an account: the password, a link at the new one, a way back (3.2.3).

Whoever has the new address learns from us whether it is used here; whoever asks for it
does not. The old address can undo the change for seven days, whatever was changed
meanwhile: that link hangs on no password and on no sign-in.
"""

from datetime import timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from neupusti.accounts.models import EmailChange, Person, SecondFactor
from neupusti.accounts.service import emails as letters
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
ASKED = RateLimit("e-mail change", 5, timedelta(days=1))
THE_SAME = _("This is your address already.")
TAKEN = _("This address belongs to another account. Nothing has changed.")


def ask(number: int, email: str, password: str, where: tuple[str, str]) -> None:
    """Write to `email` how to make it the address of person `number`.

    `where` is (device, network). Raise Fault, TooManyError. What follows is the same for
    the one who asks, whoever has the address.
    """
    device, network = where
    signing_in.check_password(number, password)
    if emails.key(email) == db.session.get_one(Person, number).email_key:
        raise AccountError("email", THE_SAME)
    throttle.take(
        (ASKED, str(number)),
        (limits.CONFIRM_LETTER, emails.key(email)),
        (limits.LETTERS_NETWORK, network),
    )
    with writing() as session:
        person = session.get_one(Person, number, with_for_update=True)
        _drop_waiting(session, number)
        change = EmailChange(
            person=number, old=person.email, new=email, asked_at=clock.now()
        )
        session.add(change)
        session.flush()
        journal.log_security_event(session, number, SecurityEventKind.EMAIL_ASKED, device)
        known = people.confirmed(email, session)
        if known is not None:
            letters.tell(session, letters.EMAIL_USED, known)
            return
        token = tokens.issue(session, CONFIRM, LIFE, person=number, target=change.id)
        # Nobody's letter: else the own data of whoever asks would show if it was sent.
        to = Recipient(email=email, language=Language(person.language))
        key = f"{letters.EMAIL_CONFIRM.name}:{change.id}"
        enqueue(session, letters.EMAIL_CONFIRM, to, key=key, values={"token": token})


def waiting(number: int) -> EmailChange | None:
    """Return the change that waits for the new address to be confirmed."""
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


def asked(number: int, token: str) -> EmailChange:
    """Return the change of person `number` the link is about; raise TokenError."""
    return _change(db.session(), number, tokens.peek(CONFIRM, token).target)


def confirm(number: int, token: str, device: str) -> None:
    """Make the new address that of person `number`; raise TokenError, GoneError.

    The old one gets a letter that undoes it; links sent there before are void.
    """
    asked(number, token)
    with writing() as session:
        person = session.get_one(Person, number, with_for_update=True)
        used = tokens.redeem(session, CONFIRM, token)
        change = _change(session, number, used.target)
        if people.confirmed(change.new, session) is not None:
            raise GoneError(TAKEN)
        old = Recipient(
            email=person.email, language=Language(person.language), person=number
        )
        change.changed_at = clock.now()
        _readdress(session, person, change.new)
        tokens.revoke(session, number, recovery.RESET)
        # Nobody's by its number: a change of the password does not take the way back away.
        undo = tokens.issue(session, UNDO, UNDO_LIFE, target=change.id)
        key = f"{letters.EMAIL_CHANGED.name}:{change.id}"
        told = {"token": undo, "new": emails.masked(change.new)}
        enqueue(session, letters.EMAIL_CHANGED, old, key=key, values=told)
        _note(session, number, SecurityEventKind.EMAIL_CHANGED, device)


def changed(token: str) -> EmailChange:
    """Return the change that a link undoes, changing nothing; raise TokenError."""
    return _undoable(db.session(), tokens.peek(UNDO, token).target)


def undo(token: str, device: str) -> str | None:
    """Give the account back to its old address; return a link's token for a new password.

    Every session ends, no password works, and a second step that was set up after the
    change was asked for is off: all that could keep the owner out. A blocked account has
    its address back too, for the term of the link runs on; it stays blocked, and None is
    returned. Raise TokenError.
    """
    changed(token)
    with writing() as session:
        used = tokens.redeem(session, UNDO, token)
        change = _undoable(session, used.target)
        person = session.get_one(Person, change.person, with_for_update=True)
        known = people.confirmed(change.old, session)
        if known is not None and known.id != person.id:
            raise GoneError(TAKEN)
        gone = Recipient(
            email=person.email, language=Language(person.language), person=person.id
        )
        _close(session, change)
        _readdress(session, person, change.old)
        _take_away_factor(session, change, device)
        recovery.lock(session, person)
        key = f"{letters.EMAIL_UNDONE.name}:{change.id}"
        enqueue(session, letters.EMAIL_UNDONE, gone, key=key)
        _note(session, person.id, SecurityEventKind.EMAIL_UNDONE, device)
        if suspensions.in_force(person.id, session) is not None:
            return None
        return tokens.issue(session, recovery.RESET, recovery.LIFE, person=person.id)


def _change(session: Session, number: int, target: int | None) -> EmailChange:
    change = session.get(EmailChange, target or 0)
    if change is None or change.person != number or change.changed_at or change.over_at:
        raise TokenError
    return change


def _undoable(session: Session, target: int | None) -> EmailChange:
    change = session.get(EmailChange, target or 0)
    if change is None or change.changed_at is None or change.over_at:
        raise TokenError
    return change


def _drop_waiting(session: Session, number: int) -> None:
    """Let only the newest wish count."""
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


def _close(session: Session, change: EmailChange) -> None:
    """End this change and every later one: no address in between may bring itself back."""
    session.execute(
        update(EmailChange)
        .where(
            EmailChange.person == change.person,
            EmailChange.id >= change.id,
            EmailChange.over_at.is_(None),
        )
        .values(over_at=clock.now())
    )


def _readdress(session: Session, person: Person, email: str) -> None:
    """Give `person` a confirmed address, and forget what others said about it."""
    person.email, person.email_key = email, emails.key(email)
    person.confirmed_at = clock.now()
    session.flush()
    registration.settle(session, person)


def _take_away_factor(session: Session, change: EmailChange, device: str) -> None:
    factor = session.get(SecondFactor, change.person)
    late = (
        factor is not None and (factor.confirmed_at or factor.created_at) >= change.asked_at
    )
    if late:
        second_factor.take_away(
            session, change.person, SecurityEventKind.FACTOR_OFF, device
        )


def _note(session: Session, number: int, event: SecurityEventKind, device: str) -> None:
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
