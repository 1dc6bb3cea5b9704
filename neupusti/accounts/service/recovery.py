"""Reset or change a password, by a link or by the current one; lock an account.

Each way ends all other sessions and revokes earlier links, except those that secure the
account (`service.securing`); none bypasses the second factor.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from neupusti.accounts.models import Credential, Person, PersonKind
from neupusti.accounts.service import (
    device_cookies,
    limits,
    passwords,
    people,
    registration,
    second_factor,
    sessions,
    signing_in,
    suspensions,
)
from neupusti.accounts.service import emails as account_emails
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.accounts.service.sessions import ClientContext
from neupusti.config.settings import settings
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.mail.outbox import EmailType, Recipient, enqueue
from neupusti.core.records import journal
from neupusti.core.security import throttle, tokens
from neupusti.core.security.tokens import TokenError
from neupusti.core.text import emails
from neupusti.core.text.languages import Language

RESET = "reset password"
LIFE = timedelta(minutes=30)
INVITATION_LIFE = timedelta(days=3)


def request_reset(
    email: str, language: Language, where: ClientContext, network: str
) -> None:
    """E-mail `email` a reset link, or that there is no account.

    The response is the same for both, and where the limit of the address is reached: then
    nothing is sent, and the link sent last works again. Raise TooManyError for a network.
    """
    key = emails.key(email)
    person = people.confirmed(email)
    known = device_cookies.known(db.session(), person.id if person else None, where.cookie)
    if known is None:
        throttle.take((limits.EMAILS_NETWORK, network))
    own = (limits.RESET_DEVICE, known) if known else (limits.RESET_EMAIL, key)
    with writing() as session:
        person = people.confirmed(email, session)
        if throttle.count(session, own):
            if person is not None:
                tokens.prolong(session, RESET, LIFE, person.id)
            return
        if person is None or person.kind != PersonKind.ACCOUNT:
            to = Recipient(email=email, language=language)
            unique = account_emails.unique_key(account_emails.UNKNOWN)
            enqueue(session, account_emails.UNKNOWN, to, key=unique)
            return
        send_link(session, person)
        journal.log_security_event(
            session, person.id, SecurityEventKind.RESET_REQUESTED, where.device
        )


def send_link(session: Session, person: Person) -> None:
    """E-mail `person` a reset link, or that the account is suspended."""
    tokens.revoke(session, person.id, RESET)
    _send_reset_email(session, person, account_emails.RESET, LIFE)


def invitation(session: Session, person: int) -> str:
    """Return a token by which an invited person sets the first password.

    Using it on the page `accounts.reset` confirms the address.
    """
    tokens.revoke(session, person, RESET)
    return tokens.issue(session, RESET, INVITATION_LIFE, person=person)


def person_by_token(token: str) -> Person:
    """Return the person whose password a token resets; raise TokenError."""
    person = db.session.get(Person, tokens.peek(RESET, token).person)
    if person is None:
        raise TokenError
    return person


def reset(token: str, password: str, where: ClientContext) -> str:
    """Set the password by an e-mailed token; return the device cookie of the browser.

    The link came by mail, so it confirms the address too, and whatever strangers have
    tried does not keep its reader from signing in. Raise TokenError, AccountError.
    """
    person = person_by_token(token)
    about, min_length = people.personal_words(person), min_length_for(person.id)
    db.session.rollback()
    passwords.check(password, about, min_length=min_length)
    password_hash = passwords.hashed(password)
    with writing() as session:
        number = tokens.redeem(session, RESET, token).person
        found = session.get(Person, number)
        if found is None:
            raise TokenError
        registration.mark_confirmed(session, found)
        _store_password(session, found, password_hash, clock.now())
        sessions.end_all(session, found.id)
        key = found.email_key
        throttle.reset(session, (limits.SIGN_IN_ACCOUNT, key), (limits.RESET_EMAIL, key))
        second_factor.reset_limits(session, str(found.id))
        journal.log_security_event(
            session, found.id, SecurityEventKind.PASSWORD_RESET, where.device
        )
        return device_cookies.remember(session, found.id, where.cookie)


def change(number: int, person: int, old: str, new: str) -> str:
    """Change the password of a signed-in person; return the new session key.

    Every other session ends. Raise AccountError, TooManyError.
    """
    signing_in.check_password(number, person, old)
    about = people.personal_words(db.session.get_one(Person, person))
    min_length = min_length_for(person)
    db.session.rollback()
    passwords.check(new, about, min_length=min_length)
    password_hash = passwords.hashed(new)
    with writing() as session:
        row = sessions.of(session, number, person)
        since = sessions.began(session, row)
        _store_password(session, session.get_one(Person, person), password_hash, since)
        sessions.end_all(session, person, but=number)
        row.remember_digest = None
        journal.log_security_event(
            session, person, SecurityEventKind.PASSWORD_CHANGED, row.device
        )
        return sessions.renew(row)


def lock(session: Session, person: Person, to: str | None = None) -> None:
    """End every session, revoke the password and e-mail a reset link (5.5).

    `to` is the address of the owner where that of the account may be another's. A suspended
    account stays suspended: its owner gets no link.
    """
    # First: a sign-in under way is waited for, and ends with the others.
    passwords.set_password(session, person.id, None)
    sessions.end_all(session, person.id)
    tokens.revoke(session, person.id, but=account_emails.ALL_SECURE)
    _send_reset_email(session, person, account_emails.LOCKED, INVITATION_LIFE, to)


def min_length_for(person: int) -> int:
    """Return the minimum length of a password of `person`."""
    if second_factor.active(person):
        return passwords.MIN_LENGTH_WITH_SECOND_FACTOR
    return settings().password_min


def has_password(person: int) -> bool:
    """Return whether `person` has a password."""
    credential = db.session.get(Credential, person)
    return credential is not None and credential.password_hash is not None


def _send_reset_email(
    session: Session,
    person: Person,
    kind: EmailType,
    life: timedelta,
    to: str | None = None,
) -> None:
    """E-mail a reset link, or to a suspended person that there is none."""
    suspension = suspensions.in_force(person.id, session)
    if suspension is not None:
        values = suspensions.email_values(suspension)
        account_emails.send(session, account_emails.STILL_SUSPENDED, person, values, to)
        return
    token = tokens.issue(session, RESET, life, person=person.id)
    account_emails.send(session, kind, person, {"token": token}, to)


def _store_password(
    session: Session, person: Person, password_hash: str, since: datetime
) -> None:
    """Store a password; the e-mail about it undoes what was done from `since` on."""
    passwords.set_password(session, person.id, password_hash)
    tokens.revoke(session, person.id, but=account_emails.ALL_SECURE)
    link = account_emails.way_back(session, person.id, since)
    account_emails.send(session, account_emails.PASSWORD_CHANGED, person, link)
