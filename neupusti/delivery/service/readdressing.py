"""Another address for what is on its way: the courier is asked, and told on record."""

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.core.data.database import writing
from neupusti.delivery.models import Channel
from neupusti.delivery.queries import OUT
from neupusti.delivery.service import disclosing
from neupusti.delivery.service.disclosing import Handed, HandOver
from neupusti.delivery.service.errors import DisclosureError
from neupusti.orders.models.fulfilment import Parcel, ParcelState
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.models.recipient import RecipientKind
from neupusti.orders.queries import details
from neupusti.orders.queries.recipients import Known
from neupusti.orders.service import moves
from neupusti.orders.service.addresses import Address
from neupusti.orders.service.life import changing, steps
from neupusti.orders.service.moves import Press


def readdress(press: Press, address: Address, answer: str) -> list[Handed]:
    """Change the address of parcels that a courier of the shop has; return the new links.

    `answer` is what the courier said: it goes into the journal as the reason. Former links
    end, as the address has changed; what is still packed is unpacked.
    """
    with writing() as session:
        order = moves.begin(session, press)
        carried = _carried(session, order, press)
        changing.write_address(session, order, press, address, answer)
        session.flush()
        return [_enter(session, order, press, parcel, to, answer) for parcel, to in carried]


def _carried(
    session: Session, order: ShopOrder, press: Press
) -> list[tuple[Parcel, Known]]:
    found = []
    for parcel, _pieces in details.of(session, order).parcels:
        if parcel.state == ParcelState.PACKED:
            steps.set_state(session, parcel, ParcelState.GONE, press)
        if ParcelState(parcel.state) in OUT:
            to = disclosing.recipient_of(session, parcel.recipient or 0)
            if to.kind is not RecipientKind.OWN_COURIER:
                raise DisclosureError(
                    _("Only a courier of the shop can be given another address.")
                )
            found.append((parcel, to))
    if not found:
        raise DisclosureError(_("No parcel of this order is on its way."))
    return found


def _enter(  # noqa: PLR0913, PLR0917 - what an entry is about
    session: Session,
    order: ShopOrder,
    press: Press,
    parcel: Parcel,
    to: Known,
    answer: str,
) -> Handed:
    how = HandOver(recipient=to.id, channel=Channel.LINK, reason=answer)
    disclosing.check(session, order, parcel, to, how)
    return disclosing.enter(session, order, parcel, to, press.actor, how)
