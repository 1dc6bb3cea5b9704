"""Staff permissions as rows, each with who granted it and when (1.1.1).

They are in core, since accounts read them at sign-in and authorisation at every request;
the staff feature grants and revokes them.
"""

from typing import cast

from flask import has_request_context, request
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

KNOWN = "neupusti.granted"
HELD = text("ended_at IS NULL")


class StaffGrant(Base):
    """One permission of one person, from its grant until its revocation."""

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
    """The member of staff who granted it; None: a command on the server."""
    given_at: Mapped[Moment]
    ended_by: Mapped[ActorNumber | None]
    ended_at: Mapped[Moment | None]


def permissions(person: int) -> frozenset[Permission]:
    """Return the present permissions of `person`; never cached."""
    held = select(StaffGrant.permission).where(
        StaffGrant.person == person, StaffGrant.ended_at.is_(None)
    )
    return frozenset(Permission(name) for name in db.session.scalars(held))


def at_request(person: int) -> frozenset[Permission]:
    """Return the permissions of `person` as this request began, looked up once for it.

    The end of a session, the rule of the page and a dozen entries of a menu ask for them.
    """
    if not has_request_context():
        return permissions(person)
    known = request.environ.setdefault(KNOWN, {})
    if person not in known:
        known[person] = permissions(person)
    return cast("frozenset[Permission]", known[person])


def is_staff(person: int) -> bool:
    """Return whether `person` has any permission; then a second factor is mandatory."""
    return bool(permissions(person))
