"""Sign in: password, code where there is one, and an e-mail about a new device.

Known and unknown addresses get the same response after the same work.
"""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Credential, KnownDevice, Person, SignIn
from neupusti.accounts.service import (
    device_cookies,
    limits,
    passwords,
    people,
    registration,
    second_factor,
    sessions,
    suspensions,
)
from neupusti.accounts.service import emails as account_emails
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.accounts.service.sessions import ClientContext, OpenedSession
from neupusti.accounts.service.suspensions import SuspendedError
from neupusti.core import clock
from neupusti.core.data.database import db, insert, writing
from neupusti.core.records import journal
from neupusti.core.security import throttle
from neupusti.core.security.throttle import RateUse
from neupusti.core.text import emails
from neupusti.core.web.errors import TooManyError

logger = logging.getLogger(__name__)
WRONG_CREDENTIALS = _(
    "Wrong e-mail or password, or the e-mail is not confirmed yet: then we have sent "
    "you an e-mail with the link."
)
"""One message for both, so registering another's address does not reveal its account."""
WRONG_CODE = _("This code is wrong or already used. Wait for the next one.")
UNREADABLE_SECOND_FACTOR = _(
    "No code can be checked: the secret of the site was replaced. Write to the "
    "operator, who can let you set up two-step verification again."
)
CODE_EXPIRED = _("The time for the code is over. Start the sign-in again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAttempt:
    """The values of the sign-in form."""

    email: str
    password: str
    remember: bool
    code: str = ""


@dataclass(frozen=True, slots=True)
class SignInResult:
    """A new session, or one that waits for its code (`mfa_pending`)."""

    opened: OpenedSession
    mfa_pending: bool = False


def sign_in(attempt: SignInAttempt, where: ClientContext, network: str) -> SignInResult:
    """Start a sign-in; raise AccountError, SuspendedError or TooManyError."""
    person = people.by_email(attempt.email)
    number = person.id if person else None
    own, shared = _limits(number, attempt.email, where, network)
    throttle.check(*shared)
    throttle.take(own)
    confirmed = person is not None and person.confirmed_at is not None
    credential = db.session.get(Credential, number) if number else None
    password_hash = credential.password_hash if credential else None
    set_at = credential.changed_at if credential else None
    # Hold no database connection while waiting for the thread pool.
    db.session.rollback()
    matched = passwords.matches(password_hash, attempt.password)
    if not (matched and confirmed) or number is None or password_hash is None:
        _reject(number, where, *shared, resend_link=matched)
    # Checked again after hashing: concurrent guesses get no more answers than serial ones.
    throttle.check(*shared)
    _check_not_suspended(number, where)
    outdated = passwords.needs_rehash(password_hash)
    new_hash = passwords.hashed(attempt.password) if outdated else None
    with writing() as session:
        credential = _lock_credential(session, number, set_at)
        # Not before: an app that is set up meanwhile has its code asked for, too.
        mfa_pending = second_factor.active(number)
        throttle.reset(session, own)
        credential.password_hash = new_hash or credential.password_hash
        opened = sessions.start(
            session, number, where, remember=attempt.remember, complete=not mfa_pending
        )
        if not mfa_pending:
            opened = _record_sign_in(session, number, where, opened)
    if mfa_pending and attempt.code:
        remember = attempt.remember
        return complete_with_code(opened.key, attempt.code, where.cookie, remember=remember)
    return SignInResult(opened, mfa_pending)


def complete_with_code(
    key: str | None, code: str, cookie: str | None, *, remember: bool
) -> SignInResult:
    """Complete a sign-in that waits for its code; raise AccountError or TooManyError."""
    row = sessions.find(key)
    if row is None or row.completed_at is not None:
        raise AccountError("email", CODE_EXPIRED)
    person, digest = row.person, row.digest
    where = ClientContext(row.device, row.network, cookie)
    who = device_cookies.known(db.session(), person, cookie) or str(person)
    if second_factor.is_unreadable(person):
        raise AccountError("code", UNREADABLE_SECOND_FACTOR)
    if not second_factor.verify(person, code, where.device, who):
        raise AccountError("code", WRONG_CODE)
    with writing() as session:
        _lock(session, person)
        pending = session.scalar(select(SignIn).filter_by(digest=digest))
        if pending is None:
            raise AccountError("email", CODE_EXPIRED)
        opened = sessions.complete(session, pending, remember=remember)
        opened = _record_sign_in(session, person, where, opened)
    return SignInResult(opened)


def reauthenticate(number: int, person: int, password: str) -> str:
    """Check the password again before a sensitive action; return the new session key.

    Raise AccountError or TooManyError.
    """
    check_password(number, person, password)
    with writing() as session:
        row = sessions.of(session, number, person)
        journal.log_security_event(
            session, person, SecurityEventKind.REAUTHENTICATED, row.device
        )
        return sessions.renew(row)


def check_password(number: int, person: int, password: str) -> None:
    """Check the password of `person` in session `number`; raise AccountError, TooManyError.

    Attempts count for the session: no stranger can lock its owner out of it.
    """
    own = (limits.PASSWORD_SESSION, sessions.unique_name(number))
    throttle.take(own)
    credential = db.session.get(Credential, person)
    password_hash = credential.password_hash if credential else None
    db.session.rollback()
    if not passwords.matches(password_hash, password):
        raise AccountError("current", _("Wrong password."))
    with writing() as session:
        throttle.reset(session, own)


def sign_out(key: str | None, remember: str | None) -> None:
    """End every session that the cookies of a browser open, complete or pending."""
    if not (key or remember):
        return
    with writing() as session:
        for row in sessions.of_browser(key, remember):
            if row.completed_at is not None:
                journal.log_security_event(
                    session, row.person, SecurityEventKind.SIGNED_OUT, row.device
                )
            sessions.end(session, row.person, row.id)


def _limits(
    person: int | None, email: str, where: ClientContext, network: str
) -> tuple[RateUse, tuple[RateUse, ...]]:
    """Return the limit that every attempt counts for, and those for failures only.

    A whole office may sign in within a minute. What strangers do counts for nobody who is
    known by the device cookie.
    """
    known = device_cookies.known(db.session(), person, where.cookie)
    if known is not None:
        return (limits.SIGN_IN_DEVICE, known), ()
    shared = ((limits.SIGN_IN_NETWORK, network), (limits.SIGN_IN_ALL, limits.EVERYBODY))
    return (limits.SIGN_IN_ACCOUNT, emails.key(email)), shared


def _lock_credential(session: Session, person: int, set_at: datetime | None) -> Credential:
    """Return the credential of `person` until the commit; raise AccountError.

    The password was checked without a lock: another one may have been set meanwhile.
    """
    held = _lock(session, person)
    if held is None or held.changed_at != set_at:
        raise AccountError("email", WRONG_CREDENTIALS)
    return held


def _lock(session: Session, person: int) -> Credential | None:
    """Let nobody set another password of `person` until the commit.

    Whoever does ends every session, and must find none that began with the former.
    """
    # The person first, as who secures an account locks: else the two wait for each other.
    row = {"read": True, "key_share": True}
    session.get(Person, person, with_for_update=row)
    return session.get(Credential, person, with_for_update=True, populate_existing=True)


def _record_sign_in(
    session: Session, person: int, where: ClientContext, opened: OpenedSession
) -> OpenedSession:
    """Log a sign-in and return it with a device cookie; e-mail about a new device."""
    now = clock.now()
    cookie = device_cookies.remember(session, person, where.cookie)
    logger.info("signed in", extra={"fields": {"person": person}})
    journal.log_security_event(session, person, SecurityEventKind.SIGNED_IN, where.device)
    known = session.scalars(select(KnownDevice).where(KnownDevice.person == person)).all()
    pair = (where.device, where.network)
    for device in known:
        if (device.device, device.network) == pair:
            device.last_at = now
            return replace(opened, device=cookie)
    values = {"person": person, "device": where.device, "network": where.network}
    new_device = insert(session, KnownDevice).values(first_at=now, last_at=now, **values)
    session.execute(new_device.on_conflict_do_nothing())
    if known:
        begun = session.get_one(SignIn, opened.number)
        link = account_emails.way_back(session, person, sessions.began(session, begun))
        journal.log_security_event(
            session, person, SecurityEventKind.NEW_DEVICE, where.device
        )
        details = {"device": where.device, "at": now, **link}
        account_emails.send(
            session, account_emails.NEW_DEVICE, session.get_one(Person, person), details
        )
    return replace(opened, device=cookie)


def _check_not_suspended(person: int, where: ClientContext) -> None:
    """Raise SuspendedError for a suspended account.

    Called after the password was verified, so nobody else learns of the suspension.
    """
    try:
        suspensions.check(person)
    except SuspendedError:
        logger.warning("shut out", extra={"fields": {"person": person}})
        with writing() as session:
            journal.log_security_event(
                session, person, SecurityEventKind.SIGN_IN_WHILE_SUSPENDED, where.device
            )
        raise


def _reject(
    person: int | None,
    where: ClientContext,
    *shared: RateUse,
    resend_link: bool,
) -> NoReturn:
    """Count and log a failed attempt: one transaction, with or without an account."""
    logger.warning("sign-in refused", extra={"fields": {"person": person or "-"}})
    with writing() as session:
        if person is not None:
            journal.log_security_event(
                session, person, SecurityEventKind.SIGN_IN_REFUSED, where.device
            )
        if person is not None and resend_link:
            registration.resend_link(session, session.get_one(Person, person))
        wait = throttle.count(session, *shared)
    if wait:
        raise TooManyError(wait)
    raise AccountError("email", WRONG_CREDENTIALS)
