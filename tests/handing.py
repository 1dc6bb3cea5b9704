"""Hand-overs for the tests of orders: parcels leave the shop in no other way."""

from sqlalchemy import select

from neupusti.core.data.database import db
from neupusti.delivery.models import CHANNELS, Channel
from neupusti.delivery.service import disclosing
from neupusti.delivery.service.disclosing import Handed, HandOver
from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.models.recipient import KINDS, RecipientKind
from neupusti.orders.queries import recipients
from neupusti.orders.service.life import parcels
from neupusti.orders.service.moves import Press


def recipient(kind: RecipientKind) -> int:
    """Return the number of the shipped recipient of a kind."""
    db.session.rollback()
    known = recipients.known(db.session())
    db.session.rollback()
    return next(one.id for one in known if one.kind is kind)


def over(  # noqa: PLR0913 - what a test varies
    press: Press,
    parcel: int,
    *,
    kind: RecipientKind | None = None,
    channel: Channel | None = None,
    reason: str = "",
    track: str = "",
) -> Handed:
    """Hand a parcel over: by default to who usually delivers its order."""
    if kind is None:
        order = select(ShopOrder.delivery).filter_by(id=press.order)
        delivery = db.session.scalars(order).one()
        first = KINDS[next(one for one in KINDS if one == delivery)]
        kind = next(one for one in RecipientKind if one in first)
    how = HandOver(
        recipient=recipient(kind), channel=channel or CHANNELS[kind][0], reason=reason
    )
    wanted = [(parcel, press.seen)]
    (handed,) = disclosing.hand_over(wanted, how, press.actor, track=track)
    return handed


def moved(press: Press, parcel: int, to: ParcelState, *, reason: str = "") -> None:
    """Move a parcel on, to the hand-over too."""
    if to is ParcelState.HANDED_OVER:
        over(press, parcel)
    else:
        parcels.move(press, parcel, to, reason=reason)
