"""Signing in: the password, the code where there is one, and a letter from a new device.

A known and an unknown address get the same answer, and the same work is done for both.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Credential, KnownDevice, Person, SignIn
from neupusti.accounts.service import emails as letters
from neupusti.accounts.service import (
    limits,
    passwords,
    people,
    registration,
    second_factor,
    sessions,
    suspensions,
)
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.accounts.service.sessions import ClientContext, OpenedSession
from neupusti.accounts.service.suspensions import SuspendedError
from neupusti.core import clock
from neupusti.core.data.database import db, insert, writing
from neupusti.core.records import journal
from neupusti.core.security import throttle, tokens
from neupusti.core.security.throttle import RateLimit
from neupusti.core.text import emails
from neupusti.core.web.errors import TooManyError

logger = logging.getLogger(__name__)
NOT_ME = "not me"
NOT_ME_LIFE = timedelta(days=7)
WRONG = _(
    "This e-mail and this password do not belong together, or the e-mail is not confirmed "
    "yet: then a letter with the link is on its way."
)
"""One answer for both: else who registers a foreign address learns if it has an account."""
WRONG_CODE = _("This code is wrong, or it was used already. Wait for the next one.")
LOST = _(
    "No code can be checked: the secret of the site was replaced. Write to the operator, "
    "who can let you set the second step up anew."
)
AGAIN = _("The time for the code is over. Begin the sign-in anew.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInAttempt:
    """What the form of the sign-in says."""

    email: str
    password: str
    remember: bool
    code: str = ""


@dataclass(frozen=True, slots=True)
class SignInResult:
    """A sign-in that began, or that waits for the code (`half`)."""

    opened: OpenedSession
    mfa_pending: bool = False


def sign_in(attempt: SignInAttempt, where: ClientContext, network: str) -> SignInResult:
    """Begin a sign-in; raise Fault, BlockedError or TooManyError."""
    account = emails.key(attempt.email)
    # Of an account every try counts, of a network only the wrong ones: a whole office
    # may sign in at the same minute.
    shared = ((limits.SIGN_IN_NETWORK, network), (limits.SIGN_IN_ALL, limits.EVERYBODY))
    throttle.check(*shared)
    throttle.take((limits.SIGN_IN_ACCOUNT, account))
    person = people.by_email(attempt.email)
    number = person.id if person else None
    confirmed = person is not None and person.confirmed_at is not None
    credential = db.session.get(Credential, number) if number else None
    kept = credential.password_hash if credential else None
    # Hashing may have to wait for its turn: it holds no connection meanwhile.
    db.session.rollback()
    right = passwords.matches(kept, attempt.password)
    if not (right and confirmed) or number is None or kept is None:
        _refuse(number, where, *shared, remind=right)
    # While it was hashed the wrong ones beside it may have become too many: sent all at
    # once, guesses get no more answers than one by one.
    throttle.check(*shared)
    _check_open(number, where)
    fresh = passwords.hashed(attempt.password) if passwords.outdated(kept) else None
    half = second_factor.active(number)
    with writing() as session:
        throttle.forget(session, (limits.SIGN_IN_ACCOUNT, account))
        if fresh:
            session.get_one(Credential, number).password_hash = fresh
        opened = sessions.start(
            session, number, where, remember=attempt.remember, complete=not half
        )
        if not half:
            _entered(session, number, where, opened)
    if half and attempt.code:
        return pass_code(opened.key, attempt.code, remember=attempt.remember)
    return SignInResult(opened, half)


def pass_code(key: str | None, code: str, *, remember: bool) -> SignInResult:
    """End the sign-in that waits for its code; raise Fault or TooManyError."""
    row = sessions.find(key)
    if row is None or row.completed_at is not None:
        raise AccountError("email", AGAIN)
    number, person = row.id, row.person
    where = ClientContext(row.device, row.network)
    if second_factor.lost(person):
        raise AccountError("code", LOST)
    if not second_factor.passes(person, code, where.device):
        raise AccountError("code", WRONG_CODE)
    with writing() as session:
        half = session.get(SignIn, number)
        if half is None:
            raise AccountError("email", AGAIN)
        opened = sessions.complete(session, half, remember=remember)
        _entered(session, person, where, opened)
    return SignInResult(opened)


def prove(number: int, person: int, password: str) -> str:
    """Check the password again before a dangerous act; return the session's new key.

    Raise Fault or TooManyError.
    """
    check_password(person, password)
    with writing() as session:
        row = session.get_one(SignIn, number)
        journal.log_security_event(session, person, SecurityEventKind.PROVED, row.device)
        return sessions.renew(session, row)


def check_password(person: int, password: str) -> None:
    """Raise Fault where `password` is not that of `person`; TooManyError as at sign-in."""
    account = db.session.get_one(Person, person).email_key
    throttle.take((limits.SIGN_IN_ACCOUNT, account))
    credential = db.session.get(Credential, person)
    kept = credential.password_hash if credential else None
    db.session.rollback()
    if not passwords.matches(kept, password):
        raise AccountError("current", _("This is not your password."))
    with writing() as session:
        throttle.forget(session, (limits.SIGN_IN_ACCOUNT, account))


def sign_out(number: int, person: int) -> None:
    """End one sign-in for good."""
    with writing() as session:
        row = session.get(SignIn, number)
        if row is not None:
            journal.log_security_event(
                session, person, SecurityEventKind.SIGNED_OUT, row.device
            )
            sessions.end(session, person, number)


def _entered(
    session: Session, person: int, where: ClientContext, opened: OpenedSession
) -> None:
    """Note a sign-in, and write to its owner where the device is new."""
    now = clock.now()
    logger.info("signed in", extra={"fields": {"person": person}})
    journal.log_security_event(session, person, SecurityEventKind.SIGNED_IN, where.device)
    known = session.scalars(select(KnownDevice).where(KnownDevice.person == person)).all()
    pair = (where.device, where.network)
    for device in known:
        if (device.device, device.network) == pair:
            device.seen(now)
            return
    first = {"person": person, "device": where.device, "network": where.network}
    fresh = insert(session, KnownDevice).values(first_at=now, last_at=now, **first)
    session.execute(fresh.on_conflict_do_nothing())
    if known:
        token = tokens.issue(
            session, NOT_ME, NOT_ME_LIFE, person=person, target=opened.number
        )
        journal.log_security_event(
            session, person, SecurityEventKind.NEW_DEVICE, where.device
        )
        told = {"device": where.device, "at": now, "token": token}
        letters.tell(session, letters.NEW_DEVICE, session.get_one(Person, person), told)


def _check_open(person: int, where: ClientContext) -> None:
    """Raise BlockedError where even the right password opens nothing.

    Only whoever knows it learns so.
    """
    try:
        suspensions.check(person)
    except SuspendedError:
        logger.warning("shut out", extra={"fields": {"person": person}})
        with writing() as session:
            journal.log_security_event(
                session, person, SecurityEventKind.SHUT_OUT, where.device
            )
        raise


def _refuse(
    person: int | None, where: ClientContext, *shared: tuple[RateLimit, str], remind: bool
) -> NoReturn:
    """Count and note a wrong try: one transaction, be there an account or not."""
    logger.warning("sign-in refused", extra={"fields": {"person": person or "-"}})
    with writing() as session:
        if person is not None:
            journal.log_security_event(
                session, person, SecurityEventKind.SIGN_IN_REFUSED, where.device
            )
        if person is not None and remind:
            registration.remind(session, session.get_one(Person, person))
        wait = throttle.count(session, *shared)
    if wait:
        raise TooManyError(wait)
    raise AccountError("email", WRONG)
