"""Export journals and read e-mails; each access is logged."""

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select

from neupusti.admin import queries
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail, OutboxState, blanked
from neupusti.core.records.journal import (
    Operation,
    ProcessingEvent,
    StaffAction,
    StaffActionType,
    log_staff_action,
)

MAX_EXPORT_ROWS = 10_000
"""The most rows of an export; more need narrower dates."""
COLUMNS = {
    StaffAction: (
        *("id", "at", "staff", "action", "operation", "person", "what", "reason", "chain"),
    ),
    ProcessingEvent: (
        *("id", "at", "actor_kind", "actor", "operation", "person", "what", "why"),
    ),
}
EMAIL_OPENED = StaffActionType("mail.opened", _("Opened an e-mail"))
JOURNAL_EXPORTED = StaffActionType("journal.exported", _("Exported a journal"))


class TooManyRowsError(ValueError):
    """An export has more than `MAX_EXPORT_ROWS` rows."""


def export(
    query: Select[Any], *, staff: int, reason: str
) -> tuple[Iterable[str], list[list[object]]]:
    """Return the columns and rows of a journal, and log it; raise TooManyRowsError."""
    with writing() as session:
        found = list(session.scalars(query.limit(MAX_EXPORT_ROWS + 1)))
        if len(found) > MAX_EXPORT_ROWS:
            raise TooManyRowsError
        columns = COLUMNS[query.column_descriptions[0]["entity"]]
        rows = [[getattr(row, name) for name in columns] for row in found]
        log_staff_action(
            session,
            staff=staff,
            action=JOURNAL_EXPORTED,
            operation=Operation.RETRIEVAL,
            what=f"{len(rows)} rows",
            reason=reason,
        )
    return columns, rows


def open_email(number: int, *, staff: int, reason: str) -> OutboxEmail | None:
    """Return an e-mail, and log who read it and why; None: there is none."""
    with writing() as session:
        email = queries.email(session, number)
        if email is None:
            return None
        log_staff_action(
            session,
            staff=staff,
            action=EMAIL_OPENED,
            operation=Operation.ACCESS,
            person=email.person,
            what=f"email {email.id}: {email.kind}",
            reason=reason,
        )
    return db.session.get(OutboxEmail, number)


def readable_text(email: OutboxEmail) -> str:
    """Return the text of an e-mail, without its secrets if it was sent.

    They would let staff act as the recipient. Without a mail server this page is the
    only way to deliver it, so the text stays complete.
    """
    undelivered = email.state == OutboxState.KEPT.value
    return email.text if undelivered else blanked(email.text)
