"""Secure an account after a takeover: undo everything done since a sign-in (3.2.3, 5.5).

Every e-mail about the security of an account has the link. It needs neither a password nor
a code, and no later change of the account disables it for seven days.
"""

from datetime import datetime

from flask_babel import lazy_gettext as _
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from neupusti.accounts.models import EmailChange, KnownDevice, Person
from neupusti.accounts.service import (
    addresses,
    device_cookies,
    emails,
    factor_removal,
    people,
    recovery,
    suspensions,
)
from neupusti.accounts.service.errors import GoneError
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.core import clock
from neupusti.core.blocking import blocks
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.mail.outbox import Recipient, enqueue
from neupusti.core.records import journal
from neupusti.core.records.decisions import Decision, decide
from neupusti.core.security import tokens
from neupusti.core.security.tokens import Token, TokenError
from neupusti.core.text.languages import Language

TAKEN = _("This address belongs to another account. Nothing has changed.")


def since(token: str) -> datetime:
    """Return from when on a link undoes what was done; raise TokenError."""
    return _since(tokens.peek(emails.SECURE, token, *emails.EARLIER_SECURE))


def former_address(token: str) -> str | None:
    """Return the address that a link restores, if it was changed; raise TokenError."""
    used = tokens.peek(emails.SECURE, token, *emails.EARLIER_SECURE)
    change = _first_change(db.session(), used.person or 0, _since(used))
    return change.old if change else None


def secure(token: str, device: str) -> str | None:
    """Undo what was done since; return a token that sets a new password.

    Second factor and e-mail are as before; every session and the password end. The token
    goes by e-mail only, and None is returned, where the link was sent to an address that is
    undone. A suspended account is secured too, for the link expires anyway; it stays
    suspended, and None is returned. Raise TokenError, GoneError.
    """
    since(token)
    with writing() as session:
        used = tokens.redeem(session, emails.SECURE, token, *emails.EARLIER_SECURE)
        from_when = _since(used)
        person = session.get(Person, used.person, with_for_update=True)
        if person is None:
            raise TokenError
        values = {"since": from_when.isoformat(), "sent": used.created_at.isoformat()}
        decide(session, Decision.SECURED, person=person.id, values=values)
        trusted = undo(session, person, from_when, used.created_at, device)
        journal.log_security_event(session, person.id, SecurityEventKind.NOT_ME, device)
        if not trusted or suspensions.in_force(person.id, session) is not None:
            return None
        return tokens.issue(session, recovery.RESET, recovery.LIFE, person=person.id)


def undo(
    session: Session, person: Person, since: datetime, sent_at: datetime, device: str
) -> bool:
    """Undo what was done since; return whether a link of `sent_at` went to the owner.

    Also of who is blocked: a block must not keep the thief's address in an account.
    """
    with blocks.passing(session, Whose(person=person.id)):
        trusted = _restore_address(session, person, since, sent_at, device)
        factor_removal.restore(session, person.id, since, device)
        _forget_since(session, person.id, since)
    recovery.lock(session, person)
    return trusted


def _since(token: Token) -> datetime:
    if token.since is None:
        raise TokenError
    return token.since


def _first_change(session: Session, person: int, since: datetime) -> EmailChange | None:
    """Return the first change of the address of `person` that took effect since."""
    first = select(EmailChange).where(
        EmailChange.person == person,
        EmailChange.changed_at >= since,
        EmailChange.over_at.is_(None),
    )
    return session.scalars(first.order_by(EmailChange.id)).first()


def _restore_address(
    session: Session, person: Person, since: datetime, sent_at: datetime, device: str
) -> bool:
    """Restore the address of `person`; return whether a link was sent there at `sent_at`.

    All changes since are over: no address in between may restore itself.
    """
    change = _first_change(session, person.id, since)
    session.execute(
        update(EmailChange)
        .where(
            EmailChange.person == person.id,
            EmailChange.asked_at >= since,
            EmailChange.over_at.is_(None),
        )
        .values(over_at=clock.now())
    )
    if change is None:
        return True
    known = people.confirmed(change.old, session)
    if known is not None and known.id != person.id:
        raise GoneError(TAKEN)
    change.over_at = clock.now()
    new_owner = Recipient(
        email=person.email, language=Language(person.language), person=person.id
    )
    addresses.set_address(session, person, change.old)
    key = emails.unique_key(emails.EMAIL_UNDONE)
    enqueue(session, emails.EMAIL_UNDONE, new_owner, key=key)
    addresses.log(session, person.id, SecurityEventKind.EMAIL_UNDONE, device)
    return change.changed_at is None or sent_at <= change.changed_at


def _forget_since(session: Session, person: int, since: datetime) -> None:
    """Forget the devices since, and the links that would undo no more than this one."""
    device_cookies.forget_since(session, person, since)
    session.execute(
        delete(KnownDevice).where(
            KnownDevice.person == person, KnownDevice.first_at >= since
        )
    )
    session.execute(
        delete(Token).where(
            Token.person == person,
            Token.purpose.in_(emails.ALL_SECURE),
            Token.since >= since,
        )
    )
