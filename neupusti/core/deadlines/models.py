"""What staff know of days off, and what is promised by when."""

from datetime import datetime

from sqlalchemy import Boolean, CheckConstraint, Date, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import (
    ActorNumber,
    Day,
    Digest,
    Id,
    Label,
    LongText,
    Moment,
    impersonal,
)
from neupusti.core.data.database import Base
from neupusti.core.deadlines import counting

KIND = 20
"""Characters of the name of a kind."""


class CalendarDay(Base):
    """A day off or a worked day that the library does not know, or not for certain."""

    __tablename__ = "calendar_day"

    day: Mapped[Day] = mapped_column(Date, primary_key=True)
    working: Mapped[bool] = mapped_column(Boolean, info=impersonal())
    source: Mapped[LongText]
    """The order of the government: its number or its address."""
    confirmed: Mapped[bool] = mapped_column(Boolean, info=impersonal())
    """Whether somebody has looked at the source; else a day off does not count yet."""
    staff: Mapped[ActorNumber | None]
    """Who; None: a command on the server."""
    at: Mapped[Moment]


class Deadline(Base):
    """What is due by when; triggers let a promise never move, and `due` only earlier."""

    __tablename__ = "deadline"
    __table_args__ = (
        UniqueConstraint("kind", "subject"),
        CheckConstraint("due <= promised", name="promised"),
        Index("ix_deadline_met_at_remind_at", "met_at", "remind_at"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(KIND), info=impersonal())
    """What is due; a manifest says which page handles it."""
    subject: Mapped[Label]
    """The public number of what it is about."""
    code: Mapped[str] = mapped_column(String(KIND), info=impersonal())
    """The term."""
    version: Mapped[Label]
    """What the term was when it was promised."""
    received_at: Mapped[Moment]
    start: Mapped[Day]
    due: Mapped[Day]
    """The last day, by the newest count."""
    promised: Mapped[Day]
    """The last day as it was told."""
    target_at: Mapped[Moment]
    """When half of the term is over."""
    calendar: Mapped[Digest]
    """The calendar of the newest count."""
    remind_at: Mapped[Moment]
    """When staff are reminded next."""
    met_at: Mapped[Moment | None]
    late: Mapped[bool] = mapped_column(Boolean, info=impersonal())
    """Whether it was not met in time; that is so for good."""

    @property
    def due_at(self) -> datetime:
        """The moment at which it is late."""
        return counting.end_of(self.due)
