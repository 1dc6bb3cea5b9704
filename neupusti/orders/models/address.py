"""The address of delivery of an order: a module of its own, guarded by an import contract.

Orders store it and show it to its buyer; of all that stands above them only the hand-over
reads it (5.2).
"""

from typing import Annotated

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import Purpose, impersonal, personal
from neupusti.core.data.database import Base

AddressPart = Annotated[
    str,
    mapped_column(
        String(120), info=personal("3.2.5", Purpose.IDENTIFICATION, Purpose.FEEDBACK)
    ),
]
"""A part of the address of delivery: only where the method of delivery needs one."""


class OrderAddress(Base):
    """The address of delivery of one order; there is none where it is picked up (3.2.5)."""

    __tablename__ = "order_address"

    order: Mapped[int] = mapped_column(
        ForeignKey("shop_order.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        info=impersonal(),
    )
    region: Mapped[str] = mapped_column(String(5), info=impersonal())
    """ISO 3166-2; stays for the books when the rest is destroyed."""
    city: Mapped[AddressPart]
    street: Mapped[AddressPart]
    house: Mapped[AddressPart]
    flat: Mapped[AddressPart]
    postcode: Mapped[AddressPart]
