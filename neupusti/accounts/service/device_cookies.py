"""Device cookies: a browser that its owner signed in with has rate limits of its own.

So guesses of strangers never lock the owner out there, as OWASP describes in "Slow Down
Online Guessing Attacks with Device Cookies". The cookie holds a random key; a row holds its
hash for each person who used it, and can be deleted.
"""

import secrets
from datetime import datetime

from sqlalchemy import UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from neupusti.accounts.models import PersonForeignKey
from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.classification import Id, Moment, TokenDigest
from neupusti.core.data.database import Base, insert

KEY_USE = "device"


class DeviceCookie(Base):
    """One browser of one person."""

    __tablename__ = "device_cookie"
    __table_args__ = (UniqueConstraint("person", "digest"),)

    id: Mapped[Id]
    person: Mapped[PersonForeignKey]
    digest: Mapped[TokenDigest]
    created_at: Mapped[Moment]
    used_at: Mapped[Moment] = mapped_column(index=True)


def known(session: Session, person: int | None, cookie: str | None) -> str | None:
    """Return the name under which attempts with `cookie` count; None: as a stranger's."""
    if person is None or cookie is None:
        return None
    digest = keys.hashed(KEY_USE, cookie)
    found = select(DeviceCookie.id).filter_by(person=person, digest=digest)
    return None if session.scalar(found) is None else f"{person} {digest}"


def remember(session: Session, person: int, cookie: str | None) -> str:
    """Record that `person` uses this browser; return the value of its cookie.

    The value stays if this site made it: several people may share a browser.
    """
    digest = keys.hashed(KEY_USE, cookie or "")
    if session.scalar(select(DeviceCookie.id).filter_by(digest=digest).limit(1)) is None:
        cookie = secrets.token_urlsafe(32)
        digest = keys.hashed(KEY_USE, cookie)
    now = clock.now()
    row = insert(session, DeviceCookie).values(
        person=person, digest=digest, created_at=now, used_at=now
    )
    used = row.on_conflict_do_update(
        index_elements=["person", "digest"], set_={"used_at": now}
    )
    session.execute(used)
    return cookie or ""


def forget_since(session: Session, person: int, since: datetime) -> None:
    """Forget the browsers that `person` has used only since."""
    statement = delete(DeviceCookie).where(
        DeviceCookie.person == person, DeviceCookie.created_at >= since
    )
    session.execute(statement)
