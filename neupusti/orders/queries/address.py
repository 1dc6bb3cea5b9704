"""The address of an order, for the pages of its buyer and staff, and for the hand-over."""

from sqlalchemy.orm import Session

from neupusti.orders.models.address import OrderAddress


def of(session: Session, order: int) -> OrderAddress | None:
    """Return the address of the order of that id; None where it is picked up."""
    return session.get(OrderAddress, order)
