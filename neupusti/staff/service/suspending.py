"""Who may block which account, and opening it again; each time one act in the journal.

The account of whoever blocks and the last one that gives permissions stay open: a site
that nobody looks after could only be opened from the server.
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

BLOCKED = StaffActionType("people.blocked", _("Blocked an account"))
RELEASED = StaffActionType("people.released", _("Lifted the block of an account"))
ONESELF = _("You cannot block yourself: a colleague can.")
LAST = _(
    "This is the last open account that can give permissions. Give “Staff” to somebody "
    "else first."
)
ALREADY = _("This account is blocked already. Nothing has changed.")
NOT_BLOCKED = _("This account is not blocked. Nothing has changed.")
NO_ACCOUNT = _(
    "There is nothing to block: nobody has confirmed this e-mail for an account, and one "
    "that stays unconfirmed goes by itself."
)


def suspend(session: Session, person: int, *, by: int | None, reason: str) -> bool:
    """Block the account of a person; False: there is no such person. Raise Fault.

    `by` None is a command on the server.
    """
    found = _locked(session, person)
    if found is None:
        return False
    if person == by:
        raise _fault(ONESELF)
    if suspensions.in_force(person, session) is not None:
        raise _fault(ALREADY)
    if found.confirmed_at is None or found.kind != PersonKind.ACCOUNT:
        raise _fault(NO_ACCOUNT)
    _check_last(session, person)
    suspending.suspend(session, found, by=by, reason=reason)
    log_staff_action(session, staff=by, action=BLOCKED, person=person, reason=reason)
    return True


def reinstate(session: Session, person: int, *, by: int | None, reason: str) -> bool:
    """Lift the block of a person; False: there is no such person. Raise Fault."""
    found = _locked(session, person)
    if found is None:
        return False
    row = suspensions.in_force(person, session)
    if row is None:
        raise _fault(NOT_BLOCKED)
    suspending.lift(session, row, found, by=by, reason=reason)
    log_staff_action(session, staff=by, action=RELEASED, person=person, reason=reason)
    return True


def _locked(session: Session, person: int) -> Person | None:
    """Return the person; of two who block at once, one waits for the other."""
    return session.get(Person, person, with_for_update=True)


def _check_last(session: Session, person: int) -> None:
    """Raise Fault where nobody would be left who can give permissions."""
    wanted = select(StaffGrant.person).filter_by(
        permission=Permission.STAFF.value, ended_at=None
    )
    # Of two who block each other in the same moment, the second finds itself blocked.
    holders = session.scalars(wanted.order_by(StaffGrant.id).with_for_update()).all()
    others = queries.staff_admins().where(Person.id != person)
    if person in holders and session.scalar(others.limit(1)) is None:
        raise _fault(LAST)


def _fault(words: LazyString) -> AccountError:
    return AccountError("reason", words)
