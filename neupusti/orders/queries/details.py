"""All of one order, and the sums that its state is computed of."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from neupusti.core.data.database import db
from neupusti.orders.models.fulfilment import (
    WAITING,
    GoodsReturn,
    OrderEvent,
    Parcel,
    ParcelLine,
    ParcelState,
    PaymentEntry,
    ReturnLine,
)
from neupusti.orders.models.order import OrderLine, OrderState, ShopOrder
from neupusti.orders.models.states import Facts, Status, Word, status

ENDS = frozenset({Word.CANCELLED, Word.DELIVERED, Word.RETURNED})
"""The words of orders that may be at their end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Pieces and money of one order."""

    facts: Facts
    due: int
    """What it costs without what was cancelled or returned, in tenge."""
    paid: int
    """The sum of the entries of money."""

    @property
    def status(self) -> Status:
        """What people read."""
        return status(self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """All of one order but its address (`queries.address`)."""

    order: ShopOrder
    lines: Sequence[OrderLine]
    parcels: Sequence[tuple[Parcel, Mapping[int, int]]]
    """Each parcel with its pieces (line -> number), without those unpacked."""
    events: Sequence[OrderEvent]
    """The oldest first."""
    payments: Sequence[PaymentEntry]
    returns: Sequence[tuple[GoodsReturn, Sequence[ReturnLine]]]
    sums: Sums

    @property
    def status(self) -> Status:
        """What people read."""
        return self.sums.status

    def in_parcels(self, line: int, *states: ParcelState) -> int:
        """Return how many pieces of a line are in parcels, or in those of `states`."""
        return sum(
            pieces.get(line, 0)
            for parcel, pieces in self.parcels
            if not states or parcel.state in states
        )

    def left_to_pack(self, line: OrderLine) -> int:
        """Return how many pieces of a line are in no parcel, and can be cancelled too."""
        return line.quantity - line.cancelled - self.in_parcels(line.id)

    def is_kept(self, parcel: int) -> bool:
        """Return whether no piece of a delivered parcel came back, or is asked to."""
        pieces = next((inside for row, inside in self.parcels if row.id == parcel), {})
        return all(
            self.left_to_return(line) >= pieces.get(line.id, 0) for line in self.lines
        )

    def from_buyer(self, line: OrderLine) -> int:
        """Return how many delivered pieces of a line came back.

        What was refused at the door counts as returned, and was never delivered.
        """
        return line.returned - self.in_parcels(line.id, ParcelState.RETURNED)

    def left_to_return(self, line: OrderLine) -> int:
        """Return how many delivered pieces are neither returned nor asked for."""
        asked = sum(
            row.quantity
            for wish, rows in self.returns
            if wish.state in WAITING
            for row in rows
            if row.line == line.id
        )
        delivered = self.in_parcels(line.id, ParcelState.DELIVERED)
        return delivered - self.from_buyer(line) - asked


def by_number(number: str) -> Details | None:
    """Return all of an order by its number; the caller has checked the access."""
    order = db.session.scalar(select(ShopOrder).filter_by(number=number))
    return None if order is None else of(db.session(), order)


def of(session: Session, order: ShopOrder) -> Details:
    """Return all of `order`."""

    def rows(model: type[Any], by: Any) -> list[Any]:
        return list(session.scalars(select(model).filter_by(order=order.id).order_by(by)))

    pieces: dict[int, dict[int, int]] = defaultdict(dict)
    packed = select(ParcelLine).join(Parcel, Parcel.id == ParcelLine.parcel)
    for row in session.scalars(packed.where(Parcel.order == order.id)):
        pieces[row.parcel][row.line] = row.quantity
    asked: dict[int, list[ReturnLine]] = defaultdict(list)
    wished = select(ReturnLine).join(GoodsReturn, GoodsReturn.id == ReturnLine.goods_return)
    for line in session.scalars(wished.where(GoodsReturn.order == order.id)):
        asked[line.goods_return].append(line)
    parcels = [p for p in rows(Parcel, Parcel.id) if p.state != ParcelState.GONE]
    return Details(
        order=order,
        lines=rows(OrderLine, OrderLine.position),
        parcels=[(parcel, pieces[parcel.id]) for parcel in parcels],
        events=rows(OrderEvent, OrderEvent.seq),
        payments=rows(PaymentEntry, PaymentEntry.id),
        returns=[(wish, asked[wish.id]) for wish in rows(GoodsReturn, GoodsReturn.id)],
        sums=sums(session, [order])[order.id],
    )


def sums(session: Session, orders: Iterable[ShopOrder]) -> dict[int, Sums]:
    """Return pieces and money of each order; three queries."""
    found = {order.id: order for order in orders}
    wanted = OrderLine.quantity - OrderLine.cancelled
    kept = wanted - OrderLine.returned
    lines = session.execute(
        select(
            OrderLine.order,
            func.sum(wanted),
            func.sum(OrderLine.returned),
            func.sum(kept * OrderLine.unit_price),
        )
        .where(OrderLine.order.in_(found))
        .group_by(OrderLine.order)
    )
    goods = {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in lines}
    parcels: dict[int, list[tuple[ParcelState, int]]] = defaultdict(list)
    # Joined beside blocks, PostgreSQL would read the pieces of all parcels there are.
    pieces = select(func.sum(ParcelLine.quantity)).where(ParcelLine.parcel == Parcel.id)
    travelling = select(Parcel.order, Parcel.state, pieces.scalar_subquery()).where(
        Parcel.order.in_(found), Parcel.state != ParcelState.GONE.value
    )
    for row in session.execute(travelling):
        parcels[row[0]].append((ParcelState(row[1]), int(row[2])))
    entries = session.execute(
        select(PaymentEntry.order, func.sum(PaymentEntry.amount))
        .where(PaymentEntry.order.in_(found))
        .group_by(PaymentEntry.order)
    )
    paid = {row[0]: int(row[1]) for row in entries}
    return {
        number: _sums(order, goods[number], parcels[number], paid.get(number, 0))
        for number, order in found.items()
    }


def _sums(
    order: ShopOrder,
    goods: tuple[int, int, int],
    parcels: Sequence[tuple[ParcelState, int]],
    paid: int,
) -> Sums:
    pieces, returned, kept = goods
    due = kept + order.fee if pieces else 0
    facts = Facts(
        decision=OrderState(order.state),
        pieces=pieces,
        returned=returned,
        parcels=parcels,
        paid=0 < due <= paid,
    )
    return Sums(facts=facts, due=due, paid=paid)
