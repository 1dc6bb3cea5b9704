"""Recipients of the data of orders: as they are now, and as they were at a moment."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.orders.models.order import Delivery, ShopOrder
from neupusti.orders.models.recipient import (
    KINDS,
    Recipient,
    RecipientKind,
    RecipientVersion,
)


@dataclass(frozen=True, slots=True)
class Known:
    """A recipient with one of its versions."""

    id: int
    kind: RecipientKind
    version: RecipientVersion

    def holds_at(self, moment: datetime) -> bool:
        """Return whether data may be handed to it on the day of `moment`."""
        return self.version.holds(self.kind, moment.astimezone(clock.ALMATY).date())


def known(session: Session, *, at: datetime | None = None) -> list[Known]:
    """Return every recipient as it is now, or as it was `at` a moment; by its number."""
    newest = select(func.max(RecipientVersion.id)).group_by(RecipientVersion.recipient)
    if at is not None:
        newest = newest.where(RecipientVersion.at <= at)
    rows = session.execute(
        select(Recipient, RecipientVersion)
        .join(RecipientVersion, RecipientVersion.recipient == Recipient.id)
        .where(RecipientVersion.id.in_(newest))
        .order_by(Recipient.id)
    )
    return [Known(row.id, RecipientKind(row.kind), version) for row, version in rows]


def active() -> list[Known]:
    """Return those to whom data may be handed today."""
    now = clock.now()
    return [one for one in known(db.session()) if one.holds_at(now)]


def of_method(delivery: Delivery) -> list[Known]:
    """Return those who may deliver an order like this today."""
    return [one for one in active() if one.kind in KINDS[delivery]]


def named(session: Session, order: ShopOrder, recipient: Known) -> bool:
    """Return whether the consent of `order` named this recipient, and where the data go.

    The consent names every recipient of its method that holds when it is given.
    """
    return recipient.kind in KINDS[Delivery(order.delivery)] and any(
        one.id == recipient.id
        and one.holds_at(order.placed_at)
        and one.version.country == recipient.version.country
        and one.version.cross_border == recipient.version.cross_border
        for one in known(session, at=order.placed_at)
    )
