"""Reading what is written down about people: each time is itself written down."""

import re
from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import Select

from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.records.journal import (
    Operation,
    ProcessingEvent,
    StaffAction,
    StaffActionType,
    log_staff_action,
)

EXPORTED = 10_000
"""Rows an export holds at most: whoever needs more asks for a narrower stretch."""
COLUMNS = {
    StaffAction: (
        *("id", "at", "staff", "action", "operation", "person", "what", "reason", "chain"),
    ),
    ProcessingEvent: (
        *("id", "at", "actor_kind", "actor", "operation", "person", "what", "why"),
    ),
}
SECRET = re.compile(r"(?<![\w-])[\w-]{43}(?![\w-])", re.ASCII)
"""The token of a link, as `core.security.tokens` makes it."""
OPENED = StaffActionType("mail.opened", _("Opened a letter"))
TAKEN = StaffActionType("journal.exported", _("Exported a journal"))


class TooLongError(ValueError):
    """An export would hold more rows than one may take away at once."""


def export(
    wanted: Select[Any], *, staff: int, reason: str
) -> tuple[Iterable[str], list[list[object]]]:
    """Return heads and rows of a journal, and note who took them; raise TooLongError."""
    with writing() as session:
        found = list(session.scalars(wanted.limit(EXPORTED + 1)))
        if len(found) > EXPORTED:
            raise TooLongError
        columns = COLUMNS[wanted.column_descriptions[0]["entity"]]
        rows = [[getattr(row, name) for name in columns] for row in found]
        log_staff_action(
            session,
            staff=staff,
            action=TAKEN,
            operation=Operation.RETRIEVAL,
            what=f"{len(rows)} rows",
            reason=reason,
        )
    return columns, rows


def open_email(number: int, *, staff: int, reason: str) -> OutboxEmail | None:
    """Return a letter for reading, and note who read it and why; None: there is none."""
    with writing() as session:
        letter = session.get(OutboxEmail, number)
        if letter is None:
            return None
        log_staff_action(
            session,
            staff=staff,
            action=OPENED,
            operation=Operation.ACCESS,
            person=letter.person,
            what=f"letter {letter.id}: {letter.kind}",
            reason=reason,
        )
    return db.session.get(OutboxEmail, number)


def readable(letter: OutboxEmail) -> str:
    """Return the words of a letter; without the keys in it, if its reader got them.

    Whoever could read the link of a letter that went out could act as its reader. Where
    no mail server is set, this page is the only way a letter arrives at all.
    """
    kept = letter.state == OutboxState.KEPT.value
    return letter.text if kept else SECRET.sub("…", letter.text)
