"""The moves of an order: three tables, and one way to make a move.

Every move names the version of the order that was seen. Of two concurrent presses one
changes the version, and the other is told what has happened meanwhile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from neupusti.core.records.journal import Actor
from neupusti.orders.models.fulfilment import ParcelState, ReturnState
from neupusti.orders.models.order import OrderState


class Who(StrEnum):
    """Who may make a move."""

    BUYER = "buyer"
    STAFF = "staff"
    SYSTEM = "system"


EVERYBODY = frozenset(Who)
STAFF = frozenset({Who.STAFF})

DECISION: Mapping[tuple[OrderState, OrderState], frozenset[Who]] = {
    (OrderState.NEW, OrderState.CONFIRMED): STAFF,
    (OrderState.NEW, OrderState.CANCELLED): EVERYBODY,
    (OrderState.CONFIRMED, OrderState.CANCELLED): EVERYBODY,
}
"""What is decided about an order; cancelled only while no parcel is past `packed`."""

JOURNEY: Mapping[tuple[ParcelState, ParcelState], frozenset[Who]] = {
    (ParcelState.PACKED, ParcelState.GONE): STAFF,
    (ParcelState.PACKED, ParcelState.HANDED_OVER): STAFF,
    (ParcelState.PACKED, ParcelState.DELIVERED): STAFF,
    (ParcelState.HANDED_OVER, ParcelState.PACKED): STAFF,
    (ParcelState.HANDED_OVER, ParcelState.ON_THE_WAY): STAFF,
    (ParcelState.HANDED_OVER, ParcelState.DELIVERED): STAFF,
    (ParcelState.HANDED_OVER, ParcelState.REFUSED): STAFF,
    (ParcelState.ON_THE_WAY, ParcelState.DELIVERED): STAFF,
    (ParcelState.ON_THE_WAY, ParcelState.REFUSED): STAFF,
    (ParcelState.DELIVERED, ParcelState.ON_THE_WAY): STAFF,
    (ParcelState.REFUSED, ParcelState.RETURNED): STAFF,
}
"""Where a parcel goes; back from `delivered` only within a day, for a mistaken press."""

RETURNS: Mapping[tuple[ReturnState, ReturnState], frozenset[Who]] = {
    (ReturnState.ASKED, ReturnState.ACCEPTED): STAFF,
    (ReturnState.ASKED, ReturnState.REFUSED): STAFF,
    (ReturnState.ACCEPTED, ReturnState.RECEIVED): STAFF,
}
"""What becomes of a buyer's wish to return goods."""


@dataclass(frozen=True, slots=True)
class Press:
    """A press of a button: on which order, at which version, by whom."""

    order: int
    seen: int
    """`ShopOrder.version` on the page: a hidden field `version` of every form."""
    actor: Actor
    """`Actor(ActorKind.PERSON, number or None)` for a buyer, STAFF with the number."""
