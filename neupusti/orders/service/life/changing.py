"""What changes of an order besides its moves: money, address, notes, the block."""

from dataclasses import asdict

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.fulfilment import PaymentEntry
from neupusti.orders.models.order import OrderState, ShopOrder
from neupusti.orders.queries import details
from neupusti.orders.service import emails, moves
from neupusti.orders.service.addresses import Address
from neupusti.orders.service.errors import MoveError
from neupusti.orders.service.life import steps
from neupusti.orders.service.moves import Press, What

MOST = 100_000_000
"""The highest amount of one entry, in tenge: a slip of the keyboard is higher."""
LONGEST_REFERENCE, LONGEST_URL = 120, 500


def enter_payment(
    press: Press, amount: int, *, reference: str = "", receipt_url: str = ""
) -> None:
    """Enter money received (+) or given back (-), in tenge; nothing is ever edited.

    A payment that reaches the total stops the clock of an invoice. A blocked or cancelled
    order takes entries too: money has to go back.
    """
    _check_payment(amount, reference, receipt_url)
    with writing() as session:
        order = moves.begin(session, press, though_frozen=True)
        session.add(
            PaymentEntry(
                order=order.id,
                at=clock.now(),
                amount=amount,
                method=order.payment,
                reference=reference.strip(),
                receipt_url=receipt_url.strip(),
                staff=press.actor.number,
            )
        )
        steps.settle(session, order)
        moves.report(session, order, What.PAYMENT, press.actor)


def change_address(press: Press, address: Address) -> None:
    """Change the address, by the buyer or staff, until a parcel was handed over.

    Parcels that are packed are unpacked. Sums stay.
    """
    with writing() as session:
        order = moves.begin(session, press)
        steps.unpack_all(session, details.of(session, order), press)
        write_address(session, order, press, address)


def write_address(
    session: Session, order: ShopOrder, press: Press, address: Address, reason: str = ""
) -> None:
    """Store another address of `order`, which `moves.begin` has locked; tell the buyer."""
    found = session.get(OrderAddress, order.id)
    if found is None or order.state == OrderState.CANCELLED:
        raise MoveError(moves.NO_MOVE)
    for name, value in asdict(address).items():
        setattr(found, name, value)
    moves.report(session, order, What.ADDRESS, press.actor, reason=reason)
    emails.send(session, emails.ADDRESS, order)


def note(press: Press, words: str) -> None:
    """Add a note of staff, which no email holds; none to an order past its term (5.1)."""
    words = steps.with_reason(words)
    with writing() as session:
        order = moves.begin(session, press, though_frozen=True)
        if order.identity_ended_at is not None:
            raise MoveError(moves.NO_MOVE)
        moves.report(session, order, What.NOTE, press.actor, reason=words)


def freeze(press: Press, reason: str) -> None:
    """Block an order: only a cancellation is allowed until `thaw` (5.5, 6.2.4)."""
    with writing() as session:
        order = moves.begin(session, press)
        order.frozen_at = clock.now()
        _report_block(session, order, press, ("", "frozen"), reason)


def thaw(press: Press, reason: str) -> None:
    """End the block of an order."""
    with writing() as session:
        order = moves.begin(session, press, though_frozen=True)
        if order.frozen_at is None:
            raise MoveError(moves.NO_MOVE)
        order.frozen_at = None
        _report_block(session, order, press, ("frozen", ""), reason)


def _report_block(
    session: Session, order: ShopOrder, press: Press, moved: tuple[str, str], reason: str
) -> None:
    reason = steps.with_reason(reason)
    moves.report(session, order, What.BLOCK, press.actor, moved=moved, reason=reason)


def _check_payment(amount: int, reference: str, receipt_url: str) -> None:
    if amount == 0 or abs(amount) > MOST:
        raise MoveError(_("An entry of money is not zero, and at most 100,000,000 tenge."))
    if len(reference) > LONGEST_REFERENCE or len(receipt_url) > LONGEST_URL:
        raise MoveError(_("Shorten the reference or the link of the receipt."))
    if receipt_url.strip() and not receipt_url.strip().startswith("https://"):
        raise MoveError(_("The link of a receipt begins with https://."))
