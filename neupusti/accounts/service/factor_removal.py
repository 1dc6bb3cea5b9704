"""Remove a second factor, and restore what an intruder removed or set up."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from neupusti.accounts.models import (
    FormerSecondFactor,
    Person,
    RecoveryCode,
    SecondFactor,
    TotpApp,
)
from neupusti.accounts.service import emails, second_factor, sessions
from neupusti.accounts.service.events import SecurityEventKind
from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.records import journal


def switch_off(person: int, sign_in: int, device: str) -> None:
    """Switch the second factor off and destroy the recovery codes.

    Raise AccountError where session `sign_in` has ended.
    """
    with writing() as session:
        owner = session.get_one(Person, person, with_for_update=True)
        row = sessions.of(session, sign_in, person)
        remove(session, person, SecurityEventKind.SECOND_FACTOR_OFF, device)
        link = emails.way_back(session, person, sessions.began(session, row))
        emails.send(session, emails.SECOND_FACTOR_OFF, owner, link)


def remove(session: Session, person: int, event: SecurityEventKind, device: str) -> bool:
    """Remove the second factor and the codes of `person`; return whether one existed.

    The app is kept for as long as an e-mail may undo its removal (`restore`).
    """
    row = session.get(SecondFactor, person)
    if row is not None:
        session.add(FormerSecondFactor(removed_at=clock.now(), **_app_columns(row)))
    _delete(session, person)
    journal.log_security_event(session, person, event, device)
    return row is not None


def restore(session: Session, person: int, since: datetime, device: str) -> None:
    """Give `person` the app back that was in use before `since`, or none.

    The recovery codes are new in any case: an intruder may have read the old ones.
    """
    row = session.get(SecondFactor, person)
    if row is not None and (row.confirmed_at or row.created_at) >= since:
        _delete(session, person)
        event = SecurityEventKind.SECOND_FACTOR_OFF
        journal.log_security_event(session, person, event, device)
        row = None
    before = (
        select(FormerSecondFactor)
        .filter_by(person=person)
        .where(
            FormerSecondFactor.removed_at >= since, FormerSecondFactor.confirmed_at < since
        )
    )
    former = session.scalars(before).first()
    if row is None and former is not None:
        row = SecondFactor(**_app_columns(former))
        session.add(row)
        event = SecurityEventKind.SECOND_FACTOR_ON
        journal.log_security_event(session, person, event, device)
    if row is not None:
        second_factor.make_codes(session, person)


def _app_columns(row: TotpApp) -> dict[str, Any]:
    names = ("person", *TotpApp.__annotations__)
    return {name: getattr(row, name) for name in names}


def _delete(session: Session, person: int) -> None:
    for model in (RecoveryCode, SecondFactor):
        session.execute(delete(model).where(model.person == person))
