"""An order and its lines; its address is in `models.address`."""

from enum import StrEnum
from typing import Annotated

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.blocking.conditions import CONTESTABLE
from neupusti.core.data.classification import (
    Digest,
    Email,
    EmailKey,
    FamilyName,
    GivenName,
    Id,
    Label,
    Moment,
    Patronymic,
    PersonNumber,
    Phone,
    Purpose,
    TokenDigest,
    derived,
    impersonal,
    personal,
)
from neupusti.core.data.database import Base, one_of

Note = Annotated[str, mapped_column(Text, info=personal("3.2.5", Purpose.IDENTIFICATION))]
"""What the buyer wrote about the delivery; the courier may read it."""
SearchKey = Annotated[
    str,
    mapped_column(
        String(320), info=derived("3.2.1", Purpose.IDENTIFICATION, Purpose.FEEDBACK)
    ),
]
OrderForeignKey = Annotated[
    int,
    mapped_column(
        ForeignKey("shop_order.id", ondelete="CASCADE"), index=True, info=impersonal()
    ),
]


CANCELLATIONS = 100
"""More than a line has pieces: `line * 100 + n` is the cancellation of its n-th piece."""


class Delivery(StrEnum):
    """How an order reaches its buyer."""

    PICKUP = "pickup"
    COURIER = "courier"
    POST = "post"

    @property
    def needs_address(self) -> bool:
        """Whether it needs an address (3.2.5)."""
        return self is not Delivery.PICKUP


class Payment(StrEnum):
    """How an order is paid."""

    CASH = "cash"
    CARD_ON_DELIVERY = "card_on_delivery"
    INVOICE = "invoice"


class OrderState(StrEnum):
    """What was decided about an order."""

    NEW = "new"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class ShopOrder(Base):
    """One order, with the buyer's data as they were at its sending.

    `submission` identifies the sending: a second one of the same basket is this order.
    """

    __tablename__ = "shop_order"
    __table_args__ = (
        CheckConstraint("total = goods + fee", name="total"),
        one_of("state", OrderState),
        one_of("delivery", Delivery),
        one_of("payment", Payment),
        Index(None, "state", "placed_at"),
        Index(None, "person", "placed_at"),
        {"info": {CONTESTABLE: ("family_name", "given_name", "patronymic", "phone")}},
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(20), unique=True, info=impersonal())
    submission: Mapped[TokenDigest] = mapped_column(unique=True)
    language: Mapped[str] = mapped_column(String(2), info=impersonal())
    person: Mapped[PersonNumber | None]
    """The account it belongs to; None: a guest's."""
    email: Mapped[Email]
    email_key: Mapped[EmailKey] = mapped_column(index=True)
    email_proved_at: Mapped[Moment | None]
    """When a link sent to the address was first opened (2.4)."""
    family_name: Mapped[FamilyName]
    given_name: Mapped[GivenName]
    patronymic: Mapped[Patronymic]
    phone: Mapped[Phone | None]
    """None once its term is over."""
    phone_end: Mapped[str | None] = mapped_column(
        String(4), index=True, info=derived("3.2.2", Purpose.IDENTIFICATION)
    )
    """The last four digits, by which staff find an order."""
    search: Mapped[SearchKey] = mapped_column(index=True)
    """The names, case-folded, by which staff find an order."""
    delivery: Mapped[str] = mapped_column(String(10), info=impersonal())
    payment: Mapped[str] = mapped_column(String(20), info=impersonal())
    comment: Mapped[Note]
    goods: Mapped[int] = mapped_column(Integer, info=impersonal())
    fee: Mapped[int] = mapped_column(Integer, info=impersonal())
    """The price of the delivery, in tenge."""
    total: Mapped[int] = mapped_column(Integer, info=impersonal())
    quote: Mapped[Digest]
    """What was shown before the sending, hashed (`service.quote`)."""
    consent: Mapped[int] = mapped_column(
        ForeignKey("consent_evidence.id"), info=impersonal()
    )
    state: Mapped[str] = mapped_column(String(10), info=impersonal())
    version: Mapped[int] = mapped_column(Integer, info=impersonal())
    frozen_at: Mapped[Moment | None]
    """Since when no move but a cancellation is allowed (5.5, 6.2.4)."""
    placed_at: Mapped[Moment] = mapped_column(index=True)
    due_at: Mapped[Moment | None] = mapped_column(index=True)
    """When an unpaid invoice ends the order; None: no clock ends it."""
    ended_at: Mapped[Moment | None] = mapped_column(index=True)
    """When nothing was left to do: delivered, returned or cancelled."""
    identity_ended_at: Mapped[Moment | None]
    """When the names, the phone and the address were destroyed (5.1)."""

    @property
    def full_name(self) -> str:
        """Family name, given name and patronymic, without the missing ones."""
        return " ".join(filter(None, (self.family_name, self.given_name, self.patronymic)))


class OrderLine(Base):
    """One product of an order, as it was called and priced at the sending."""

    __tablename__ = "order_line"
    __table_args__ = (
        CheckConstraint("quantity BETWEEN 1 AND 99", name="quantity"),
        CheckConstraint("cancelled >= 0 AND returned >= 0", name="counters"),
        CheckConstraint("cancelled + returned <= quantity", name="not_more_than_bought"),
        UniqueConstraint("order", "position"),
    )

    id: Mapped[Id]
    order: Mapped[OrderForeignKey]
    position: Mapped[int] = mapped_column(Integer, info=impersonal())
    product: Mapped[int] = mapped_column(Integer, index=True, info=impersonal())
    """The product's number; not a key: products may go, orders stay."""
    article: Mapped[str] = mapped_column(String(40), info=impersonal())
    name: Mapped[Label]
    slug: Mapped[str] = mapped_column(String(80), info=impersonal())
    photo: Mapped[str] = mapped_column(String(80), info=impersonal())
    unit_price: Mapped[int] = mapped_column(Integer, info=impersonal())
    quantity: Mapped[int] = mapped_column(Integer, info=impersonal())
    cancelled: Mapped[int] = mapped_column(Integer, info=impersonal())
    returned: Mapped[int] = mapped_column(Integer, info=impersonal())
    return_rule: Mapped[str] = mapped_column(String(12), info=impersonal())

    @property
    def left(self) -> int:
        """How many pieces are neither cancelled nor returned."""
        return self.quantity - self.cancelled - self.returned

    @property
    def cancellation(self) -> int:
        """The source of the stock movement of its newest cancellation: each has its own."""
        return self.id * CANCELLATIONS + self.cancelled
