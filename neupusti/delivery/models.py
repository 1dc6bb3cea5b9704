"""The ledger of the hand-over: who learned which fields of which order, and when (5.2)."""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import (
    ActorNumber,
    Day,
    Digest,
    Id,
    Moment,
    PersonalText,
    PersonNumber,
    impersonal,
)
from neupusti.core.data.database import Base, one_of
from neupusti.orders.models.order import OrderForeignKey
from neupusti.orders.models.recipient import RecipientKind


class Field(StrEnum):
    """What can be handed over at all: no e-mail, goods or notes of staff are among it."""

    NUMBER = "number"
    FAMILY_NAME = "family_name"
    FAMILY_INITIAL = "family_initial"
    GIVEN_NAME = "given_name"
    PATRONYMIC = "patronymic"
    PHONE = "phone"
    PHONE_END = "phone_end"
    STREET = "street"
    HOUSE = "house"
    FLAT = "flat"
    CITY = "city"
    REGION = "region"
    POSTCODE = "postcode"
    NOTE = "note"
    COLLECT = "collect"
    """The sum to collect, in tenge."""
    WEIGHT = "weight"
    """Of the goods, in grams."""


ADDRESS = frozenset({Field.STREET, Field.HOUSE, Field.FLAT, Field.CITY, Field.REGION})
CLAUSES: Mapping[Field, str] = {
    **dict.fromkeys((Field.FAMILY_NAME, Field.FAMILY_INITIAL), "3.2.1"),
    **dict.fromkeys((Field.GIVEN_NAME, Field.PATRONYMIC), "3.2.1"),
    **dict.fromkeys((Field.PHONE, Field.PHONE_END), "3.2.2"),
    **dict.fromkeys((*ADDRESS, Field.POSTCODE, Field.NOTE), "3.2.5"),
}
"""The clause of each field that is personal."""
PLAIN = frozenset({Field.NUMBER, Field.WEIGHT, Field.COLLECT})
"""What says nothing about a person."""
NAMES = frozenset({Field.FAMILY_NAME, Field.GIVEN_NAME})
ALLOWED: Mapping[RecipientKind, frozenset[Field]] = {
    RecipientKind.OWN_COURIER: PLAIN | NAMES | ADDRESS | {Field.PHONE, Field.NOTE},
    RecipientKind.KAZPOST: (
        PLAIN | NAMES | ADDRESS | {Field.PATRONYMIC, Field.PHONE, Field.POSTCODE}
    ),
    RecipientKind.CDEK: (
        PLAIN | NAMES | ADDRESS | {Field.PHONE, Field.POSTCODE, Field.NOTE}
    ),
    RecipientKind.PICKUP: (
        PLAIN | {Field.GIVEN_NAME, Field.FAMILY_INITIAL, Field.PHONE_END}
    ),
}
"""The most that a kind of recipient may learn; staff can only take away from it."""


class Channel(StrEnum):
    """How the data reach the recipient."""

    LINK = "link"
    PRINT = "print"
    CSV = "csv"


CHANNELS: Mapping[RecipientKind, tuple[Channel, ...]] = {
    RecipientKind.OWN_COURIER: (Channel.LINK, Channel.PRINT, Channel.CSV),
    **dict.fromkeys(
        (RecipientKind.KAZPOST, RecipientKind.CDEK, RecipientKind.PICKUP),
        (Channel.PRINT, Channel.CSV),
    ),
}


class CourierAction(StrEnum):
    """What a courier did with a link."""

    OPENED = "opened"
    TOOK = "took"
    DELIVERED = "delivered"
    REFUSED = "refused"


class Disclosure(Base):
    """One hand-over of one parcel's data to one recipient. Rows never change.

    The values are not copied: `digest` proves them, and the order keeps them for its term.
    """

    __tablename__ = "disclosure"
    __table_args__ = (one_of("channel", Channel),)

    id: Mapped[Id]
    order: Mapped[OrderForeignKey]
    parcel: Mapped[int] = mapped_column(Integer, index=True, info=impersonal())
    seq: Mapped[int] = mapped_column(Integer, info=impersonal())
    """The version of the order that it made: the number of its event."""
    person: Mapped[PersonNumber | None]
    recipient: Mapped[int] = mapped_column(
        ForeignKey("recipient_version.id"), index=True, info=impersonal()
    )
    """The recipient as it was then."""
    at: Mapped[Moment]
    actor_kind: Mapped[str] = mapped_column(String(10), info=impersonal())
    actor: Mapped[ActorNumber | None]
    channel: Mapped[str] = mapped_column(String(5), info=impersonal())
    purpose: Mapped[str] = mapped_column(String(10), info=impersonal())
    """The clause of the purpose."""
    reason: Mapped[PersonalText]
    edition: Mapped[Day]
    """The edition of the policy in force."""
    digest: Mapped[Digest]
    """Keyed hash of the personal values: a plain one of a phone could be guessed."""


class DisclosureField(Base):
    """One field of a hand-over. Rows never change."""

    __tablename__ = "disclosure_field"
    __table_args__ = (one_of("field", Field),)

    disclosure: Mapped[int] = mapped_column(
        ForeignKey("disclosure.id", ondelete="CASCADE"), primary_key=True, info=impersonal()
    )
    field: Mapped[str] = mapped_column(String(20), primary_key=True, info=impersonal())
    clause: Mapped[str] = mapped_column(String(10), info=impersonal())
    """That of its personal data; empty: it says nothing about a person."""


class CourierVisit(Base):
    """One use of a courier's link."""

    __tablename__ = "courier_visit"
    __table_args__ = (one_of("deed", CourierAction),)

    id: Mapped[Id]
    disclosure: Mapped[int] = mapped_column(
        ForeignKey("disclosure.id", ondelete="CASCADE"), index=True, info=impersonal()
    )
    at: Mapped[Moment] = mapped_column(index=True)
    deed: Mapped[str] = mapped_column(String(10), info=impersonal())
