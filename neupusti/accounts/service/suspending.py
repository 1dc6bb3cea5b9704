"""Blocking an account and lifting the block: a row, an end of every session, a letter.

Who may do it, and to whom, is the business of the staff room.
"""

from sqlalchemy.orm import Session

from neupusti.accounts.models import AccountSuspension, Person
from neupusti.accounts.service import emails, sessions, suspensions
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.core import clock
from neupusti.core.records import journal
from neupusti.core.security import tokens

NO_DEVICE = ""
"""What is done to an account by others is done on no device of its owner."""


def suspend(session: Session, person: Person, *, by: int | None, reason: str) -> None:
    """Close the account of `person` in the open write transaction, and tell its owner.

    Nobody is in any more: not by a copied cookie, a lasting one or a link that was sent.
    """
    row = AccountSuspension(person=person.id, at=clock.now(), by=by, reason=reason)
    session.add(row)
    session.flush()
    sessions.end_all(session, person.id)
    tokens.revoke(session, person.id)
    journal.log_security_event(session, person.id, SecurityEventKind.BLOCKED, NO_DEVICE)
    emails.tell(session, emails.BLOCKED, person, suspensions.told(row))


def lift(
    session: Session, row: AccountSuspension, person: Person, *, by: int | None, reason: str
) -> None:
    """Open the account of `person` again: with the password it had."""
    row.lifted_at, row.lifted_by, row.lifted_reason = clock.now(), by, reason
    session.flush()
    journal.log_security_event(session, person.id, SecurityEventKind.UNBLOCKED, NO_DEVICE)
    emails.tell(session, emails.UNBLOCKED, person)
