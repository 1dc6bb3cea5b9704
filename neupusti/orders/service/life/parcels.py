"""Pack parcels, and move them on after the hand-over, which `delivery` makes (5.2)."""

from collections.abc import Mapping
from datetime import timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.mail.outbox import EmailType
from neupusti.core.text import countries, order_numbers, tracking
from neupusti.core.text.languages import Language
from neupusti.core.text.order_numbers import OrderNumberError
from neupusti.core.text.tracking import TrackError
from neupusti.orders.models.fulfilment import Parcel, ParcelLine, ParcelState
from neupusti.orders.models.order import Delivery, OrderState, Payment, ShopOrder
from neupusti.orders.models.recipient import RecipientVersion
from neupusti.orders.queries import details
from neupusti.orders.queries.details import Details
from neupusti.orders.service import emails, moves
from neupusti.orders.service.delivery import pickup_address
from neupusti.orders.service.errors import MoveError
from neupusti.orders.service.life import steps
from neupusti.orders.service.moves import Press, What

MISTAKE = timedelta(hours=24)
"""How long a delivery can be taken back as a mistaken press."""
BY_HAND = frozenset(
    {
        ParcelState.PACKED,
        ParcelState.ON_THE_WAY,
        ParcelState.DELIVERED,
        ParcelState.REFUSED,
    }
)
"""Where a press alone brings a parcel; what hands data over is more than a press."""
MISTYPED = _("Check the tracking number: one of its digits is wrong.")
NOT_POSTAL = _("Write the tracking number like RR123456785KZ.")
EMAILS: Mapping[ParcelState, EmailType] = {
    ParcelState.ON_THE_WAY: emails.ON_THE_WAY,
    ParcelState.DELIVERED: emails.DELIVERED,
    ParcelState.REFUSED: emails.REFUSED,
}


def pack(press: Press, pieces: Mapping[int, int], reason: str = "") -> int:
    """Pack pieces (line -> number) into a new parcel; return its number.

    Raise MoveError for more than is left to pack, for an order that is not confirmed, and
    for an unpaid invoice without a reason; a reason ends the clock of the invoice.
    """
    with writing() as session:
        order = moves.begin(session, press)
        if order.state != OrderState.CONFIRMED:
            raise MoveError(_("Confirm the order before you pack it."))
        everything = details.of(session, order)
        if order.payment == Payment.INVOICE and not everything.sums.facts.paid:
            if not reason.strip():
                raise MoveError(_("The invoice is not paid. Say why you pack it."))
            order.due_at = None
        left = {line.id: everything.left_to_pack(line) for line in everything.lines}
        rows = steps.chosen(everything.lines, pieces, left)
        parcel = Parcel(order=order.id, state=ParcelState.PACKED.value, track="", version=1)
        session.add(parcel)
        session.flush()
        session.add_all(
            ParcelLine(parcel=parcel.id, line=line.id, quantity=count)
            for line, count in rows
        )
        _report(session, order, parcel, press, ("", parcel.state), reason)
        _tell_packed(session, order, everything, pieces)
        return parcel.id


def unpack(press: Press, parcel: int, reason: str = "") -> None:
    """Unpack a parcel that has not left: its pieces are to be packed anew."""
    with writing() as session:
        order = moves.begin(session, press)
        found = steps.parcel_of(session, order, parcel)
        before = steps.set_state(session, found, ParcelState.GONE, press)
        _report(session, order, found, press, (before, found.state), reason)


def move(
    press: Press, parcel: int, to: ParcelState, *, reason: str = "", track: str = ""
) -> None:
    """Move a parcel by the table of journeys.

    Not for the hand-over (`delivery`), for pick-ups (`collect`), for unpacking, nor for
    what comes back (`take_back`). From delivered back to on the way needs a reason, and
    only within a day.
    """
    with writing() as session:
        order = moves.begin(session, press)
        advance(session, order, press, parcel, to, reason=reason, track=track)


