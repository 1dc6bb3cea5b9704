"""The links of couriers: what one shows, when it ends, and what is pressed there.

A link is bound to its entry of the ledger. Whether it still works follows from what has
happened since, so nothing has to revoke it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.records.journal import Actor, ActorKind
from neupusti.core.security import tokens
from neupusti.core.security.tokens import Token, TokenError
from neupusti.delivery.models import Channel, CourierAction, CourierVisit, Disclosure
from neupusti.delivery.service import reading
from neupusti.delivery.service.errors import EndedError
from neupusti.delivery.service.reading import Disclosed
from neupusti.orders.models.fulfilment import OrderEvent, Parcel, ParcelState
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.service import moves
from neupusti.orders.service.life import parcels
from neupusti.orders.service.moves import Press, What

PURPOSE = "courier"
LIFE = timedelta(days=14)
AFTER_DELIVERY = timedelta(days=3)
MOVES: Mapping[CourierAction, ParcelState] = {
    CourierAction.TOOK: ParcelState.ON_THE_WAY,
    CourierAction.DELIVERED: ParcelState.DELIVERED,
    CourierAction.REFUSED: ParcelState.REFUSED,
}
"""Where each button brings the parcel."""
WITH_COURIER = frozenset(
    {
        ParcelState.HANDED_OVER,
        ParcelState.ON_THE_WAY,
        ParcelState.DELIVERED,
        ParcelState.REFUSED,
    }
)
BACK = (ParcelState.PACKED.value, ParcelState.GONE.value, ParcelState.RETURNED.value)
ACTOR = Actor(ActorKind.COURIER)


@dataclass(frozen=True, slots=True)
class Link:
    """A link that works."""

    entry: Disclosure
    order: ShopOrder
    parcel: Parcel
    ends_at: datetime

    @property
    def offered(self) -> list[CourierAction]:
        """What can be pressed: the moves that the table has for a courier."""
        before = ParcelState(self.parcel.state)
        return [
            deed
            for deed, to in MOVES.items()
            if moves.Who.COURIER in moves.JOURNEY.get((before, to), ())
        ]


def find(token: str, session: Session | None = None) -> Link:
    """Return the link of a token; raise EndedError.

    It ends 14 days after it was given or 3 days after the delivery, whichever is first, and
    at once when the parcel comes back, the address changes or a new link is given.
    """
    session = session or db.session()
    try:
        row = tokens.peek(PURPOSE, token)
    except TokenError:
        raise EndedError from None
    entry = session.get(Disclosure, row.target)
    if entry is None:
        raise EndedError
    parcel = session.get_one(Parcel, entry.parcel, populate_existing=True)
    link = Link(
        entry, session.get_one(ShopOrder, entry.order), parcel, _end_of(row, parcel)
    )
    is_out = ParcelState(parcel.state) in WITH_COURIER
    if not is_out or link.ends_at <= clock.now() or _is_overtaken(session, entry):
        raise EndedError
    return link


def opened(token: str) -> tuple[Link, Disclosed]:
    """Show what the link is for, and note that it was opened.

    Raise EndedError, and FrozenError for an order whose data are blocked (6.2.4).
    """
    with writing() as session:
        link = find(token, session)
        _refuse_blocked(link.order)
        session.add(_visit(link.entry, CourierAction.OPENED))
    link = find(token)
    # Not in the transaction of writing, which sees what is contested, too.
    seen = reading.reread(db.session(), link.entry, link.order, link.parcel)
    return link, seen


def pressed(token: str, deed: CourierAction) -> None:
    """Move the parcel as the courier says; the second press of a button changes nothing.

    Raise EndedError, FrozenError, and MoveError for what no table has.
    """
    to = MOVES[deed]
    with writing() as session:
        link = find(token, session)
        number = link.order.id
        version = session.scalar(
            select(ShopOrder.version).where(ShopOrder.id == number).with_for_update()
        )
        # Only now nobody else can move it.
        link = find(token, session)
        if link.parcel.state == to:
            return
        press = Press(number, version or 0, ACTOR)
        order = moves.begin(session, press)
        parcels.advance(session, order, press, link.parcel.id, to)
        session.add(_visit(link.entry, deed))


def _refuse_blocked(order: ShopOrder) -> None:
    if order.frozen_at is not None:
        raise moves.blocked()


def _end_of(row: Token, parcel: Parcel) -> datetime:
    if parcel.delivered_at is None:
        return row.expires_at
    return min(row.expires_at, parcel.delivered_at + AFTER_DELIVERY)


def _is_overtaken(session: Session, entry: Disclosure) -> bool:
    """Return whether since the entry the parcel came back, or its link was replaced."""
    later = (
        select(OrderEvent.id)
        .where(OrderEvent.order == entry.order, OrderEvent.seq > entry.seq)
        .where(
            or_(
                OrderEvent.what == What.ADDRESS.value,
                (OrderEvent.parcel == entry.parcel) & OrderEvent.moved_to.in_(BACK),
            )
        )
    )
    newer = select(Disclosure.id).where(
        Disclosure.parcel == entry.parcel,
        Disclosure.id > entry.id,
        Disclosure.channel == Channel.LINK.value,
    )
    return any(session.scalar(one.limit(1)) is not None for one in (later, newer))


def _visit(entry: Disclosure, deed: CourierAction) -> CourierVisit:
    return CourierVisit(disclosure=entry.id, at=clock.now(), deed=deed.value)
