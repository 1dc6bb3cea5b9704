"""Pack parcels and move them by hand, until the hand-over to couriers does it (5.2)."""

from collections.abc import Mapping

from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.service.moves import Press


def pack(press: Press, pieces: Mapping[int, int], reason: str = "") -> int:
    """Pack pieces (line -> number) into a new parcel; return its number.

    Raise MoveError for more than is left to pack, for an order that is not confirmed, and
    for an unpaid invoice without a reason.
    """
    raise NotImplementedError


def unpack(press: Press, parcel: int, reason: str = "") -> None:
    """Unpack a parcel that has not left: its pieces are to be packed anew."""
    raise NotImplementedError


def move(
    press: Press, parcel: int, to: ParcelState, *, reason: str = "", track: str = ""
) -> None:
    """Move a parcel by the table of journeys.

    Not for pick-ups (`collect`), for unpacking, nor for what comes back (`take_back`). From
    delivered back to on the way needs a reason, and only within a day.
    """
    raise NotImplementedError


def collect(press: Press, parcel: int, number: str, phone_end: str) -> None:
    """Give a packed parcel to who collects it, by number and four last digits of the phone.

    Raise MoveError where they are not those of the order.
    """
    raise NotImplementedError


def take_back(press: Press, parcel: int, restock: Mapping[int, bool]) -> None:
    """Take a refused parcel back: `restock` says of each line whether it is sold again."""
    raise NotImplementedError
