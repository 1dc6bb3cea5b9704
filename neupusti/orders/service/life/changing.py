"""What changes of an order besides its moves: money, address, notes, the block."""

from neupusti.orders.service.addresses import Address
from neupusti.orders.service.moves import Press


def enter_payment(press: Press, amount: int, *, reference: str, receipt_url: str) -> None:
    """Enter money received (+) or given back (-), in tenge; nothing is ever edited.

    A payment that reaches the total stops the clock of an invoice.
    """
    raise NotImplementedError


def change_address(press: Press, address: Address) -> None:
    """Change the address, by the buyer or staff, until a parcel was handed over.

    Parcels that are packed are unpacked. Sums stay.
    """
    raise NotImplementedError


def note(press: Press, words: str) -> None:
    """Add a note of staff, which no letter holds."""
    raise NotImplementedError


def freeze(press: Press, reason: str) -> None:
    """Block an order: only a cancellation is allowed until `thaw` (5.5, 6.2.4)."""
    raise NotImplementedError


def thaw(press: Press, reason: str) -> None:
    """End the block of an order."""
    raise NotImplementedError
