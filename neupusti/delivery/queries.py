"""Selects of the hand-over: the ledger, what waits, the history, and what must hold."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.delivery.models import (
    CourierVisit,
    Disclosure,
    DisclosureField,
    Field,
)
from neupusti.orders.models.fulfilment import Parcel, ParcelLine, ParcelState
from neupusti.orders.models.order import OrderState, ShopOrder
from neupusti.orders.models.recipient import KINDS, RecipientVersion
from neupusti.orders.queries import recipients
from neupusti.orders.queries.recipients import Known

MOST = 200
"""Parcels on one page of those that wait."""
OUT = frozenset({ParcelState.HANDED_OVER, ParcelState.ON_THE_WAY})
"""Where a parcel is while somebody carries it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the ledger."""

    disclosure: Disclosure
    recipient: RecipientVersion
    """As it was then."""
    fields: Sequence[Field]
    visits: int
    """How often the courier's link was opened or used."""
    last_visit: datetime | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A parcel that can be handed over."""

    parcel: Parcel
    order: ShopOrder
    pieces: int


def ledger(order: int) -> list[Entry]:
    """Return who learned what of an order, the oldest first."""
    rows = db.session.execute(
        select(Disclosure, RecipientVersion)
        .join(RecipientVersion, RecipientVersion.id == Disclosure.recipient)
        .where(Disclosure.order == order)
        .order_by(Disclosure.id)
    ).all()
    numbers = [row.id for row, _version in rows]
    fields: dict[int, set[Field]] = defaultdict(set)
    for one in db.session.scalars(
        select(DisclosureField).where(DisclosureField.disclosure.in_(numbers))
    ):
        fields[one.disclosure].add(Field(one.field))
    visits = {
        number: (count, last)
        for number, count, last in db.session.execute(
            select(CourierVisit.disclosure, func.count(), func.max(CourierVisit.at))
            .where(CourierVisit.disclosure.in_(numbers))
            .group_by(CourierVisit.disclosure)
        )
    }
    return [
        Entry(
            disclosure=row,
            recipient=version,
            fields=[field for field in Field if field in fields[row.id]],
            visits=visits.get(row.id, (0, None))[0],
            last_visit=visits.get(row.id, (0, None))[1],
        )
        for row, version in rows
    ]


def waiting(to: Known, number: str = "") -> list[Waiting]:
    """Return the packed parcels that a recipient may get, those of the oldest orders first.

    With the number of an order only its own, and with those that the recipient has.
    """
    methods = [method.value for method, kinds in KINDS.items() if to.kind in kinds]
    # Not grouped: what staff read is a view, which has no key for PostgreSQL to group by.
    pieces = select(func.sum(ParcelLine.quantity)).where(ParcelLine.parcel == Parcel.id)
    wanted = (
        select(Parcel, ShopOrder, pieces.scalar_subquery())
        .join(ShopOrder, ShopOrder.id == Parcel.order)
        .where(
            ShopOrder.delivery.in_(methods),
            ShopOrder.state == OrderState.CONFIRMED.value,
            ShopOrder.frozen_at.is_(None),
        )
        .order_by(ShopOrder.placed_at, Parcel.id)
        .limit(MOST)
    )
    packed = Parcel.state == ParcelState.PACKED.value
    if number:
        out = Parcel.state.in_([state.value for state in OUT])
        again = out & (Parcel.recipient == to.id)
        wanted = wanted.where(ShopOrder.number == number, packed | again)
    else:
        unlisted = Parcel.recipient.is_distinct_from(to.id)
        wanted = wanted.where(packed, unlisted)
    rows = db.session.execute(wanted)
    return [Waiting(parcel, order, int(pieces or 0)) for parcel, order, pieces in rows]


def suitable(order: ShopOrder) -> list[Known]:
    """Return the recipients to whom parcels of an order may go today."""
    now = clock.now()
    session = db.session()
    return [
        one
        for one in recipients.known(session)
        if one.holds_at(now) and recipients.named(session, order, one)
    ]


def history(recipient: int) -> list[RecipientVersion]:
    """Return every state of a recipient, the newest first."""
    rows = select(RecipientVersion).filter_by(recipient=recipient)
    return list(db.session.scalars(rows.order_by(RecipientVersion.id.desc())))


def count_ended() -> int:
    """Return how many active recipients have no contract in force."""
    now = clock.now()
    known = recipients.known(db.session())
    return sum(one.version.active and not one.holds_at(now) for one in known)


def entries(session: Session) -> Iterator[tuple[Disclosure, ShopOrder, Parcel, Known]]:
    """Yield every entry of the ledger with what it is about."""
    kinds = {one.id: one for one in recipients.known(session)}
    rows = session.execute(
        select(Disclosure, ShopOrder, Parcel, RecipientVersion)
        .join(ShopOrder, ShopOrder.id == Disclosure.order)
        .join(Parcel, Parcel.id == Disclosure.parcel)
        .join(RecipientVersion, RecipientVersion.id == Disclosure.recipient)
        .order_by(Disclosure.id)
    )
    for row, order, parcel, version in rows:
        to = kinds[version.recipient]
        yield row, order, parcel, Known(to.id, to.kind, version)


def without_entry(session: Session) -> list[tuple[str, int]]:
    """Return the parcels that have a recipient and no entry: (order's number, parcel)."""
    entry = select(Disclosure.id).where(Disclosure.parcel == Parcel.id).exists()
    rows = session.execute(
        select(ShopOrder.number, Parcel.id)
        .join(Parcel, Parcel.order == ShopOrder.id)
        .where(Parcel.recipient.is_not(None), ~entry)
        .order_by(Parcel.id)
    )
    return [(number, parcel) for number, parcel in rows]
