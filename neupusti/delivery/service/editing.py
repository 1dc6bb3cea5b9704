"""Recipients: add and change them, with a reason; every state stays in the history."""

from dataclasses import dataclass
from datetime import date

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.records.journal import StaffActionType, log_staff_action
from neupusti.core.text import countries
from neupusti.delivery.models import ALLOWED, Field
from neupusti.delivery.service import fields
from neupusti.delivery.service.errors import ChangedError, RecipientError
from neupusti.orders.models.recipient import Recipient, RecipientKind, RecipientVersion
from neupusti.orders.queries import recipients

CHANGED = StaffActionType("delivery.recipient", _("Added or changed a recipient"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What staff say of a recipient."""

    name_ru: str
    name_kk: str
    name_en: str
    country: str
    cross_border: bool
    contract: str
    contract_until: date | None
    fields: frozenset[Field]
    active: bool


def add(kind: RecipientKind, draft: Draft, *, staff: int, reason: str) -> int:
    """Store a new recipient; return its number. Raise RecipientError."""
    _check(kind, draft)
    with writing() as session:
        row = Recipient(kind=kind.value)
        session.add(row)
        session.flush()
        _store(session, row, draft, staff, reason)
        return row.id


def change(number: int, draft: Draft, *, opened: int, staff: int, reason: str) -> None:
    """Store a new version of a recipient; `opened` is the number of the one that was seen.

    Raise RecipientError, and ChangedError where another version came meanwhile.
    """
    with writing() as session:
        row = session.scalars(
            select(Recipient).filter_by(id=number).with_for_update()
        ).one()
        _check(RecipientKind(row.kind), draft)
        (present,) = (x for x in recipients.known(session) if x.id == number)
        if present.version.id != opened:
            raise ChangedError
        _store(session, row, draft, staff, reason)


def _check(kind: RecipientKind, draft: Draft) -> None:
    if more := fields.in_order(draft.fields - ALLOWED[kind]):
        named = ", ".join(str(fields.LABELS[one]) for one in more)
        raise RecipientError(
            "fields", _("This kind of recipient may never learn: %(fields)s.", fields=named)
        )
    if draft.active and kind.needs_contract and not draft.contract:
        raise RecipientError(
            "contract", _("A third party gets data only under a contract: name it.")
        )
    if draft.country != countries.HOME and not draft.cross_border:
        raise RecipientError(
            "cross_border", _("What goes to another country crosses the border: tick it.")
        )


def _store(session: Session, row: Recipient, draft: Draft, staff: int, reason: str) -> None:
    session.add(
        RecipientVersion(
            recipient=row.id,
            at=clock.now(),
            name_ru=draft.name_ru,
            name_kk=draft.name_kk,
            name_en=draft.name_en,
            country=draft.country,
            cross_border=draft.cross_border,
            contract=draft.contract,
            contract_until=draft.contract_until,
            fields=fields.written(draft.fields),
            active=draft.active,
            staff=staff,
            reason=reason,
        )
    )
    log_staff_action(
        session,
        staff=staff,
        action=CHANGED,
        what=f"recipient {row.id}: {row.kind}",
        reason=reason,
    )
