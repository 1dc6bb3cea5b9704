"""Give and revoke permissions: one row and one staff action each."""

from collections.abc import Iterable

from flask_babel import LazyString, force_locale
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.accounts.service import sessions, suspensions
from neupusti.core import clock
from neupusti.core.mail.outbox import EmailType, Recipient, enqueue
from neupusti.core.records.journal import (
    Operation,
    StaffAction,
    StaffActionType,
    log_staff_action,
)
from neupusti.core.rules import Permission
from neupusti.core.security.grants import StaffGrant
from neupusti.core.text.languages import Language
from neupusti.core.web.error_texts import ERROR_TEXTS
from neupusti.core.web.errors import DomainError
from neupusti.staff import queries

GRANTED = EmailType(
    name="staff.granted", label=_("A member of staff was given a permission")
)
GIVEN = StaffActionType("staff.given", _("Gave a permission"))
TAKEN = StaffActionType("staff.taken", _("Took a permission back"))
SIGNED_OUT = StaffActionType(
    "staff.signed_out", _("Ended the sessions of a member of staff")
)


class LastStaffAdminError(ValueError):
    """A staff admin may not revoke their own permission to give permissions."""


class NoLongerStaffAdminError(DomainError):
    """Who acts has lost the permission to give permissions meanwhile."""

    status = 409


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
    session is older than its permissions (V7.2.4). Other staff admins are e-mailed what
    was given. Raise LastStaffAdminError, NoLongerStaffAdminError.
    """
    _check_may_still(session, by)
    admins = session.scalars(queries.staff_admins()).all()
    held, target = _held(session, person), set(wanted)
    given, taken = target - held.keys(), held.keys() - target
    if by == person and Permission.STAFF in taken:
        raise LastStaffAdminError
    for permission in Permission:
        if permission in given:
            grant = StaffGrant(
                person=person, permission=permission, given_by=by, given_at=clock.now()
            )
            session.add(grant)
        elif permission in taken:
            held[permission].ended_at, held[permission].ended_by = clock.now(), by
        else:
            continue
        action = GIVEN if permission in given else TAKEN
        row = _log(session, action, person, permission, by, reason)
    if given:
        _write_to(admins, session, row, [one.label for one in Permission if one in given])
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


def _check_may_still(session: Session, by: int | None) -> None:
    """Raise NoLongerStaffAdminError where `by` has lost the permission meanwhile.

    Locked: of two staff admins who remove or suspend each other at once, the second is
    refused, so one is always left. SQLite has one writer anyway (BEGIN IMMEDIATE).
    """
    admins = select(StaffGrant.person).filter_by(
        permission=Permission.STAFF.value, ended_at=None
    )
    holders = session.scalars(admins.order_by(StaffGrant.id).with_for_update()).all()
    suspended = by is not None and suspensions.in_force(by, session) is not None
    if by is not None and (by not in holders or suspended):
        raise NoLongerStaffAdminError(ERROR_TEXTS[409].text)


def _write_to(
    admins: Iterable[Person], session: Session, row: StaffAction, names: list[LazyString]
) -> None:
    """E-mail the staff admins, except the one who acted, that permissions were given."""
    for admin in admins:
        if admin.id != row.staff:
            language = Language(admin.language)
            with force_locale(language.locale):
                permissions = [str(name) for name in names]
            enqueue(
                session,
                GRANTED,
                Recipient(email=admin.email, language=language, person=admin.id),
                key=f"{GRANTED.name}:{row.id}:{admin.id}",
                values={
                    "by": row.staff,
                    "number": row.person,
                    "permissions": permissions,
                },
            )


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
) -> StaffAction:
    return log_staff_action(
        session,
        staff=by,
        action=action,
        operation=Operation.ALTERATION,
        person=person,
        what=permission.value,
        reason=reason,
    )
