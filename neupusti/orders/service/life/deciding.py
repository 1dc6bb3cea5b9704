"""Confirm and cancel an order, wholly or in part."""

from collections.abc import Mapping

from neupusti.orders.service.moves import Press


def confirm(press: Press) -> None:
    """Confirm a new order: staff have checked that it can be delivered."""
    raise NotImplementedError


def cancel(press: Press, reason: str = "") -> None:
    """Cancel an order and put its goods back into stock.

    Only while no parcel has left; parcels that are packed are unpacked. A buyer's press
    needs no reason.
    """
    raise NotImplementedError


def cancel_lines(press: Press, pieces: Mapping[int, int], reason: str = "") -> None:
    """Cancel pieces (line -> number) that are in no parcel; all of them: the order.

    The sums of the order stay as they were placed: what is due follows from the counters.
    """
    raise NotImplementedError
