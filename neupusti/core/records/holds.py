"""Holds that members of staff place on the data of one person, or on one order (5.1)."""

from datetime import timedelta

from sqlalchemy import CheckConstraint, ColumnElement, String, and_, or_
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core import clock
from neupusti.core.data.classification import (
    ActorNumber,
    Day,
    Id,
    Label,
    Moment,
    PersonalText,
    PersonNumber,
    impersonal,
)
from neupusti.core.data.database import Base

WAIT = timedelta(days=3)
"""How long a hold over a request for destruction waits for a second member of staff."""


class PlacedHold(Base):
    """One hold: what a document of an authority or a court obliges to keep.

    Triggers refuse every change but that it is seconded, looked at again or released, or
    loses the number of a person who is destroyed, and its deletion before it is released.
    """

    __tablename__ = "placed_hold"
    __table_args__ = (CheckConstraint("(person IS NULL) <> (number IS NULL)", name="one"),)

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(String(16), unique=True, info=impersonal())
    """What it is called, in a restored database, too."""
    person: Mapped[PersonNumber | None]
    """All of whose data it is on; None: it is on one order."""
    number: Mapped[str | None] = mapped_column(String(20), index=True, info=impersonal())
    """The number of the order that alone it is on; None: it is on a person."""
    law: Mapped[Label]
    document: Mapped[Label]
    reason: Mapped[PersonalText]
    silent: Mapped[bool] = mapped_column(info=impersonal())
    """Whether the document forbids to tell the person."""
    at: Mapped[Moment]
    by: Mapped[ActorNumber | None]
    """Who placed it; None: a command on the server."""
    needs_second: Mapped[bool] = mapped_column(info=impersonal())
    """Whether a request for destruction was open when it was placed."""
    second: Mapped[ActorNumber | None]
    seconded_at: Mapped[Moment | None]
    until: Mapped[Day | None]
    """Its last day; None: until it is released."""
    review: Mapped[Day]
    """By when staff look whether it is still needed."""
    released_at: Mapped[Moment | None]
    released_by: Mapped[ActorNumber | None]

    @property
    def waits(self) -> bool:
        """Whether a second member of staff has to agree, and still can."""
        return self._lacks_second and not self.has_ended

    @property
    def has_ended(self) -> bool:
        """Whether it holds nothing any more, released or not (`in_force`)."""
        is_past = self.until is not None and self.until < clock.today()
        return self.released_at is not None or is_past or self._has_lapsed

    @property
    def _has_lapsed(self) -> bool:
        """Whether nobody seconded it in time."""
        return self._lacks_second and self.at <= clock.now() - WAIT

    @property
    def _lacks_second(self) -> bool:
        return self.needs_second and self.second is None


def in_force() -> ColumnElement[bool]:
    """Return the condition of the holds that hold today.

    One that lacks its second member of staff holds for `WAIT` only: what is destroyed
    cannot be had back, and one member alone shall not refuse a destruction.
    """
    return and_(
        PlacedHold.released_at.is_(None),
        or_(PlacedHold.until.is_(None), PlacedHold.until >= clock.today()),
        or_(~lacks_second(), PlacedHold.at > clock.now() - WAIT),
    )


def lacks_second() -> ColumnElement[bool]:
    """Return the condition of the holds to which a second member of staff must agree."""
    return and_(PlacedHold.needs_second, PlacedHold.second.is_(None))
