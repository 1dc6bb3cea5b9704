"""How an order reaches its buyer and is paid: names, prices, recipients, consent."""

from collections.abc import Mapping

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from neupusti.config.settings import settings
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.consent import Statement
from neupusti.core.text import countries, languages
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import Delivery, Payment
from neupusti.orders.models.recipient import KINDS, RecipientVersion
from neupusti.orders.queries import recipients
from neupusti.policy.service.citing import cited

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


def offered() -> list[Delivery]:
    """Return the methods that somebody carries out: those collected need no recipient."""
    kinds = {one.kind for one in recipients.active()}
    return [one for one in Delivery if not one.needs_address or KINDS[one] & kinds]


def statement(delivery: Delivery) -> Statement:
    """Return the consent that an order needs: it names recipient, country, cross-border."""
    named = [one.version for one in recipients.of_method(delivery)]
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
        recipients=tuple(map(_handed, named)),
        abroad=any(one.cross_border for one in named),
        how_to_withdraw=_(
            "by cancelling the order on its page until it is handed over, "
            "or by writing to the operator"
        ),
    )


def _handed(one: RecipientVersion) -> LazyString:
    return _(
        "%(name)s, %(country)s, to deliver the order",
        name=LazyString(lambda: one.name(languages.current())),
        country=LazyString(lambda: countries.names(languages.current())[one.country]),
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
