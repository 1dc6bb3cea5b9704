"""What several moves share: the state of an order as a whole, and its pieces."""

from collections.abc import Iterable, Mapping

from flask_babel import lazy_gettext as _
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.orders.models.fulfilment import Parcel, ParcelState
from neupusti.orders.models.order import OrderLine, ShopOrder
from neupusti.orders.queries import details
from neupusti.orders.queries.details import Details
from neupusti.orders.service import moves
from neupusti.orders.service.errors import MoveError
from neupusti.orders.service.moves import Press

NOT_LEFT = frozenset({ParcelState.PACKED, ParcelState.GONE})
TOO_MANY = _("That is more than there is of it.")
LEFT = _("A parcel of this order has left already.")
REASON = _("Say why.")


def settle(session: Session, order: ShopOrder) -> None:
    """Set or clear the moment when nothing was left to do, after a move.

    What is paid, or at its end, has no clock any more: fewer pieces may be paid as well.
    """
    session.flush()
    sums = details.sums(session, [order])[order.id]
    status = sums.status
    ended = status.word in details.ENDS and not status.partly
    if not ended:
        order.ended_at = None
    elif order.ended_at is None:
        order.ended_at = clock.now()
    if ended or sums.facts.paid:
        order.due_at = None
    session.flush()


def chosen(
    lines: Iterable[OrderLine], pieces: Mapping[int, int], left: Mapping[int, int]
) -> list[tuple[OrderLine, int]]:
    """Return the lines with the pieces chosen of them, in the order of their products.

    `left`: how many there are of each line at most. Raise MoveError.
    """
    found = {line.id: line for line in lines}
    wanted = {number: count for number, count in pieces.items() if count}
    if not wanted:
        raise MoveError(_("Choose at least one piece."))
    if any(not 0 < count <= left.get(number, 0) for number, count in wanted.items()):
        raise MoveError(TOO_MANY)
    rows = [(found[number], count) for number, count in wanted.items()]
    return sorted(rows, key=lambda row: (row[0].product, row[0].id))


def unpack_all(session: Session, everything: Details, press: Press) -> None:
    """Unpack the parcels of an order; raise MoveError where one has left."""
    for parcel, _pieces in everything.parcels:
        if parcel.state not in NOT_LEFT:
            raise MoveError(LEFT)
        set_state(session, parcel, ParcelState.GONE, press)


def set_state(
    session: Session, parcel: Parcel, to: ParcelState, press: Press
) -> ParcelState:
    """Move a parcel by the table of journeys; return where it was. Raise MoveError."""
    before = ParcelState(parcel.state)
    moves.check(moves.JOURNEY, (before, to), press.actor)
    parcel.state, parcel.version = to.value, parcel.version + 1
    if to is ParcelState.DELIVERED:
        parcel.delivered_at = clock.now()
    elif before is ParcelState.DELIVERED:
        parcel.delivered_at = None
    session.flush()
    return before


def count_up(session: Session, line: OrderLine, column: str, pieces: int) -> None:
    """Raise a counter of a line: `cancelled` or `returned`.

    Raise MoveError where it would count more pieces than were bought.
    """
    counter = getattr(OrderLine, column)
    raised = (
        update(OrderLine)
        .where(
            OrderLine.id == line.id,
            OrderLine.cancelled + OrderLine.returned + pieces <= OrderLine.quantity,
        )
        .values({column: counter + pieces})
        .returning(counter)
    )
    if session.scalar(raised) is None:
        raise MoveError(TOO_MANY)
    session.refresh(line)


def parcel_of(session: Session, order: ShopOrder, number: int) -> Parcel:
    """Return a parcel of `order`; raise MoveError for one of another order."""
    found: Parcel | None = session.scalar(
        select(Parcel).filter_by(id=number, order=order.id)
    )
    if found is None:
        raise MoveError(moves.NO_MOVE)
    return found


def with_reason(reason: str) -> str:
    """Return the reason without spaces around it; raise MoveError for an empty one."""
    if not reason.strip():
        raise MoveError(REASON)
    return reason.strip()
