"""What happens to an order: parcels, events, payments and returns."""

from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import (
    ActorNumber,
    Id,
    Label,
    LongText,
    Moment,
    PersonalText,
    impersonal,
)
from neupusti.core.data.database import Base, one_of
from neupusti.orders.models.order import OrderForeignKey


class ParcelState(StrEnum):
    """Where a parcel is."""

    PACKED = "packed"
    HANDED_OVER = "handed_over"
    ON_THE_WAY = "on_the_way"
    DELIVERED = "delivered"
    REFUSED = "refused"
    RETURNED = "returned"
    GONE = "gone"
    """Unpacked again: its goods are to be packed anew."""


class ReturnState(StrEnum):
    """The state of a return that a buyer asked for."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    RECEIVED = "received"


WAITING = (ReturnState.ASKED.value, ReturnState.ACCEPTED.value)
"""The states of a return that waits for its answer or for its goods."""


class Parcel(Base):
    """What travels to the buyer at once."""

    __tablename__ = "parcel"
    __table_args__ = (one_of("state", ParcelState),)

    id: Mapped[Id]
    order: Mapped[OrderForeignKey]
    state: Mapped[str] = mapped_column(String(12), info=impersonal())
    recipient: Mapped[int | None] = mapped_column(Integer, info=impersonal())
    """Who carries it, or has the list of the pick-up point: a row of `recipient`."""
    track: Mapped[str] = mapped_column(String(40), info=impersonal())
    version: Mapped[int] = mapped_column(Integer, info=impersonal())
    delivered_at: Mapped[Moment | None]


class ParcelLine(Base):
    """How many pieces of a line are in a parcel."""

    __tablename__ = "parcel_line"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)

    parcel: Mapped[int] = mapped_column(
        ForeignKey("parcel.id", ondelete="CASCADE"), primary_key=True, info=impersonal()
    )
    line: Mapped[int] = mapped_column(
        ForeignKey("order_line.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
        info=impersonal(),
    )
    quantity: Mapped[int] = mapped_column(Integer, info=impersonal())


class OrderEvent(Base):
    """One move of an order or of its parcel: one row, one email. Rows never change."""

    __tablename__ = "order_event"
    __table_args__ = (UniqueConstraint("order", "seq"),)

    id: Mapped[Id]
    order: Mapped[OrderForeignKey]
    parcel: Mapped[int | None] = mapped_column(Integer, info=impersonal())
    seq: Mapped[int] = mapped_column(Integer, info=impersonal())
    """The version of the order after it: no number is missing."""
    what: Mapped[str] = mapped_column(String(20), info=impersonal())
    """What happened: placed, moved, address, note, payment, lines, return."""
    moved_from: Mapped[str] = mapped_column(String(12), info=impersonal())
    moved_to: Mapped[str] = mapped_column(String(12), info=impersonal())
    actor_kind: Mapped[str] = mapped_column(String(10), info=impersonal())
    actor: Mapped[ActorNumber | None]
    at: Mapped[Moment] = mapped_column(index=True)
    reason: Mapped[PersonalText]
    """Why, in somebody's words; a trigger lets it change to nothing only."""


class PaymentEntry(Base):
    """Money of an order: received (+) or given back (-), in tenge. Rows never change."""

    __tablename__ = "payment_entry"
    __table_args__ = (CheckConstraint("amount <> 0", name="amount"),)

    id: Mapped[Id]
    order: Mapped[OrderForeignKey]
    at: Mapped[Moment]
    amount: Mapped[int] = mapped_column(Integer, info=impersonal())
    method: Mapped[str] = mapped_column(String(20), info=impersonal())
    reference: Mapped[Label]
    receipt_url: Mapped[LongText]
    staff: Mapped[ActorNumber | None]


class GoodsReturn(Base):
    """A buyer's wish to return goods."""

    __tablename__ = "goods_return"
    __table_args__ = (one_of("state", ReturnState),)

    id: Mapped[Id]
    order: Mapped[OrderForeignKey]
    asked_at: Mapped[Moment] = mapped_column(index=True)
    words: Mapped[PersonalText]
    state: Mapped[str] = mapped_column(String(10), info=impersonal())


class ReturnLine(Base):
    """How many pieces of a line a return is about."""

    __tablename__ = "return_line"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity"),
        UniqueConstraint("goods_return", "line"),
    )

    id: Mapped[Id]
    goods_return: Mapped[int] = mapped_column(
        ForeignKey("goods_return.id", ondelete="CASCADE"), info=impersonal()
    )
    line: Mapped[int] = mapped_column(
        ForeignKey("order_line.id", ondelete="CASCADE"), index=True, info=impersonal()
    )
    quantity: Mapped[int] = mapped_column(Integer, info=impersonal())
    restock: Mapped[bool] = mapped_column(info=impersonal())
    """Whether the pieces go back into stock."""
