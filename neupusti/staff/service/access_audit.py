"""Opening what is known of a person: written down each time, and watched (1.1.1).

Whoever opens unusually many people is reported to all who look after the staff: that is
how two support agents of a large shop took the data of its customers for weeks.
"""

from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.accounts.service import limits, recovery, registration, sessions
from neupusti.core.data.database import db, writing
from neupusti.core.mail.outbox import EmailType, Recipient, enqueue
from neupusti.core.records.journal import (
    Operation,
    StaffAction,
    StaffActionType,
    log_staff_action,
)
from neupusti.core.security import throttle
from neupusti.core.text.languages import Language
from neupusti.staff import queries
from neupusti.staff.queries import OPENED

MANY = EmailType(
    name="staff.many_people", label=_("Many people opened by one member of staff")
)
SEARCHED = StaffActionType("people.searched", _("Searched for people"))
SIGNED_OUT = StaffActionType("people.signed_out", _("Ended a person's sessions"))
WROTE = StaffActionType("people.confirmation_sent", _("Sent the confirmation once more"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAccess:
    """Who opens what for; `most` is how many people an hour are usual."""

    staff: int
    reason: str
    most: int


def searched(found: int, *, staff: int, reason: str) -> None:
    """Write down that people were searched for; never the words, which name people."""
    with writing() as session:
        log_staff_action(
            session,
            staff=staff,
            action=SEARCHED,
            operation=Operation.RETRIEVAL,
            what=f"{found} found",
            reason=reason,
        )


def log_access(person: int, opening: PersonAccess) -> bool:
    """Write down that a person's page is opened; False: there is no such person."""
    with writing() as session:
        if session.get(Person, person) is None:
            return False
        row = log_staff_action(
            session,
            staff=opening.staff,
            action=OPENED,
            operation=Operation.ACCESS,
            person=person,
            reason=opening.reason,
        )
        if (number := queries.people_this_hour(session, opening.staff)) > opening.most:
            _report(session, row, number)
    return True


def sign_out(person: int, *, staff: int, reason: str) -> bool:
    """End every session of a person; False: there is no such person."""
    with writing() as session:
        if session.get(Person, person) is None:
            return False
        sessions.end_all(session, person)
        log_staff_action(
            session, staff=staff, action=SIGNED_OUT, person=person, reason=reason
        )
    return True


def write_again(person: int, *, staff: int, reason: str) -> bool:
    """Send the letter that confirms an address once more; False: nothing to confirm.

    Raise TooManyError where it was sent too often.
    """
    waiting = db.session.get(Person, person)
    if waiting is None or waiting.confirmed_at or not recovery.has_password(person):
        return False
    throttle.take((limits.CONFIRM_LETTER, waiting.email_key))
    with writing() as session:
        registration.send_link(session, session.get_one(Person, person))
        log_staff_action(
            session,
            staff=staff,
            action=WROTE,
            operation=Operation.USE,
            person=person,
            reason=reason,
        )
    return True


def _report(session: Session, row: StaffAction, number: int) -> None:
    """Write to everybody who looks after the staff, once an hour about each member."""
    hour = f"{row.at:%Y%m%d%H}"
    for reader in session.scalars(queries.staff_admins()):
        enqueue(
            session,
            MANY,
            Recipient(
                email=reader.email, language=Language(reader.language), person=reader.id
            ),
            key=f"{MANY.name}:{row.staff}:{hour}:{reader.id}",
            values={"number": number, "staff": row.staff},
        )
