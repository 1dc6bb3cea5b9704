"""Reset a lost second factor: the recovery of last resort.

The operator runs it on the server after checking who asks. The password stays, the
sessions end, the owner is e-mailed, and a member of staff must set a new one up first.
"""

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.accounts.service import emails, factor_removal, sessions
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.accounts.service.suspending import NO_DEVICE
from neupusti.core import clock
from neupusti.core.records.journal import Operation, StaffActionType, log_staff_action

SECOND_FACTOR_RESET = StaffActionType(
    "people.factor_reset", _("Turned off two-step verification")
)
NO_SECOND_FACTOR = _("This account has no two-step verification. Nothing has changed.")


def reset(session: Session, person: int, *, by: int | None, reason: str) -> bool:
    """Destroy the second factor and codes of a person; False: there is no such person.

    `by` None is a command on the server. Raise AccountError.
    """
    found = session.get(Person, person, with_for_update=True)
    if found is None:
        return False
    link = emails.way_back(session, person, clock.now())
    if not factor_removal.remove(
        session, person, SecurityEventKind.SECOND_FACTOR_RESET, NO_DEVICE
    ):
        raise AccountError("email", NO_SECOND_FACTOR)
    sessions.end_all(session, person)
    emails.send(session, emails.SECOND_FACTOR_RESET, found, link)
    log_staff_action(
        session,
        staff=by,
        action=SECOND_FACTOR_RESET,
        operation=Operation.DESTRUCTION,
        person=person,
        reason=reason,
    )
    return True
