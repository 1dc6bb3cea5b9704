"""Whose data are blocked (6.2.4), and whose were destroyed (6.1.3)."""

from enum import StrEnum

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Index,
    Integer,
    String,
    TextClause,
    and_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import (
    ActorNumber,
    Day,
    EmailKey,
    Id,
    Label,
    Moment,
    PersonalText,
    PersonNumber,
    Purpose,
    derived,
    impersonal,
)
from neupusti.core.data.database import Base, one_of

HASH_USE = "tombstone"
OPEN = text("lifted_at IS NULL AND scope = 'all'")
"""As text, so that SQLite finds the partial indexes below for it."""
OPEN_GUEST = and_(OPEN, text("person IS NULL"))
OPEN_FIELD = text("lifted_at IS NULL AND scope = 'field'")


class Scope(StrEnum):
    """How much a block covers."""

    ALL = "all"
    FIELD = "field"
    """One value that its person says is wrong."""


class Cause(StrEnum):
    """Who asked for a block."""

    PERSON = "person"
    AGENT = "agent"
    BODY = "body"
    """The authorised body."""
    STAFF = "staff"
    SYSTEM = "system"


class Result(StrEnum):
    """How a check ended."""

    UNFOUNDED = "unfounded"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    DESTROY = "destroy"


class Reach(StrEnum):
    """What may not come back."""

    ALL = "all"
    MARKETING = "marketing"


def _one_open(column: str, where: ColumnElement[bool] | TextClause) -> Index:
    name = f"uq_data_block_open_{column}"
    return Index(name, column, unique=True, sqlite_where=where, postgresql_where=where)


class DataBlock(Base):
    """One block; at most one that covers all is open for a person or an address."""

    __tablename__ = "data_block"
    __table_args__ = (
        one_of("scope", Scope),
        one_of("by", Cause),
        _one_open("person", OPEN),
        _one_open("email_key", OPEN_GUEST),
        Index(
            "uq_data_block_open_field",
            *("model", "row", "field"),
            unique=True,
            sqlite_where=OPEN_FIELD,
            postgresql_where=OPEN_FIELD,
        ),
    )

    id: Mapped[Id]
    person: Mapped[PersonNumber | None]
    email_key: Mapped[EmailKey | None] = mapped_column(index=True)
    scope: Mapped[str] = mapped_column(String(10), info=impersonal())
    model: Mapped[Label | None]
    """Of a field: the name of its table."""
    row: Mapped[int | None] = mapped_column(Integer, info=impersonal())
    field: Mapped[Label | None]
    by: Mapped[str] = mapped_column(String(10), info=impersonal())
    request: Mapped[Label]
    """The number of the request it was opened for."""
    reason: Mapped[PersonalText]
    document: Mapped[Label]
    """The paper of the authorised body, or of a representative."""
    from_at: Mapped[Moment] = mapped_column(index=True)
    due: Mapped[Day]
    """By when the check has to end."""
    lifted_at: Mapped[Moment | None] = mapped_column(index=True)
    lifted_by: Mapped[ActorNumber | None]
    outcome: Mapped[str | None] = mapped_column(String(10), info=impersonal())
    passing: Mapped[bool] = mapped_column(Boolean, default=False, info=impersonal())
    """Whether the guards let through, in this transaction alone, what is the person's own
    act: it is false again before the commit."""


class Tombstone(Base):
    """Whose data were destroyed: nothing about that number may be stored again."""

    __tablename__ = "tombstone"
    __table_args__ = (one_of("scope", Reach),)

    id: Mapped[Id]
    at: Mapped[Moment] = mapped_column(index=True)
    person: Mapped[PersonNumber | None]
    email_hash: Mapped[str | None] = mapped_column(
        String(64),
        index=True,
        info=derived("3.2.3", Purpose.IDENTIFICATION, keyed_by=HASH_USE),
    )
    phone_hash: Mapped[str | None] = mapped_column(
        String(64),
        index=True,
        info=derived("3.2.2", Purpose.IDENTIFICATION, keyed_by=HASH_USE),
    )
    scope: Mapped[str] = mapped_column(String(10), info=impersonal())
    request: Mapped[Label]
    """The number of the request it was destroyed for."""
