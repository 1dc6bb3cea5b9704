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
from neupusti.core.mail.outbox import Kind, To, post
from neupusti.core.records.journal import Act, Operation, StaffAction, act
from neupusti.core.security import throttle
from neupusti.core.text.languages import Language
from neupusti.staff import queries
from neupusti.staff.queries import OPENED

MANY = Kind(name="staff.many_people", label=_("Many people opened by one member of staff"))
SEARCHED = "people.searched"
SIGNED_OUT, WROTE = "people.signed_out", "people.confirmation_sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Who opens what for; `most` is how many people an hour are usual."""

    staff: int
    reason: str
    most: int


def searched(found: int, *, staff: int, reason: str) -> None:
    """Write down that people were searched for; never the words, which name people."""
    done = Act(
        staff=staff,
        action=SEARCHED,
        operation=Operation.RETRIEVAL,
        what=f"{found} found",
        reason=reason,
    )
    with writing() as session:
        act(session, done)


def opened(person: int, opening: Opening) -> bool:
    """Write down that a person's page is opened; False: there is no such person."""
    with writing() as session:
        if session.get(Person, person) is None:
            return False
        done = Act(
            staff=opening.staff,
            action=OPENED,
            operation=Operation.ACCESS,
            person=person,
            reason=opening.reason,
        )
        row = act(session, done)
        if (number := queries.people_this_hour(session, opening.staff)) > opening.most:
            _report(session, row, number)
    return True


def sign_out(person: int, *, staff: int, reason: str) -> bool:
    """End every session of a person; False: there is no such person."""
    with writing() as session:
        if session.get(Person, person) is None:
            return False
        sessions.end_all(session, person)
        act(session, Act(staff=staff, action=SIGNED_OUT, person=person, reason=reason))
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
        done = Act(
            staff=staff,
            action=WROTE,
            operation=Operation.USE,
            person=person,
            reason=reason,
        )
        act(session, done)
    return True


def _report(session: Session, row: StaffAction, number: int) -> None:
    """Write to everybody who looks after the staff, once an hour about each member."""
    hour = f"{row.at:%Y%m%d%H}"
    for reader in session.scalars(queries.keepers()):
        post(
            session,
            MANY,
            To(email=reader.email, language=Language(reader.language), person=reader.id),
            key=f"{MANY.name}:{row.staff}:{hour}:{reader.id}",
            values={"number": number, "staff": row.staff},
        )
