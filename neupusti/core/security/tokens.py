"""One-time tokens for links: random, for one purpose, expiring.

Only a hash is stored, and the purpose is part of it: a token is not valid for another
purpose. A token ends when it is used, when it expires, and when the person's password
changes; only a link that undoes a takeover survives that.
"""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Integer, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from neupusti.core import clock
from neupusti.core.data import keys
from neupusti.core.data.classification import (
    Id,
    Moment,
    PersonNumber,
    TokenDigest,
    impersonal,
)
from neupusti.core.data.database import Base, db

TOKEN_FORMAT = re.compile(r"[\w-]{43}", re.ASCII)
"""32 random bytes in URL-safe base64."""


class TokenError(LookupError):
    """The token is unknown, used, expired or of another purpose; deliberately not which."""


class Token(Base):
    """One issued token. `target` is the id of the row it concerns, if any."""

    __tablename__ = "token"

    id: Mapped[Id]
    digest: Mapped[TokenDigest] = mapped_column(unique=True)
    purpose: Mapped[str] = mapped_column(String(40), info=impersonal())
    person: Mapped[PersonNumber | None]
    target: Mapped[int | None] = mapped_column(Integer, info=impersonal())
    since: Mapped[Moment | None]
    """From when on the link undoes what was done, if that is what it is for."""
    created_at: Mapped[Moment]
    expires_at: Mapped[Moment] = mapped_column(index=True)
    used_at: Mapped[Moment | None]


def issue(
    session: Session,
    purpose: str,
    life: timedelta,
    *,
    person: int | None = None,
    target: int | None = None,
) -> str:
    """Store a new token in the open write transaction; return its text."""
    return issue_row(session, purpose, life, person=person, target=target)[1]


def issue_row(
    session: Session,
    purpose: str,
    life: timedelta,
    *,
    person: int | None = None,
    target: int | None = None,
) -> tuple[Token, str]:
    """Store a new token like `issue`; return its row, which has an id once flushed."""
    text = secrets.token_urlsafe(32)
    now = clock.now()
    row = Token(
        digest=keys.hashed(purpose, text),
        purpose=purpose,
        person=person,
        target=target,
        created_at=now,
        expires_at=now + life,
    )
    session.add(row)
    return row, text


def peek(purpose: str, text: str, *others: str) -> Token:
    """Return the valid token of `text` without using it; raise TokenError.

    Its purpose may also be one of `others`.
    """
    return _valid_token(db.session(), (purpose, *others), text, clock.now())


def held(number: int | None, purpose: str, target: int) -> Token | None:
    """Return the token of an id if it is for this and has not expired, else None."""
    row = db.session.get(Token, number, populate_existing=True) if number else None
    if row is None or (row.purpose, row.target) != (purpose, target):
        return None
    return row if row.expires_at > clock.now() else None


def redeem(session: Session, purpose: str, text: str, *others: str) -> Token:
    """Use up the token of `text` in the open write transaction; raise TokenError."""
    now = clock.now()
    token = _valid_token(session, (purpose, *others), text, now)
    unused = update(Token).where(Token.id == token.id, Token.used_at.is_(None))
    # Of two concurrent requests only one updates the row.
    if session.execute(unused.values(used_at=now)).rowcount != 1:  # type: ignore[attr-defined]
        raise TokenError
    return token


def prolong(session: Session, purpose: str, life: timedelta, person: int) -> None:
    """Let the unused tokens of `person` for `purpose` work for `life` from now on."""
    ends = clock.now() + life
    # Never shorter: an invitation lasts longer.
    unused = update(Token).where(
        Token.person == person,
        Token.purpose == purpose,
        Token.used_at.is_(None),
        Token.expires_at < ends,  # no mutation: equal stays equal
    )
    session.execute(unused.values(expires_at=ends))


def revoke(session: Session, person: int, *purposes: str, but: Sequence[str] = ()) -> None:
    """Delete the tokens of `person`: those of `purposes`, or all except those of `but`."""
    statement = delete(Token).where(Token.person == person, Token.purpose.not_in(but))
    if purposes:
        statement = statement.where(Token.purpose.in_(purposes))
    session.execute(statement)


def revoke_target(session: Session, purpose: str, *targets: int) -> None:
    """Delete the tokens of `purpose` that concern one of the rows `targets`.

    Of a new row as well, where rows went before migration 0039: until then SQLite gave it
    the number of one that was destroyed, and whoever has the links to that would open this.
    """
    statement = delete(Token).where(Token.purpose == purpose, Token.target.in_(targets))
    session.execute(statement)


def _valid_token(
    session: Session, purposes: Sequence[str], text: str, now: datetime
) -> Token:
    if not TOKEN_FORMAT.fullmatch(text):
        raise TokenError
    token = session.scalar(
        select(Token).where(
            Token.digest.in_([keys.hashed(purpose, text) for purpose in purposes]),
            Token.used_at.is_(None),
            Token.expires_at > now,
        )
    )
    if token is None:
        raise TokenError
    return token
