"""Which moves the board offers: those that the tables have for staff, and no other."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from neupusti.core import clock
from neupusti.orders.models.fulfilment import Parcel, ParcelState
from neupusti.orders.models.order import Delivery, OrderState
from neupusti.orders.queries.details import Details
from neupusti.orders.service.life import steps
from neupusti.orders.service.life.parcels import BY_HAND, MISTAKE
from neupusti.orders.service.moves import DECISION, JOURNEY, Who

MOVES: Mapping[tuple[ParcelState, ParcelState], LazyString] = {
    (ParcelState.HANDED_OVER, ParcelState.PACKED): _("Brought back before leaving"),
    (ParcelState.HANDED_OVER, ParcelState.ON_THE_WAY): _("It is on the way"),
    (ParcelState.HANDED_OVER, ParcelState.DELIVERED): _("It is delivered"),
    (ParcelState.HANDED_OVER, ParcelState.REFUSED): _("Refused, or nobody answered"),
    (ParcelState.ON_THE_WAY, ParcelState.DELIVERED): _("It is delivered"),
    (ParcelState.ON_THE_WAY, ParcelState.REFUSED): _("Refused, or nobody answered"),
    (ParcelState.REFUSED, ParcelState.ON_THE_WAY): _("It is on the way again"),
    (ParcelState.DELIVERED, ParcelState.ON_THE_WAY): _("Not delivered: pressed by mistake"),
}
"""The buttons of the moves by hand; the hand-over has a page, and a pick-up,
unpacking and taking back have forms."""


def decisions(found: Details) -> frozenset[OrderState]:
    """Return what staff can decide about an order now."""
    state = OrderState(found.order.state)
    possible = {
        to for (at, to), who in DECISION.items() if at is state and Who.STAFF in who
    }
    if any(parcel.state not in steps.NOT_LEFT for parcel, _pieces in found.parcels):
        possible.discard(OrderState.CANCELLED)
    if found.order.frozen_at is not None:
        possible &= {OrderState.CANCELLED}
    return frozenset(possible)


def moves(found: Details, parcel: Parcel) -> list[tuple[ParcelState, LazyString]]:
    """Return the moves by hand that a parcel can make now, with their buttons."""
    order = found.order
    if order.delivery == Delivery.PICKUP or order.frozen_at is not None:
        return []
    late = parcel.delivered_at and clock.now() - parcel.delivered_at > MISTAKE
    return [
        (to, label)
        for (at, to), label in MOVES.items()
        if at.value == parcel.state
        and to in BY_HAND
        and Who.STAFF in JOURNEY[at, to]
        and not (at is ParcelState.DELIVERED and (late or not found.is_kept(parcel.id)))
    ]
