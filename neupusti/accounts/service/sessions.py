"""Server-side sessions: signing out deletes the row and invalidates every cookie.

A cookie holds a random 256-bit key; the row holds its hash. A session of staff lasts at
most 20 hours and 30 idle minutes; others `LIFE` and `IDLE`.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError, TimeoutError  # noqa: A004 - of a busy database
from sqlalchemy.orm import Session

from neupusti.accounts.models import KnownDevice, Person, SecondFactor, SignIn
from neupusti.accounts.service import emails, suspensions
from neupusti.accounts.service.errors import AccountError
from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.database import db
from neupusti.core.data.waiting import writer_slot
from neupusti.core.security import grants
from neupusti.core.security.identity import Identity

logger = logging.getLogger(__name__)
LIFE = timedelta(days=30)
IDLE = timedelta(days=1)
STAFF_LIFE = timedelta(hours=20)
STAFF_IDLE = timedelta(minutes=30)
MFA_PENDING_LIFE = timedelta(minutes=10)
"""How long a sign-in may wait for its code."""
STEP_UP_LIFE = timedelta(minutes=10)
"""How long after authenticating sensitive actions need no password."""
TOUCH_INTERVAL = timedelta(minutes=1)  # no mutation: some more or fewer writes
KEY_USE, REMEMBER_USE = "sign in", "remember"
KEY_CHARACTERS = 43
ENDED = _("You are signed out.")


@dataclass(frozen=True, slots=True)
class ClientContext:
    """The device, the network hash and the device cookie of a request."""

    device: str
    network: str
    cookie: str | None = None


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """The keys of a new session, which only the browser's cookies keep."""

    number: int
    key: str
    remember: str | None = None
    device: str | None = None


def start(
    session: Session, person: int, where: ClientContext, *, remember: bool, complete: bool
) -> OpenedSession:
    """Create a session of `person` in the open write transaction; return its keys.

    Without `complete` it lasts ten minutes and opens only the page of the code.
    """
    now = clock.now()
    is_staff = grants.is_staff(person)
    life = (STAFF_LIFE if is_staff else LIFE) if complete else MFA_PENDING_LIFE
    key = secrets.token_urlsafe(32)
    remember_key = secrets.token_urlsafe(32) if remember and not is_staff else None
    row = SignIn(
        person=person,
        digest=keys.hashed(KEY_USE, key),
        remember_digest=keys.hashed(REMEMBER_USE, remember_key) if remember_key else None,
        created_at=now,
        seen_at=now,
        ends_at=now + life,
        completed_at=now if complete else None,
        proved_at=now,
        device=where.device,
        network=where.network,
    )
    session.add(row)
    session.flush()
    return OpenedSession(row.id, key, remember_key)


def renew(row: SignIn, *, second_factor: bool = False) -> str:
    """Give `row` a new key after its owner authenticated; return the key.

    Copies of the old key become invalid (V7.2.4).
    """
    now = clock.now()
    key = secrets.token_urlsafe(32)
    row.digest, row.proved_at, row.seen_at = keys.hashed(KEY_USE, key), now, now
    if second_factor:
        row.second_factor_at = now
    return key


def complete(session: Session, row: SignIn, *, remember: bool) -> OpenedSession:
    """Replace a pending sign-in by a complete session with new keys."""
    where = ClientContext(row.device, row.network)
    opened = start(session, row.person, where, remember=remember, complete=True)
    session.get_one(SignIn, opened.number).second_factor_at = clock.now()
    session.delete(row)
    return opened


def find(key: str | None, remember: str | None = None) -> SignIn | None:
    """Return the session of a browser's cookies, complete or pending, or None."""
    row = _by_key(key) or _by_remember(remember)
    if row is None or _has_ended(row, clock.now()):
        return None
    return row


def of(session: Session, number: int, person: int) -> SignIn:
    """Return session `number` of `person`; raise AccountError where it has ended.

    A number is proof of nothing: the row may never be another's.
    """
    row = session.get(SignIn, number)
    if row is None or row.person != person:
        raise AccountError("current", ENDED)
    return row


def of_browser(key: str | None, remember: str | None) -> set[SignIn]:
    """Return every session that the cookies of a browser open, pending and ended too."""
    return {row for row in (_by_key(key), _by_remember(remember)) if row is not None}


