"""Whom the data of an order are handed to, so that it reaches its buyer (5.2).

The table stands here because the consent of the order form names them; the hand-over itself
is the feature `delivery`. What staff change is a new row: the newest one holds.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import (
    ActorNumber,
    Day,
    Id,
    Label,
    Moment,
    PersonalText,
    impersonal,
)
from neupusti.core.data.database import Base, one_of
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import Delivery


class RecipientKind(StrEnum):
    """What kind of recipient it is: the kind limits what it may ever learn."""

    OWN_COURIER = "own_courier"
    KAZPOST = "kazpost"
    CDEK = "cdek"
    PICKUP = "pickup"
    """A pick-up point that somebody else keeps; the operator's own is no recipient."""

    @property
    def needs_contract(self) -> bool:
        """Whether it is a third party, which only a contract binds to secrecy."""
        return self is not RecipientKind.OWN_COURIER


KINDS: Mapping[Delivery, frozenset[RecipientKind]] = {
    Delivery.PICKUP: frozenset({RecipientKind.PICKUP}),
    Delivery.COURIER: frozenset({RecipientKind.OWN_COURIER, RecipientKind.CDEK}),
    Delivery.POST: frozenset({RecipientKind.KAZPOST}),
}
"""Who may carry out a method of delivery."""


class Recipient(Base):
    """One recipient; everything but its kind may change."""

    __tablename__ = "recipient"
    __table_args__ = (one_of("kind", RecipientKind),)

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(12), info=impersonal())


class RecipientVersion(Base):
    """A recipient as it was from `at` on, until the next row. Rows never change."""

    __tablename__ = "recipient_version"

    id: Mapped[Id]
    recipient: Mapped[int] = mapped_column(
        ForeignKey("recipient.id"), index=True, info=impersonal()
    )
    at: Mapped[Moment]
    name_ru: Mapped[Label]
    name_kk: Mapped[Label]
    name_en: Mapped[Label]
    country: Mapped[str] = mapped_column(String(2), info=impersonal())
    """ISO 3166-1 alpha-2."""
    cross_border: Mapped[bool] = mapped_column(info=impersonal())
    """Whether the data leave Kazakhstan, wherever the recipient itself is."""
    contract: Mapped[Label]
    contract_until: Mapped[Day | None]
    """The last day of the contract; None: it has no end."""
    fields: Mapped[str] = mapped_column(String(300), info=impersonal())
    """What it learns at most: names of fields, divided by commas."""
    active: Mapped[bool] = mapped_column(info=impersonal())
    staff: Mapped[ActorNumber | None]
    reason: Mapped[PersonalText]

    def name(self, language: Language) -> str:
        """Return its name in a language."""
        return str(getattr(self, f"name_{language}"))

    def holds(self, kind: RecipientKind, day: date) -> bool:
        """Return whether data may be handed to it: it is active, its contract in force."""
        under_contract = bool(self.contract) or not kind.needs_contract
        ended = self.contract_until is not None and self.contract_until < day
        return self.active and under_contract and not ended
