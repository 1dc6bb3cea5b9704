"""Suspend and reinstate accounts: the rules, and one staff action each.

Nobody suspends themselves or the last staff admin: only a command on the server could
undo that.
"""

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person, PersonKind
from neupusti.accounts.service import suspending, suspensions
from neupusti.accounts.service.errors import AccountError
from neupusti.core.records.journal import StaffActionType, log_staff_action
from neupusti.core.rules import Permission
from neupusti.core.security.grants import StaffGrant
from neupusti.staff import queries

SUSPENDED = StaffActionType("people.blocked", _("Blocked an account"))
REINSTATED = StaffActionType("people.released", _("Unblocked an account"))
ONESELF = _("You cannot block yourself: a colleague can.")
LAST_STAFF_ADMIN = _(
    "This is the last unblocked account that can give permissions. Give “Staff” to "
    "somebody else first."
)
ALREADY_SUSPENDED = _("This account is blocked already. Nothing has changed.")
NOT_SUSPENDED = _("This account is not blocked. Nothing has changed.")
NO_ACCOUNT = _(
    "There is nothing to block: nobody has confirmed this e-mail for an account, and an "
    "unconfirmed one is deleted by itself."
)


def suspend(session: Session, person: int, *, by: int | None, reason: str) -> bool:
    """Suspend the account of a person; False: there is no such person. Raise AccountError.

    `by` None is a command on the server.
    """
    found = _locked(session, person)
    if found is None:
        return False
    if person == by:
        raise _error(ONESELF)
    if suspensions.in_force(person, session) is not None:
        raise _error(ALREADY_SUSPENDED)
    if found.confirmed_at is None or found.kind != PersonKind.ACCOUNT:
        raise _error(NO_ACCOUNT)
    _check_not_last_staff_admin(session, person)
    suspending.suspend(session, found, by=by, reason=reason)
    log_staff_action(session, staff=by, action=SUSPENDED, person=person, reason=reason)
    return True


def reinstate(session: Session, person: int, *, by: int | None, reason: str) -> bool:
    """Reinstate the account of a person; False: no such person. Raise AccountError."""
    found = _locked(session, person)
    if found is None:
        return False
    row = suspensions.in_force(person, session)
    if row is None:
        raise _error(NOT_SUSPENDED)
    suspending.reinstate(session, row, found, by=by, reason=reason)
    log_staff_action(session, staff=by, action=REINSTATED, person=person, reason=reason)
    return True


def _locked(session: Session, person: int) -> Person | None:
    """Return the person, locked against concurrent suspensions."""
    return session.get(Person, person, with_for_update=True)


def _check_not_last_staff_admin(session: Session, person: int) -> None:
    """Raise AccountError where `person` is the last staff admin."""
    query = select(StaffGrant.person).filter_by(
        permission=Permission.STAFF.value, ended_at=None
    )
    # Locked: of two admins who suspend each other at once, the second is refused.
    holders = session.scalars(query.order_by(StaffGrant.id).with_for_update()).all()
    others = queries.staff_admins().where(Person.id != person)
    if person in holders and session.scalar(others.limit(1)) is None:
        raise _error(LAST_STAFF_ADMIN)


def _error(message: LazyString) -> AccountError:
    return AccountError("reason", message)
