"""Erasures: what was confirmed, what was done, and what a law keeps (6.1.3)."""

from enum import StrEnum
from typing import Annotated

from sqlalchemy import ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core import clock
from neupusti.core.data.classification import (
    ActorNumber,
    Digest,
    EmailKey,
    Id,
    Label,
    Moment,
    PersonNumber,
    Purpose,
    impersonal,
    personal,
    secret,
)
from neupusti.core.data.database import Base, one_of

ErasureForeignKey = Annotated[
    int,
    mapped_column(
        ForeignKey("erasure.id", ondelete="CASCADE"), index=True, info=impersonal()
    ),
]
OPEN = "state IN ('asked', 'confirmed')"
OF_ACCOUNT = text(f"{OPEN} AND person IS NOT NULL")
OF_GUEST = text(f"{OPEN} AND person IS NULL")


class State(StrEnum):
    """How far an erasure is."""

    ASKED = "asked"
    """Entered by one member of staff; a second one has to confirm it."""
    CONFIRMED = "confirmed"
    """It can be undone until it begins."""
    UNDONE = "undone"
    DESTROYED = "destroyed"
    """The rows are gone; files, copies and the search for what is left follow."""
    INCOMPLETE = "incomplete"
    """Something was left; it is tried again every hour."""
    TOLD = "told"
    """Nothing is left but the last e-mail."""
    WAITING = "waiting"
    """A law keeps some of it; the rest follows by itself when the law's term ends."""
    DONE = "done"


class Erasure(Base):
    """One destruction of what is kept about a person or under an address."""

    __tablename__ = "erasure"
    __table_args__ = (
        one_of("state", State),
        Index(
            "uq_erasure_person",
            "person",
            unique=True,
            sqlite_where=OF_ACCOUNT,
            postgresql_where=OF_ACCOUNT,
        ),
        Index(
            "uq_erasure_email_key",
            "email_key",
            unique=True,
            sqlite_where=OF_GUEST,
            postgresql_where=OF_GUEST,
        ),
    )

    id: Mapped[Id]
    request: Mapped[int] = mapped_column(
        ForeignKey("data_request.id", ondelete="CASCADE"), unique=True, info=impersonal()
    )
    state: Mapped[str] = mapped_column(String(10), index=True, info=impersonal())
    person: Mapped[PersonNumber | None]
    """Whose rows go; None from when it was undone or the rows are gone."""
    email_key: Mapped[EmailKey | None] = mapped_column(index=True)
    kept_secret: Mapped[str] = mapped_column(String, info=secret())
    """Whom to tell and what to search for, once the rows are gone (`service.needles`)."""
    fingerprint: Mapped[Digest]
    """That of the preview that was confirmed (`service.plan`)."""
    run_at: Mapped[Moment] = mapped_column(index=True)
    destroyed_at: Mapped[Moment | None]
    tried_at: Mapped[Moment | None]
    """When it was last searched for what is left."""
    left: Mapped[int] = mapped_column(Integer, info=impersonal())
    """How many places still held something at the last search."""
    ended_at: Mapped[Moment | None]
    asked_by: Mapped[ActorNumber | None]
    """The member of staff who entered it; None: the person did."""
    confirmed_by: Mapped[ActorNumber | None]

    @property
    def is_put_off(self) -> bool:
        """Whether it should have begun: something stands against it for now."""
        return self.state == State.CONFIRMED and self.run_at <= clock.now()


class ErasureStep(Base):
    """What became of one table or store. Rows never change."""

    __tablename__ = "erasure_step"

    id: Mapped[Id]
    erasure: Mapped[ErasureForeignKey]
    at: Mapped[Moment]
    store: Mapped[Label]
    gone: Mapped[int] = mapped_column(Integer, info=impersonal())
    kept: Mapped[int] = mapped_column(Integer, info=impersonal())
    left: Mapped[int] = mapped_column(Integer, info=impersonal())


class ErasureFile(Base):
    """A file whose row is gone and that is destroyed and wiped next."""

    __tablename__ = "erasure_file"

    id: Mapped[Id]
    erasure: Mapped[ErasureForeignKey]
    path: Mapped[str] = mapped_column(
        String(200), info=personal("3.4", Purpose.PERSONAL_PAGES)
    )
    """Its kind and its name: `avatars/…`."""


class ErasureKept(Base):
    """A row that a law keeps for a time: what of it, and by which hold."""

    __tablename__ = "erasure_kept"

    id: Mapped[Id]
    erasure: Mapped[ErasureForeignKey]
    model: Mapped[Label]
    """The name of the table."""
    row: Mapped[int] = mapped_column(Integer, info=impersonal())
    hold: Mapped[Label]
    """The code of the hold."""
