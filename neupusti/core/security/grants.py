"""Who is staff: permissions as rows, each with who gave it and when (1.1.1).

The fact lives here, so that accounts can ask it at sign-in and the gate at every request;
giving, inviting and taking back are the business of the staff room.
"""

from sqlalchemy import Index, String, select, text
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import (
    ActorNumber,
    Id,
    Moment,
    PersonNumber,
    impersonal,
)
from neupusti.core.data.database import Base, db
from neupusti.core.rules import Permission

HELD = text("ended_at IS NULL")


class StaffGrant(Base):
    """One permission of one person, from when it was given until it was taken back."""

    __tablename__ = "staff_grant"
    __table_args__ = (
        Index(
            "uq_staff_grant_held",
            "person",
            "permission",
            unique=True,
            sqlite_where=HELD,
            postgresql_where=HELD,
        ),
    )

    id: Mapped[Id]
    person: Mapped[PersonNumber]
    permission: Mapped[str] = mapped_column(String(20), info=impersonal())
    given_by: Mapped[ActorNumber | None]
    """The member of staff who gave it; None: by a command on the server."""
    given_at: Mapped[Moment]
    ended_by: Mapped[ActorNumber | None]
    ended_at: Mapped[Moment | None]


def permissions(person: int) -> frozenset[Permission]:
    """Return what `person` holds now: read anew each time, so nothing outlives its row."""
    held = select(StaffGrant.permission).where(
        StaffGrant.person == person, StaffGrant.ended_at.is_(None)
    )
    return frozenset(Permission(name) for name in db.session.scalars(held))


def is_staff(person: int) -> bool:
    """Tell whether `person` holds any permission: then a second factor is a must."""
    return bool(permissions(person))
