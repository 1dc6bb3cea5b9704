"""Taking a second factor away from whoever lost it: the way back of last resort.

The operator does it on the server, having made sure who asks. The password stays, the
sessions end, the owner is told, and a member of staff sets a new factor up before anything
else.
"""

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.accounts.service import emails, second_factor, sessions
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.accounts.service.suspending import NO_DEVICE
from neupusti.core.records.journal import Operation, StaffActionType, log_staff_action

RESET = StaffActionType("people.factor_reset", _("Took a second factor away"))
NO_FACTOR = _("This account has no second step. Nothing has changed.")


def reset(session: Session, person: int, *, by: int | None, reason: str) -> bool:
    """Destroy the factor and the codes of a person; False: there is no such person.

    `by` None is a command on the server. Raise Fault.
    """
    found = session.get(Person, person, with_for_update=True)
    if found is None:
        return False
    if not second_factor.take_away(
        session, person, SecurityEventKind.FACTOR_RESET, NO_DEVICE
    ):
        raise AccountError("email", NO_FACTOR)
    sessions.end_all(session, person)
    emails.tell(session, emails.FACTOR_RESET, found)
    log_staff_action(
        session,
        staff=by,
        action=RESET,
        operation=Operation.DESTRUCTION,
        person=person,
        reason=reason,
    )
    return True
