"""Confirm and cancel an order, wholly or in part."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from neupusti.catalog.models import MovementKind
from neupusti.catalog.service import stock
from neupusti.catalog.service.stock import Movement
from neupusti.core.data.database import writing
from neupusti.orders.models.order import OrderLine, OrderState, ShopOrder
from neupusti.orders.queries import details
from neupusti.orders.queries.details import Details
from neupusti.orders.service import emails, moves
from neupusti.orders.service.life import steps
from neupusti.orders.service.moves import Press, What


def confirm(press: Press) -> None:
    """Confirm a new order: staff have checked that it can be delivered."""
    with writing() as session:
        order = moves.begin(session, press)
        _decide(session, order, OrderState.CONFIRMED, press)
        emails.send(session, emails.CONFIRMED, order)


def cancel(press: Press, reason: str = "") -> None:
    """Cancel an order and put its goods back into stock.

    Only while no parcel has left; parcels that are packed are unpacked. A blocked order
    can be cancelled too. A buyer's press needs no reason.
    """
    with writing() as session, moves.own_act(session, press):
        order = moves.begin(session, press, though_frozen=True)
        cancel_all(session, order, press, reason)


def cancel_all(session: Session, order: ShopOrder, press: Press, reason: str) -> None:
    """Cancel `order`, which `moves.begin` has locked, in the open write transaction."""
    steps.unpack_all(session, details.of(session, order), press)
    _decide(session, order, OrderState.CANCELLED, press, reason)
    everything = details.of(session, order)
    pieces = {line.id: line.left for line in everything.lines}
    _put_back(session, everything, pieces, press)
    steps.settle(session, order)
    _tell(session, everything, pieces, whole=True)


def cancel_lines(press: Press, pieces: Mapping[int, int], reason: str = "") -> None:
    """Cancel pieces (line -> number) that are in no parcel; all of them: the order.

    The sums of the order stay as they were placed: what is due follows from the counters.
    """
    with writing() as session, moves.own_act(session, press):
        order = moves.begin(session, press, though_frozen=True)
        everything = details.of(session, order)
        move = OrderState(order.state), OrderState.CANCELLED
        moves.check(moves.DECISION, move, press.actor)
        wanted = {line.id: line.quantity - line.cancelled for line in everything.lines}
        if all(pieces.get(line, 0) == count for line, count in wanted.items()):
            cancel_all(session, order, press, reason)
            return
        _put_back(session, everything, pieces, press)
        moves.report(session, order, What.LINES, press.actor, reason=reason)
        steps.settle(session, order)
        _tell(session, everything, pieces, whole=False)


def _decide(
    session: Session, order: ShopOrder, to: OrderState, press: Press, reason: str = ""
) -> None:
    before = OrderState(order.state)
    moves.check(moves.DECISION, (before, to), press.actor)
    order.state = to.value
    moved = before.value, to.value
    moves.report(session, order, What.MOVED, press.actor, moved=moved, reason=reason)


def _put_back(
    session: Session, everything: Details, pieces: Mapping[int, int], press: Press
) -> None:
    """Count pieces of the lines as cancelled, and put them back into stock."""
    left = {line.id: everything.left_to_pack(line) for line in everything.lines}
    for line, count in steps.chosen(everything.lines, pieces, left):
        steps.count_up(session, line, "cancelled", count)
        stock.change(session, _movement(line, count, press))


def _movement(line: OrderLine, count: int, press: Press) -> Movement:
    by_buyer = moves.WHO[press.actor.kind] is not moves.Who.STAFF
    return Movement(
        product=line.product,
        delta=count,
        kind=MovementKind.CANCELLED,
        source=line.cancellation,
        staff=None if by_buyer else press.actor.number,
    )


def _tell(
    session: Session, everything: Details, pieces: Mapping[int, int], *, whole: bool
) -> None:
    order = everything.order
    values = emails.goods(order, everything.lines, pieces)
    emails.send(session, emails.CANCELLED, order, {**values, "whole": whole})
