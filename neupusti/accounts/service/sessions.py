"""Where people are signed in: rows on the server, so that signing out is the end of it.

A cookie holds a random key of 256 bits; the row holds its hash. Members of staff sign in
for at most 20 hours and half an hour of silence; others as `LIFE` and `IDLE` say.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person, SecondFactor, SignIn
from neupusti.accounts.service import suspensions
from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.database import db
from neupusti.core.security import grants
from neupusti.core.security.identity import Identity

logger = logging.getLogger(__name__)
LIFE = timedelta(days=30)
IDLE = timedelta(days=1)
STAFF_LIFE = timedelta(hours=20)
STAFF_IDLE = timedelta(minutes=30)
HALF = timedelta(minutes=10)
"""How long the code may be asked for after the password was right."""
FRESH = timedelta(minutes=10)
"""How long the password need not be asked for again before a dangerous act."""
TOUCH = timedelta(minutes=1)
USE, REMEMBER_USE = "sign in", "remember"
KEY_CHARACTERS = 43


@dataclass(frozen=True, slots=True)
class ClientContext:
    """The device and the network of a request, as they are kept."""

    device: str
    network: str


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """The keys of a fresh sign-in: they exist in the browser's cookies and nowhere else."""

    number: int
    key: str
    remember: str | None = None


def start(
    session: Session, person: int, where: ClientContext, *, remember: bool, complete: bool
) -> OpenedSession:
    """Open a row for `person` in the open write transaction; return the keys to it.

    Not `complete`, it lives for ten minutes and opens nothing but the page of the code.
    """
    now = clock.now()
    of_staff = grants.is_staff(person)
    life = (STAFF_LIFE if of_staff else LIFE) if complete else HALF
    key = secrets.token_urlsafe(32)
    again = secrets.token_urlsafe(32) if remember and not of_staff else None
    row = SignIn(
        person=person,
        digest=keys.hashed(USE, key),
        remember_digest=keys.hashed(REMEMBER_USE, again) if again else None,
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
    return OpenedSession(row.id, key, again)


def renew(session: Session, row: SignIn, *, factor: bool = False) -> str:
    """Give `row` a new key, its owner having proved who they are; return the key.

    Whoever copied the old key has nothing (V7.2.4).
    """
    now = clock.now()
    key = secrets.token_urlsafe(32)
    row.digest, row.proved_at, row.seen_at = keys.hashed(USE, key), now, now
    if factor:
        row.second_factor_at = now
    session.flush()
    return key


def complete(session: Session, row: SignIn, *, remember: bool) -> OpenedSession:
    """Let the sign-in whose code was right begin: a new row, with keys of its own."""
    where = ClientContext(row.device, row.network)
    opened = start(session, row.person, where, remember=remember, complete=True)
    session.get_one(SignIn, opened.number).second_factor_at = clock.now()
    session.delete(row)
    session.flush()
    return opened


def find(key: str | None, remember: str | None = None) -> SignIn | None:
    """Return the living row that a browser's cookies lead to, complete or not."""
    row = _by_key(key) or _by_remember(remember)
    if row is None or _over(row, clock.now()):
        return None
    return row


def identity(row: SignIn) -> Identity:
    """Return what the rest of the site may know of whoever `row` signs in."""
    person = db.session.get_one(Person, row.person)
    factor = db.session.get(SecondFactor, row.person)
    return Identity(
        person=row.person,
        session=row.id,
        name=person.given_name or person.email,
        second_factor=row.second_factor_at is not None,
        has_factor=factor is not None and factor.confirmed_at is not None,
        recently_authenticated_until=row.proved_at + FRESH,
    )


def touch(row: SignIn) -> None:
    """Note that `row` is in use, at most once a minute, beside the request's own work."""
    now = clock.now()
    if now - row.seen_at < TOUCH:
        return
    seen = update(SignIn).where(SignIn.id == row.id).values(seen_at=now)
    try:
        with db.engine.connect() as link:
            writer = link.execution_options(begin_immediate=True)
            with writer.begin():
                writer.execute(seen)
    except OperationalError:
        logger.warning("session not touched")


def live(person: int) -> list[SignIn]:
    """Return the sign-ins of `person` that are in force, the last used first."""
    now = clock.now()
    rows = db.session.scalars(
        select(SignIn)
        .where(SignIn.person == person, SignIn.completed_at.is_not(None))
        .order_by(SignIn.seen_at.desc(), SignIn.id.desc())
    )
    return [row for row in rows if not _over(row, now)]


def end(session: Session, person: int, number: int) -> bool:
    """End one sign-in of `person`; tell whether there was one."""
    gone = delete(SignIn).where(SignIn.person == person, SignIn.id == number)
    return session.execute(gone).rowcount > 0  # type: ignore[attr-defined,no-any-return]


def end_all(session: Session, person: int, but: int | None = None) -> int:
    """End the sign-ins of `person` on every device, or on every other than `but`."""
    gone = delete(SignIn).where(SignIn.person == person)
    if but is not None:
        gone = gone.where(SignIn.id != but)
    return session.execute(gone).rowcount  # type: ignore[attr-defined,no-any-return]


def _by_key(key: str | None) -> SignIn | None:
    if not key or len(key) != KEY_CHARACTERS:
        return None
    found = select(SignIn).where(SignIn.digest == keys.hashed(USE, key))
    return db.session.scalars(found).one_or_none()


def _by_remember(key: str | None) -> SignIn | None:
    if not key or len(key) != KEY_CHARACTERS:
        return None
    digest = keys.hashed(REMEMBER_USE, key)
    found = select(SignIn).where(
        SignIn.remember_digest == digest, SignIn.completed_at.is_not(None)
    )
    return db.session.scalars(found).one_or_none()


def _over(row: SignIn, now: datetime) -> bool:
    # A block deletes these rows; one that began in that very moment is no way round it.
    if suspensions.in_force(row.person) is not None:
        return True
    if row.completed_at is None:
        return now >= row.ends_at
    # Asked anew each time: whoever became staff yesterday is bound by it today.
    if grants.is_staff(row.person):
        last = min(row.created_at + STAFF_LIFE, row.seen_at + STAFF_IDLE)
        return now >= min(row.ends_at, last)
    idle = row.ends_at if row.remembered else row.seen_at + IDLE
    return now >= min(row.ends_at, idle)
