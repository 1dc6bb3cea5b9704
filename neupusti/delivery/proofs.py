"""Proofs about the hand-over: who learned what, and whether anybody learned more."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, exists, literal, or_, select, tuple_
from sqlalchemy.orm import aliased

from neupusti.core.data.classification import Purpose
from neupusti.core.proofs import triggers
from neupusti.core.proofs.proof import EARLIER, LATER, AnyProof, Check, Looking, Proof
from neupusti.core.records.chain import BATCH
from neupusti.core.records.consents import FormConsent
from neupusti.delivery.models import (
    ALLOWED,
    CourierAction,
    CourierVisit,
    Disclosure,
    DisclosureField,
    Field,
)
from neupusti.delivery.service import links
from neupusti.orders.models.fulfilment import Parcel
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.models.recipient import Recipient, RecipientKind, RecipientVersion

ALLOWED_CODES = [
    (kind.value, field.value) for kind, fields in ALLOWED.items() for field in fields
]
WITHOUT_CONTRACT = [kind.value for kind in RecipientKind if not kind.needs_contract]
_withdrawal = aliased(FormConsent)
_FIELDS = (
    select(
        DisclosureField.field,
        Recipient.kind,
        literal(",").concat(RecipientVersion.fields).concat(",").label("listed"),
    )
    .join(Disclosure, Disclosure.id == DisclosureField.disclosure)
    .join(RecipientVersion, RecipientVersion.id == Disclosure.recipient)
    .join(Recipient, Recipient.id == RecipientVersion.recipient)
    .subquery()
)
_ENTRIES = (
    select(
        Disclosure.at,
        Disclosure.purpose,
        FormConsent.purpose.label("agreed_to"),
        _withdrawal.at.label("withdrawn_at"),
        Recipient.kind,
        RecipientVersion.active,
        RecipientVersion.contract,
    )
    .join(ShopOrder, ShopOrder.id == Disclosure.order)
    .join(FormConsent, FormConsent.id == ShopOrder.consent)
    .outerjoin(_withdrawal, _withdrawal.ends == FormConsent.id)
    .join(RecipientVersion, RecipientVersion.id == Disclosure.recipient)
    .join(Recipient, Recipient.id == RecipientVersion.recipient)
    .subquery()
)
_PARCELS = (
    select(Parcel.id, exists().where(Disclosure.parcel == Parcel.id).label("entered"))
    .where(Parcel.recipient.is_not(None))
    .subquery()
)
_AGREED = {"purpose": Purpose.IDENTIFICATION, "agreed_to": Purpose.IDENTIFICATION}
_COURIER = RecipientKind.OWN_COURIER.value


class Visit(NamedTuple):
    """When a courier's link showed a parcel, and when that had been delivered."""

    at: datetime
    delivered_at: datetime | None


def _visits(looking: Looking) -> Iterator[Visit]:
    rows = (
        select(CourierVisit.at, Parcel.delivered_at)
        .join(Disclosure, Disclosure.id == CourierVisit.disclosure)
        .join(Parcel, Parcel.id == Disclosure.parcel)
        .where(CourierVisit.deed == CourierAction.OPENED.value)
    )
    for row in looking.main.execute(rows.execution_options(yield_per=BATCH)):
        yield Visit(*row)


def _is_late(visit: Visit) -> bool:
    delivered = visit.delivered_at
    return delivered is not None and visit.at >= delivered + links.AFTER_DELIVERY


ALL: tuple[AnyProof, ...] = (
    Proof(
        clauses=("1.1.4", "5.2"),
        name="fields-on-the-list",
        says=_("No recipient got a field that is not on its list."),
        rows=_FIELDS,
        wrong=lambda rows: or_(
            tuple_(rows.c.kind, rows.c.field).not_in(ALLOWED_CODES),
            rows.c.listed.not_like(literal("%,").concat(rows.c.field).concat(",%")),
        ),
        forged={"kind": _COURIER, "field": Field.PATRONYMIC, "listed": ",patronymic,"},
        right={"kind": _COURIER, "field": Field.PHONE, "listed": ",number,phone,"},
        secrecy=True,
    ),
    Proof(
        clauses=("5.2", "6.2.2"),
        name="handed-for-the-order",
        says=_("Data were handed over for the purpose the buyer agreed to, and no other."),
        rows=_ENTRIES,
        wrong=lambda rows: or_(
            rows.c.purpose != rows.c.agreed_to, rows.c.withdrawn_at < rows.c.at
        ),
        forged={**_AGREED, "at": LATER, "withdrawn_at": EARLIER},
        right={**_AGREED, "at": LATER},
        secrecy=True,
    ),
    Proof(
        clauses=("5.2",),
        name="handed-under-contract",
        says=_("Nobody got data who was not active, or whom no contract bound to secrecy."),
        rows=_ENTRIES,
        wrong=lambda rows: or_(
            rows.c.active.is_(False),
            and_(rows.c.kind.not_in(WITHOUT_CONTRACT), rows.c.contract == ""),
        ),
        forged={"kind": RecipientKind.CDEK, "contract": ""},
        right={"kind": _COURIER, "active": True, "contract": ""},
        secrecy=True,
    ),
    Proof(
        clauses=("5.2",),
        name="hand-overs-entered",
        says=_("Each parcel that somebody carries has its entry in the ledger."),
        rows=_PARCELS,
        wrong=lambda rows: rows.c.entered.is_(False),
        forged={"entered": False},
        right={"entered": True},
        secrecy=True,
    ),
    Check(
        clauses=("5.2", "6.2.2"),
        name="links-of-couriers-end",
        says=_("No courier’s link showed a parcel 3 days after it was delivered."),
        items=_visits,
        wrong=_is_late,
        forged=lambda: Visit(EARLIER + links.AFTER_DELIVERY, EARLIER),
        right=lambda: Visit(LATER, EARLIER),
        secrecy=True,
    ),
    triggers.kept_check(
        ("disclosure", "disclosure_field", "recipient_version"),
        clauses=("5.2",),
        name="ledger-kept",
        says=_("The database itself refuses to change the ledger of hand-overs."),
    ),
)
