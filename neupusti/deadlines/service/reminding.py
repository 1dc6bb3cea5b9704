"""Remind those who answer requests of what is due, and count what is open again."""

from datetime import datetime, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.deadlines import counting, register
from neupusti.core.deadlines.models import Deadline
from neupusti.core.mail.outbox import EmailType, Recipient, enqueue
from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from neupusti.deadlines.service import labels
from neupusti.staff import queries

REMINDER = EmailType(name="deadlines.reminder", label=_("What is due soon or is late"))
EVERY = timedelta(minutes=10)


def run() -> None:
    """Count what is open by the calendar of now, and remind of what is due."""
    with writing() as session:
        register.count_again(session)
        now = clock.now()
        due = [row for row in register.open_deadlines(session) if row.remind_at <= now]
        if due:
            _remind(session, due, now)


def _remind(session: Session, due: list[Deadline], now: datetime) -> None:
    """Write one e-mail about all of `due` to each holder of `privacy`.

    Where nobody holds it, to those who could give it to somebody.
    """
    days = register.calendar(session)
    for holder in _holders(session):
        enqueue(
            session,
            REMINDER,
            Recipient(
                email=holder.email, language=Language(holder.language), person=holder.id
            ),
            key=f"{REMINDER.name}:{now.isoformat()}:{holder.id}",
            values={"rows": due, "labels": labels.TERMS, "now": now},
        )
    for row in due:
        row.remind_at = counting.next_reminder(row.received_at, row.due, days, now)


def _holders(session: Session) -> list[Person]:
    found = session.scalars(queries.holders(Permission.PRIVACY)).all()
    return list(found or session.scalars(queries.holders(Permission.STAFF)))
