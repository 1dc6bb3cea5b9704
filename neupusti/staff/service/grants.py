"""Giving permissions and taking them back: each time one row and one act."""

from collections.abc import Iterable

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.service import sessions
from neupusti.core import clock
from neupusti.core.records.journal import Operation, StaffActionType, log_staff_action
from neupusti.core.rules import Permission
from neupusti.core.security.grants import StaffGrant

GIVEN = StaffActionType("staff.given", _("Gave a permission"))
TAKEN = StaffActionType("staff.taken", _("Took a permission back"))
SIGNED_OUT = StaffActionType(
    "staff.signed_out", _("Ended the sessions of a member of staff")
)


class LastStaffAdminError(ValueError):
    """Nobody takes from themselves the permission to give permissions."""


def change(
    session: Session,
    person: int,
    wanted: Iterable[Permission],
    *,
    by: int | None,
    reason: str = "",
) -> bool:
    """Let `person` hold exactly `wanted` from now on; return whether anything changed.

    `by` None is a command on the server. Whoever's permissions change is signed out, so
    no session is older than what it may do (V7.2.4). Raise LastKeyError.
    """
    held, now = _held(session, person), set(wanted)
    given, taken = now - held.keys(), held.keys() - now
    if by == person and Permission.STAFF in taken:
        raise LastStaffAdminError
    for permission in Permission:
        if permission in given:
            row = StaffGrant(
                person=person, permission=permission, given_by=by, given_at=clock.now()
            )
            session.add(row)
        elif permission in taken:
            held[permission].ended_at, held[permission].ended_by = clock.now(), by
        else:
            continue
        _note(
            session, GIVEN if permission in given else TAKEN, person, permission, by, reason
        )
    if given or taken:
        sessions.end_all(session, person)
    return bool(given or taken)


def sign_out(session: Session, person: int, *, by: int, reason: str) -> None:
    """End every session of a member of staff."""
    sessions.end_all(session, person)
    log_staff_action(session, staff=by, action=SIGNED_OUT, person=person, reason=reason)


def ever(session: Session) -> bool:
    """Tell whether anybody was ever given a permission."""
    return session.scalar(select(StaffGrant.id).limit(1)) is not None


def _held(session: Session, person: int) -> dict[Permission, StaffGrant]:
    wanted = select(StaffGrant).filter_by(person=person, ended_at=None).with_for_update()
    return {Permission(row.permission): row for row in session.scalars(wanted)}


def _note(  # noqa: PLR0913, PLR0917 - an act is all of these
    session: Session,
    action: StaffActionType,
    person: int,
    permission: Permission,
    by: int | None,
    reason: str,
) -> None:
    log_staff_action(
        session,
        staff=by,
        action=action,
        operation=Operation.ALTERATION,
        person=person,
        what=permission.value,
        reason=reason,
    )
