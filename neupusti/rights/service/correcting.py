"""Contest a value, and set it right once staff agree (6.1.2, 6.1.3).

What people can change themselves is not listed here: their profile, their e-mail, the
address of an open order. Recipients who got the old value are noted, to be told (5.2).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Select, select
from sqlalchemy import Table as SqlTable
from sqlalchemy.orm import Session

from neupusti.contact.models import ContactRequest
from neupusti.core import clock
from neupusti.core.blocking import blocks
from neupusti.core.blocking.blocks import OneField
from neupusti.core.blocking.conditions import CONTESTABLE
from neupusti.core.blocking.models import Cause, Result
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, insert, writing
from neupusti.core.data.finding import Whose
from neupusti.core.data.reading import reading
from neupusti.core.records import journal
from neupusti.core.records.journal import Actor, Operation, ProcessingRecord
from neupusti.core.security import throttle
from neupusti.core.security.throttle import RateLimit
from neupusti.delivery.models import Disclosure, DisclosureField, Field
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service.errors import NoOrderError
from neupusti.orders.service.life import correcting
from neupusti.rights.models import (
    Correction,
    DataRequest,
    RecipientNotice,
    RequestKind,
)
from neupusti.rights.service import requests
from neupusti.rights.service.errors import (
    ASKED_BEFORE,
    NOT_LISTED,
    ROW_GONE,
    RightsError,
)
from neupusti.rights.service.requests import HOUR, Asker

Table = type[ShopOrder] | type[ContactRequest]
FIELDS: Mapping[Table, tuple[str, ...]] = {
    ShopOrder: correcting.FIELDS,
    ContactRequest: cast("SqlTable", ContactRequest.__table__).info[CONTESTABLE],
}
TABLES: Mapping[str, Table] = {table.__tablename__: table for table in FIELDS}
HANDED: Mapping[str, tuple[Field, ...]] = {
    "family_name": (Field.FAMILY_NAME, Field.FAMILY_INITIAL),
    "given_name": (Field.GIVEN_NAME,),
    "patronymic": (Field.PATRONYMIC,),
    "phone": (Field.PHONE, Field.PHONE_END),
}
"""Column of an order -> what a recipient learns of it."""
MOST = 50
"""Rows of one table that are offered, the newest first."""
OTHER = ""
"""The choice of a value that is not in the list: staff read the words."""
CONTESTS = RateLimit("rights correction", 20, HOUR, HOUR)


@dataclass(frozen=True, slots=True)
class Value:
    """One value that can be contested."""

    table: str
    row: int
    field: str
    number: str
    """The public number of its row."""
    now: str

    @property
    def key(self) -> str:
        """What a form sends for it."""
        return f"{self.table}:{self.row}:{self.field}"


def values(whose: Whose) -> Iterator[Value]:
    """Yield what a person may contest: values of rows that are their own."""
    kept = ShopOrder.identity_ended_at.is_(None)
    found = (
        *db.session.scalars(_newest(ShopOrder, whose).where(kept)),
        *db.session.scalars(_newest(ContactRequest, whose)),
    )
    for row in found:
        for field in FIELDS[type(row)]:
            now = getattr(row, field) or ""
            yield Value(row.__tablename__, row.id, field, row.number, now)


def contest(asker: Asker, value: Value | None, proposed: str, about: str) -> DataRequest:
    """Say that a value is wrong; without one of the list, say it in words.

    Raise RightsError where it is contested already, and TooManyError.
    """
    throttle.take((CONTESTS, asker.name))
    if value is None:
        about = "\n\n".join(filter(None, (about, proposed)))
    with writing() as session:
        given = requests.values_of(asker, RequestKind.CORRECT)
        opened = requests.open_request(session, asker.actor, **given, about=about)
        if opened is None:
            raise RightsError(NOT_LISTED)
        if value is not None:
            if not _insert(session, opened[0].id, value, proposed):
                raise RightsError(ASKED_BEFORE)
            field = OneField(value.table, value.row, value.field)
            blocks.open_block(
                session,
                asker.whose,
                by=Cause.PERSON,
                request=opened[0].number,
                field=field,
            )
        return opened[0]


def of_request(request: int) -> Correction | None:
    """Return the value that a request is about; None: it is told in words."""
    return db.session.scalar(select(Correction).filter_by(request=request))


def present(correction: Correction) -> str:
    """Return the value as it is now; empty where its row is gone."""
    # As the check must, it reads the value that nobody else may use.
    with reading(in_use=False):
        row = db.session.get(TABLES[correction.model], correction.row)
    return str(getattr(row, correction.field) or "") if row else ""


def decide(
    session: Session, request: DataRequest, actor: Actor, *, right: bool, reason: str
) -> None:
    """Set the value or leave it; what was proposed is destroyed. Raise RightsError."""
    found = session.scalar(
        select(Correction).filter_by(request=request.id).with_for_update()
    )
    if found is None or found.decided_at is not None:
        return
    if (block := blocks.of_request(session, request.number)) is not None:
        outcome = Result.CORRECTED if right else Result.UNFOUNDED
        blocks.lift(session, block, outcome=outcome, by=actor.number)
    if right:
        _set(session, request, found, actor, reason)
    found.decided_at, found.proposed = clock.now(), None


def _newest(table: Table, whose: Whose) -> Select[Any]:
    rows = select(table).order_by(table.id.desc()).limit(MOST)
    if whose.person is not None:
        return rows.where(table.person == whose.person)
    return rows.where(table.person.is_(None), table.email_key == whose.email_key)


def _insert(session: Session, request: int, value: Value, proposed: str) -> bool:
    new = insert(session, Correction).on_conflict_do_nothing().returning(Correction.id)
    row = {
        "request": request,
        "model": value.table,
        "row": value.row,
        "field": value.field,
        "proposed": proposed,
    }
    return session.scalar(new, row) is not None


def _set(
    session: Session, request: DataRequest, found: Correction, actor: Actor, reason: str
) -> None:
    change = {found.field: found.proposed or ""}
    if found.model == ShopOrder.__tablename__:
        try:
            correcting.correct(session, found.row, change, actor, reason)
        except NoOrderError:
            raise RightsError(ROW_GONE) from None
        _note_recipients(session, request.id, found)
        return
    row = session.get(TABLES[found.model], found.row)
    if row is None:
        raise RightsError(ROW_GONE)
    setattr(row, found.field, found.proposed)
    record = ProcessingRecord(
        operation=Operation.ALTERATION,
        what=f"{found.model}.{found.field}",
        why=Purpose.FEEDBACK,
        person=request.person,
        actor=actor,
    )
    journal.log_processing(session, record)


def _note_recipients(session: Session, request: int, found: Correction) -> None:
    """Note each hand-over in which the old value was."""
    got = select(DisclosureField.disclosure).where(
        DisclosureField.field.in_([field.value for field in HANDED[found.field]])
    )
    handed = select(Disclosure.id).where(
        Disclosure.order == found.row, Disclosure.id.in_(got)
    )
    session.add_all(
        RecipientNotice(request=request, disclosure=number)
        for number in session.scalars(handed)
    )
