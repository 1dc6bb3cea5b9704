"""Read an order field by field: all that leaves the site passes here (1.1.4, 5.2).

`Disclosed` is made here alone; the waybill, the table and the courier's page take nothing
else, and no other module above orders may import an address of delivery.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from neupusti.catalog.models import Product
from neupusti.core.data.classification import Purpose, classification
from neupusti.core.text import languages
from neupusti.delivery.models import Disclosure, DisclosureField, Field
from neupusti.delivery.service.errors import DisclosureError
from neupusti.delivery.service.fields import LABELS
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.fulfilment import Parcel, ParcelLine, ParcelState
from neupusti.orders.models.order import OrderLine, ShopOrder
from neupusti.orders.models.recipient import RecipientVersion
from neupusti.orders.queries import address, details

COLUMNS: Mapping[Field, Any] = {
    Field.NUMBER: ShopOrder.number,
    Field.FAMILY_NAME: ShopOrder.family_name,
    Field.FAMILY_INITIAL: ShopOrder.family_name,
    Field.GIVEN_NAME: ShopOrder.given_name,
    Field.PATRONYMIC: ShopOrder.patronymic,
    Field.PHONE: ShopOrder.phone,
    Field.PHONE_END: ShopOrder.phone_end,
    Field.STREET: OrderAddress.street,
    Field.HOUSE: OrderAddress.house,
    Field.FLAT: OrderAddress.flat,
    Field.CITY: OrderAddress.city,
    Field.REGION: OrderAddress.region,
    Field.POSTCODE: OrderAddress.postcode,
    Field.NOTE: ShopOrder.comment,
}
"""Where each field stands; sum and weight are computed."""
DONE_WITH = frozenset({Field.PHONE, Field.FLAT})
"""What a courier no longer sees once the parcel is delivered."""
DELIVERED = ParcelState.DELIVERED
NOT_KEPT = frozenset({ParcelState.REFUSED, ParcelState.RETURNED})
"""Parcels that the buyer did not take pay for nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosed:
    """What one recipient may see of one parcel, and nothing else."""

    entry: int
    """The number of the entry in the ledger."""
    parcel: int
    recipient: str
    """Its name, in the language of the request."""
    at: datetime
    values: Mapping[Field, str]
    """As they are stored: a phone in E.164, a region as its code, a sum in tenge."""

    def __getitem__(self, field: Field) -> str:
        """Return the value of a field; raise DisclosureError for one that is not of it."""
        if field not in self.values:
            raise DisclosureError(
                _("This recipient does not get this: %(field)s.", field=LABELS[field])
            )
        return self.values[field]


def read(
    session: Session,
    order: ShopOrder,
    parcel: Parcel,
    wanted: frozenset[Field],
    purpose: Purpose,
) -> dict[Field, str]:
    """Return the values of `wanted` that are not empty, in the order of the fields.

    Raise DisclosureError for a purpose that a field does not serve (6.2.1).
    """
    rows = {ShopOrder: order, OrderAddress: address.of(session, order.id)}
    found = {}
    for field in Field:
        if field in wanted:
            found[field] = _value(session, field, rows, parcel, purpose)
    return {field: value for field, value in found.items() if value}


def disclosed(
    entry: Disclosure, version: RecipientVersion, values: Mapping[Field, str]
) -> Disclosed:
    """Return `values` as what the recipient of an entry may see."""
    return Disclosed(
        entry=entry.id,
        parcel=entry.parcel,
        recipient=version.name(languages.current()),
        at=entry.at,
        values=MappingProxyType(dict(values)),
    )


def reread(
    session: Session, entry: Disclosure, order: ShopOrder, parcel: Parcel
) -> Disclosed:
    """Return what the recipient of an entry may see now: its fields, read again.

    Nothing is kept of an earlier reading, so what is destroyed is seen nowhere any more.
    """
    rows = session.scalars(select(DisclosureField.field).filter_by(disclosure=entry.id))
    wanted = frozenset(map(Field, rows))
    if parcel.state == ParcelState.DELIVERED:
        wanted -= DONE_WITH
    values = read(session, order, parcel, wanted, Purpose(entry.purpose))
    return disclosed(entry, session.get_one(RecipientVersion, entry.recipient), values)


def _value(
    session: Session,
    field: Field,
    rows: Mapping[Any, Any],
    parcel: Parcel,
    purpose: Purpose,
) -> str:
    if field is Field.WEIGHT:
        return _weight(session, parcel)
    if field is Field.COLLECT:
        return _to_collect(session, rows[ShopOrder], parcel)
    column = COLUMNS[field]
    mark = classification(column)
    if mark and mark.personal and purpose not in mark.purposes:
        raise DisclosureError(
            _("For this purpose nobody gets this: %(field)s.", field=LABELS[field])
        )
    text = str(getattr(rows[column.class_], column.key, None) or "")
    return f"{text[0]}." if text and field is Field.FAMILY_INITIAL else text


def _weight(session: Session, parcel: Parcel) -> str:
    """Return grams; empty where a product was deleted since."""
    lines = (
        select(func.sum(Product.weight_g * ParcelLine.quantity), func.count(Product.id))
        .select_from(ParcelLine)
        .join(OrderLine, OrderLine.id == ParcelLine.line)
        .outerjoin(Product, Product.id == OrderLine.product)
        .where(ParcelLine.parcel == parcel.id)
    )
    every = select(func.count()).where(ParcelLine.parcel == parcel.id)
    grams, weighed = session.execute(lines).one()
    return str(grams or "") if weighed == session.scalar(every) else ""


def _to_collect(session: Session, order: ShopOrder, parcel: Parcel) -> str:
    """Return what the courier of this parcel collects: its goods, the first also the fee.

    What is paid, and what came back from the buyer, is taken off the parcels that were
    delivered, then off the others by their numbers: together they ask for what is still to
    pay, and for none of it twice.
    """
    everything = details.of(session, order)
    prices = {line.id: line.unit_price for line in everything.lines}
    back = sum(x.unit_price * everything.from_buyer(x) for x in everything.lines)
    fee, settled, asked = order.fee, everything.sums.paid + back, {}
    kept = [pair for pair in everything.parcels if pair[0].state not in NOT_KEPT]
    totals = {}
    for one, inside in kept:
        totals[one.id] = fee + sum(prices[line] * count for line, count in inside.items())
        fee = 0
    for one, _inside in sorted(kept, key=lambda pair: pair[0].state != DELIVERED):
        asked[one.id] = max(0, totals[one.id] - max(0, settled))
        settled -= totals[one.id]
    return str(asked.get(parcel.id, 0) or "")