def advance(  # noqa: PLR0913 - what a move has, in a transaction of the caller
    session: Session,
    order: ShopOrder,
    press: Press,
    parcel: int,
    to: ParcelState,
    *,
    reason: str = "",
    track: str = "",
) -> None:
    """Make a `move` of `order`, which `moves.begin` has locked."""
    found = steps.parcel_of(session, order, parcel)
    _check_by_hand(session, order, found, to, reason)
    before = steps.set_state(session, found, to, press)
    if to is ParcelState.PACKED:
        # Who gets it next gives it another number.
        found.recipient, found.track = None, ""
    found.track = tracked(order, track) or found.track
    _report(session, order, found, press, (before, to), reason)
    steps.settle(session, order)
    # Nobody is told of what is only put right.
    if to in EMAILS and before is not ParcelState.DELIVERED:
        emails.send(session, EMAILS[to], order, {"track": found.track})


def tracked(order: ShopOrder, text: str) -> str:
    """Return a tracking number as it is stored; raise MoveError for a wrong one of a post.

    Carriers other than the post number their parcels as they like.
    """
    if not text.strip() or order.delivery != Delivery.POST:
        return text.strip()
    try:
        return tracking.s10(text)
    except TrackError as error:
        raise MoveError(MISTYPED if error.mistyped else NOT_POSTAL) from None


def tell_handed_over(
    session: Session, order: ShopOrder, parcel: Parcel, to: RecipientVersion
) -> None:
    """Tell the buyer who has the parcel; in the transaction of the hand-over."""
    language = Language(order.language)
    values = {
        "track": parcel.track,
        "recipient": to.name(language),
        "country": countries.names(language)[to.country],
    }
    emails.send(session, emails.HANDED_OVER, order, values)


def collect(press: Press, parcel: int, number: str, phone_end: str) -> None:
    """Give a packed parcel to who collects it, by number and four last digits of the phone.

    Raise MoveError where they are not those of the order.
    """
    with writing() as session:
        order = moves.begin(session, press)
        found = steps.parcel_of(session, order, parcel)
        if order.delivery != Delivery.PICKUP or found.state != ParcelState.PACKED:
            raise MoveError(moves.NO_MOVE)
        if not _is_of(order, number) or phone_end.strip() != order.phone_end:
            raise MoveError(
                _("The number or the last digits of the phone are not of this order.")
            )
        before = steps.set_state(session, found, ParcelState.DELIVERED, press)
        _report(session, order, found, press, (before, found.state), "")
        steps.settle(session, order)
        emails.send(session, emails.DELIVERED, order, {"track": ""})


def _check_by_hand(
    session: Session, order: ShopOrder, parcel: Parcel, to: ParcelState, reason: str
) -> None:
    if to not in BY_HAND or order.delivery == Delivery.PICKUP:
        raise MoveError(moves.NO_MOVE)
    before = ParcelState(parcel.state)
    if (before, to) == (ParcelState.PACKED, ParcelState.DELIVERED):
        raise MoveError(moves.NO_MOVE)
    if before is ParcelState.DELIVERED:
        steps.with_reason(reason)
        at = parcel.delivered_at
        if at is None or clock.now() - at > MISTAKE:
            raise MoveError(_("It was delivered more than a day ago."))
        if not details.of(session, order).is_kept(parcel.id):
            raise MoveError(moves.NO_MOVE)


def _is_of(order: ShopOrder, number: str) -> bool:
    try:
        return order_numbers.parse(number) == order.number
    except OrderNumberError:
        return False


def _tell_packed(
    session: Session,
    order: ShopOrder,
    everything: Details,
    pieces: Mapping[int, int],
) -> None:
    values = emails.goods(order, everything.lines, pieces)
    kind = emails.READY if order.delivery == Delivery.PICKUP else emails.PACKED
    pickup = pickup_address(Language(order.language))
    emails.send(session, kind, order, {**values, "pickup": pickup})


def _report(  # noqa: PLR0913, PLR0917 - an event is all of these
    session: Session,
    order: ShopOrder,
    parcel: Parcel,
    press: Press,
    moved: tuple[str, str],
    reason: str,
) -> None:
    moves.report(
        session,
        order,
        What.MOVED,
        press.actor,
        moved=moved,
        parcel=parcel.id,
        reason=reason.strip(),
    )