def identity(row: SignIn) -> Identity:
    """Return the identity that `row` signs in."""
    person = db.session.get_one(Person, row.person)
    factor = db.session.get(SecondFactor, row.person)
    return Identity(
        person=row.person,
        session=row.id,
        name=person.given_name or person.email,
        second_factor=row.second_factor_at is not None,
        has_second_factor=factor is not None and factor.confirmed_at is not None,
        recently_authenticated_until=row.proved_at + STEP_UP_LIFE,
    )


def unique_name(number: int) -> str:
    """Return a name of session `number` that no other session ever has."""
    # A restored backup gives numbers again; together with the start they are unique.
    return f"{number} {db.session.get_one(SignIn, number).created_at.isoformat()}"


def began(session: Session, row: SignIn) -> datetime:
    """Return from when on a way back undoes what is done in a session.

    That is the first sign-in from its device where that is recent: an intruder may sign in
    again.
    """
    first = session.scalar(
        select(KnownDevice.first_at).where(
            KnownDevice.person == row.person,
            KnownDevice.device == row.device,
            KnownDevice.network == row.network,
            KnownDevice.first_at > clock.now() - emails.SECURE_LIFE,
        )
    )
    return min(row.created_at, first or row.created_at)


def touch(row: SignIn) -> None:
    """Update `seen_at`, at most once a minute, in a transaction of its own."""
    now = clock.now()
    if now - row.seen_at < TOUCH_INTERVAL:  # no mutation: a second does not matter
        return
    seen = update(SignIn).where(SignIn.id == row.id).values(seen_at=now)
    try:
        # The request holds a connection already: it may not wait for another.
        with writer_slot(0), db.engine.connect() as connection:  # no mutation: no wait
            writer = connection.execution_options(begin_immediate=True)
            with writer.begin():
                writer.execute(seen)
    except (DBAPIError, TimeoutError):
        logger.warning("session not touched")  # no mutation: it is only logged


def active(person: int) -> list[SignIn]:
    """Return the complete sessions of `person`, the last used first."""
    now = clock.now()
    rows = db.session.scalars(
        select(SignIn)
        .where(SignIn.person == person, SignIn.completed_at.is_not(None))
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
    )
    return [row for row in rows if not _has_ended(row, now)]


def end(session: Session, person: int, number: int) -> bool:
    """End one session of `person`; return whether it existed."""
    ended = delete(SignIn).where(SignIn.person == person, SignIn.id == number)
    return session.execute(ended).rowcount > 0  # type: ignore[attr-defined,no-any-return]


def end_all(session: Session, person: int, but: int | None = None) -> int:
    """End the sessions of `person` on every device, or on all except `but`."""
    ended = delete(SignIn).where(SignIn.person == person)
    if but is not None:
        ended = ended.where(SignIn.id != but)
    return session.execute(ended).rowcount  # type: ignore[attr-defined,no-any-return]


def _by_key(key: str | None) -> SignIn | None:
    if not key or len(key) != KEY_CHARACTERS:
        return None
    found = select(SignIn).where(SignIn.digest == keys.hashed(KEY_USE, key))
    return db.session.scalars(found).one_or_none()


def _by_remember(key: str | None) -> SignIn | None:
    if not key or len(key) != KEY_CHARACTERS:
        return None
    digest = keys.hashed(REMEMBER_USE, key)
    found = select(SignIn).where(
        SignIn.remember_digest == digest, SignIn.completed_at.is_not(None)
    )
    return db.session.scalars(found).one_or_none()


def _has_ended(row: SignIn, now: datetime) -> bool:
    # A suspension deletes these rows; this covers one created at the same moment.
    if suspensions.in_force(row.person) is not None:
        return True
    if row.completed_at is None:
        return now >= row.ends_at
    # Checked at each request: the limits bind a person from the moment they become staff.
    if grants.at_request(row.person):
        last = min(row.created_at + STAFF_LIFE, row.seen_at + STAFF_IDLE)
        return now >= min(row.ends_at, last)
    idle = row.ends_at if row.remembered else row.seen_at + IDLE
    return now >= min(row.ends_at, idle)
