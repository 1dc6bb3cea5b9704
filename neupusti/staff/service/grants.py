"""Give and revoke permissions: one row and one staff action each."""

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
    """A staff admin may not revoke their own permission to give permissions."""


def change(
    session: Session,
    person: int,
    wanted: Iterable[Permission],
    *,
    by: int | None,
    reason: str = "",
) -> bool:
    """Set the permissions of `person` to `wanted`; return whether anything changed.

    `by` None is a command on the server. A change ends the sessions of `person`, so no
    session is older than its permissions (V7.2.4). Raise LastStaffAdminError.
    """
    held, target = _held(session, person), set(wanted)
    given, taken = target - held.keys(), held.keys() - target
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
        _log(
            session, GIVEN if permission in given else TAKEN, person, permission, by, reason
        )
    if given or taken:
        sessions.end_all(session, person)
    return bool(given or taken)


def sign_out(session: Session, person: int, *, by: int, reason: str) -> None:
    """End every session of a member of staff."""
    sessions.end_all(session, person)
    log_staff_action(session, staff=by, action=SIGNED_OUT, person=person, reason=reason)


def any_ever_given(session: Session) -> bool:
    """Return whether anybody was ever given a permission."""
    return session.scalar(select(StaffGrant.id).limit(1)) is not None


def _held(session: Session, person: int) -> dict[Permission, StaffGrant]:
    wanted = select(StaffGrant).filter_by(person=person, ended_at=None).with_for_update()
    return {Permission(row.permission): row for row in session.scalars(wanted)}


def _log(  # noqa: PLR0913, PLR0917 - the fields of a staff action
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
