"""Suspend and reinstate an account: row, sessions, e-mail.

Who may do it, and to whom, is decided in `staff.service.suspending`.
"""

from sqlalchemy.orm import Session

from neupusti.accounts.models import AccountSuspension, Person
from neupusti.accounts.service import emails, sessions, suspensions
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.core import clock
from neupusti.core.records import journal
from neupusti.core.security import tokens

NO_DEVICE = ""
"""The device of events that are not caused by the owner of the account."""


def suspend(session: Session, person: Person, *, by: int | None, reason: str) -> None:
    """Suspend the account of `person` in the open write transaction; e-mail its owner.

    Ends every session, including remembered ones, and revokes every link but those that
    secure the account, which expire anyway and let nobody in.
    """
    row = AccountSuspension(person=person.id, at=clock.now(), by=by, reason=reason)
    session.add(row)
    session.flush()
    sessions.end_all(session, person.id)
    tokens.revoke(session, person.id, but=emails.ALL_SECURE)
    journal.log_security_event(session, person.id, SecurityEventKind.SUSPENDED, NO_DEVICE)
    emails.send(session, emails.SUSPENDED, person, suspensions.email_values(row))


def reinstate(
    session: Session, row: AccountSuspension, person: Person, *, by: int | None, reason: str
) -> None:
    """Reinstate the account of `person` with its previous password."""
    row.lifted_at, row.lifted_by, row.lifted_reason = clock.now(), by, reason
    session.flush()
    journal.log_security_event(session, person.id, SecurityEventKind.REINSTATED, NO_DEVICE)
    emails.send(session, emails.REINSTATED, person)
