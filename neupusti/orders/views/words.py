"""What the pages of an order say: messages of actions, events and parcels."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from neupusti.orders.models.fulfilment import OrderEvent, ParcelState, ReturnState
from neupusti.orders.models.order import OrderState
from neupusti.orders.service.moves import What

SIGNED_ELSEWHERE = _(
    "This page was opened long ago or before a sign-in. All your answers are here: look "
    "them through and go on."
)
DONE: Mapping[str, LazyString] = {
    "placed": _("Thank you. Your order is placed, and we have sent an e-mail about it."),
    "cheaper": _(
        "Thank you. Your order is placed. One of the prices was lower than shown, and "
        "you pay the lower price."
    ),
    "again": _("This order was placed already; nothing was ordered twice."),
    "other": _(
        "This basket was placed before, with other goods: this is the order it became. "
        "What you changed later is not in it."
    ),
    "cancelled": _("Done: we have sent an e-mail about the cancellation."),
    "address": _("The new address is saved."),
    "return": _("We have got your request for a return and will answer by e-mail."),
}
"""The messages of the actions that redirect to the page of an order."""

DECISIONS: Mapping[str, LazyString] = {
    OrderState.CONFIRMED.value: _("The order is confirmed"),
    OrderState.CANCELLED.value: _("The order is cancelled"),
}
PARCELS: Mapping[str, LazyString] = {
    ParcelState.PACKED.value: _("The parcel is packed"),
    ParcelState.HANDED_OVER.value: _("The parcel is handed over for delivery"),
    ParcelState.ON_THE_WAY.value: _("The parcel is on the way"),
    ParcelState.DELIVERED.value: _("The parcel is delivered"),
    ParcelState.REFUSED.value: _("The parcel was not taken: refused, or nobody answered"),
    ParcelState.RETURNED.value: _("The parcel came back to us"),
    ParcelState.GONE.value: _("The parcel is unpacked and will be packed again"),
}
RETURNS: Mapping[str, LazyString] = {
    ReturnState.ASKED.value: _("A return was asked for"),
    ReturnState.ACCEPTED.value: _("The return is accepted"),
    ReturnState.REFUSED.value: _("The return is refused"),
    ReturnState.RECEIVED.value: _("The returned goods have arrived"),
}
OTHERS: Mapping[str, LazyString] = {
    What.PLACED.value: _("The order is placed"),
    What.ADDRESS.value: _("The address was changed"),
    What.CORRECTED.value: _("A name or the phone was corrected"),
    What.PAYMENT.value: _("A payment was entered"),
    What.LINES.value: _("A part of the order is cancelled"),
    What.REMINDER.value: _("We reminded you of the invoice"),
}
"""Events by what they are; those of no mapping are the staff's own business."""


def event(one: OrderEvent) -> LazyString | None:
    """Return what the buyer reads of an event; None: it is not shown."""
    if one.what == What.RETURN:
        return RETURNS.get(one.moved_to, RETURNS[ReturnState.ASKED.value])
    if one.what != What.MOVED:
        return OTHERS.get(one.what)
    return (DECISIONS if one.parcel is None else PARCELS).get(one.moved_to)
