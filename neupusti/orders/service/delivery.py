"""How an order reaches its buyer and is paid: names, prices, recipients, consent."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from neupusti.config.settings import settings
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.consent import Statement
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import Delivery, Payment
from neupusti.policy.service.citing import cited


class RecipientKind(StrEnum):
    """What kind of recipient the data of a parcel are handed to (5.2)."""

    NONE = "none"
    """Nobody: the operator's own staff at the pick-up point."""
    COURIER = "courier"
    POST = "post"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who gets the data of an order to deliver it."""

    kind: RecipientKind
    name: LazyString
    country: str = "KZ"
    """ISO 3166-1 alpha-2."""
    cross_border: bool = False
    """Whether the data leave Kazakhstan."""


DELIVERY_NAMES: Mapping[Delivery, LazyString] = {
    Delivery.PICKUP: _("Collect it yourself"),
    Delivery.COURIER: _("Courier"),
    Delivery.POST: _("Kazpost"),
}
PAYMENT_NAMES: Mapping[Payment, LazyString] = {
    Payment.CASH: _("Cash on delivery"),
    Payment.CARD_ON_DELIVERY: _("Card on delivery"),
    Payment.INVOICE: _("Invoice, before the delivery"),
}
COUNTRIES: Mapping[str, LazyString] = {"KZ": _("Kazakhstan")}
RECIPIENTS: Mapping[Delivery, Recipient] = {
    Delivery.PICKUP: Recipient(kind=RecipientKind.NONE, name=_("nobody")),
    Delivery.COURIER: Recipient(kind=RecipientKind.COURIER, name=_("the shop's courier")),
    Delivery.POST: Recipient(kind=RecipientKind.POST, name=_("Kazpost JSC")),
}
"""Until there is a register of recipients (5.2): one for each method."""


def recipient(delivery: Delivery) -> Recipient:
    """Return who gets the data of an order delivered like this."""
    return RECIPIENTS[delivery]


def statement(delivery: Delivery) -> Statement:
    """Return the consent that an order needs: it names recipient, country, cross-border."""
    whom = recipient(delivery)
    handed = _(
        "%(name)s, %(country)s, to deliver the order",
        name=whom.name,
        country=COUNTRIES[whom.country],
    )
    address = (_("address of delivery"),) if delivery.needs_address else ()
    return Statement(
        opening=_("I agree that my data are processed to take and deliver this order."),
        purpose=Purpose.IDENTIFICATION,
        purposes=(
            cited(
                _("to recognise me, take the order and deliver it"), Purpose.IDENTIFICATION
            ),
            cited(_("to tell me how it moves, and answer my questions"), Purpose.FEEDBACK),
            cited(_("to send me service e-mails"), Purpose.NOTICES),
        ),
        data=(
            _("family name, given name, patronymic if I gave one"),
            _("phone"),
            _("e-mail"),
            *address,
            _("my note for the delivery, if I wrote one"),
        ),
        term=_(
            "names, phone, address and note: 90 days from the end of the order; "
            "the rest: 5 years, as vouchers of the books"
        ),
        recipients=() if whom.kind is RecipientKind.NONE else (handed,),
        abroad=whom.cross_border,
        how_to_withdraw=_(
            "by cancelling the order on its page until it is handed over, "
            "or by writing to the operator"
        ),
    )


def fee(delivery: Delivery, goods: int) -> int:
    """Return the price of a delivery of goods worth `goods`; both in tenge."""
    given = settings()
    if 0 < given.delivery_free_from <= goods:
        return 0
    return {
        Delivery.PICKUP: 0,
        Delivery.COURIER: given.delivery_courier_fee,
        Delivery.POST: given.delivery_post_fee,
    }[delivery]


def pickup_address(language: Language) -> str:
    """Return where orders are collected: the operator's address unless a setting says."""
    operator = settings().operator.in_language(language)
    return settings().pickup_address or operator.address
