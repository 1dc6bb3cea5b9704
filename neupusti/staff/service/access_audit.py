"""Log each access to a person's data, and report excessive access (1.1.1).

Staff admins are e-mailed about a member who opens unusually many people: two support
agents of a large shop copied its customers' data for weeks that way.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.accounts.service import limits, recovery, registration, sessions
from neupusti.core.blocking import blocks
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
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
from neupusti.staff.queries import FOUND, OPENED

MANY_PEOPLE = EmailType(
    name="staff.many_people",
    label=_("One member of staff opened the records of many people"),
)
SEARCHED = StaffActionType("people.searched", _("Searched for people"))
SIGNED_OUT = StaffActionType("people.signed_out", _("Ended a person's sessions"))
CONFIRMATION_SENT = StaffActionType(
    "people.confirmation_sent", _("Sent the confirmation once more")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonAccess:
    """An access by `staff`; `limit` is the hourly number that is not reported."""

    staff: int
    reason: str
    limit: int


def log_search(total: int, shown: Iterable[Person], access: PersonAccess) -> None:
    """Log a search for people without its query, which is personal.

    Whoever is shown with a name counts as seen, like a page that is opened.
    """
    with writing() as session:
        log_staff_action(
            session,
            staff=access.staff,
            action=SEARCHED,
            operation=Operation.RETRIEVAL,
            what=f"{total} found",
            reason=access.reason,
        )
        for person in shown:
            _log_seen(session, FOUND, person.id, access)


def log_access(person: int, access: PersonAccess) -> bool:
    """Log that a person's page is opened; False: there is no such person.

    Raise BlockedError.
    """
    with writing() as session:
        blocks.ensure_usable(session, Whose(person=person))
        if session.get(Person, person) is None:
            return False
        _log_seen(session, OPENED, person, access)
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


def resend_confirmation(person: int, *, staff: int, reason: str) -> bool:
    """Send the confirmation e-mail again; False: nothing to confirm.

    Raise TooManyError.
    """
    found = db.session.get(Person, person)
    if found is None or found.confirmed_at or not recovery.has_password(person):
        return False
    throttle.take((limits.STAFF_EMAIL, found.email_key))
    with writing() as session:
        registration.send_link(session, session.get_one(Person, person))
        log_staff_action(
            session,
            staff=staff,
            action=CONFIRMATION_SENT,
            operation=Operation.USE,
            person=person,
            reason=reason,
        )
    return True


def _log_seen(
    session: Session, action: StaffActionType, person: int, access: PersonAccess
) -> None:
    """Log that a person was seen; report it where they are too many within an hour."""
    row = log_staff_action(
        session,
        staff=access.staff,
        action=action,
        operation=Operation.ACCESS,
        person=person,
        reason=access.reason,
    )
    if (number := queries.people_this_hour(session, access.staff)) > access.limit:
        _report_excessive_access(session, row, number)


def _report_excessive_access(session: Session, row: StaffAction, number: int) -> None:
    """E-mail every staff admin, at most once an hour about each member."""
    hour = f"{row.at:%Y%m%d%H}"
    for admin in session.scalars(queries.staff_admins()):
        enqueue(
            session,
            MANY_PEOPLE,
            Recipient(
                email=admin.email, language=Language(admin.language), person=admin.id
            ),
            key=f"{MANY_PEOPLE.name}:{row.staff}:{hour}:{admin.id}",
            values={"number": number, "staff": row.staff},
        )
