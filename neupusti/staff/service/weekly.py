"""E-mail the findings of the access log once a week to whoever holds `statistics`."""

from datetime import date, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.mail.outbox import EmailType, Recipient, enqueue
from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from neupusti.staff import queries
from neupusti.statistics.queries.period import Period
from neupusti.statistics.views import findings

FINDINGS = EmailType(name="staff.findings", label=_("What the access log showed last week"))
EVERY = timedelta(hours=1)
MOST = 10
"""Findings in an e-mail: the gravest."""


def run() -> None:
    """E-mail each holder the findings of the last whole week, unless there are none."""
    monday = _monday()
    week = Period(monday - timedelta(days=7), monday - timedelta(days=1))
    missing = [one for one in _holders() if not _is_written(_key(monday, one.id))]
    if not missing or not (lines := findings.worst(week, MOST)):
        return
    with writing() as session:
        for holder in missing:
            _write(session, holder, week, lines)


def _monday() -> date:
    today = clock.today()
    return today - timedelta(days=today.weekday())


def _holders() -> list[Person]:
    return list(db.session.scalars(queries.holders(Permission.STATISTICS)))


def _key(monday: date, person: int) -> str:
    return f"{FINDINGS.name}:{monday.isoformat()}:{person}"


def _is_written(key: str) -> bool:
    there = select(OutboxEmail.id).where(OutboxEmail.key == key)
    return db.session.scalar(there) is not None


def _write(
    session: Session, holder: Person, week: Period, lines: list[findings.FindingLine]
) -> None:
    enqueue(
        session,
        FINDINGS,
        Recipient(email=holder.email, language=Language(holder.language), person=holder.id),
        key=_key(_monday(), holder.id),
        values={"week": week, "lines": lines},
    )
