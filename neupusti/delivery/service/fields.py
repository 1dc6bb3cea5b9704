"""Which fields a recipient gets of an order: never more than the delivery needs."""

from collections.abc import Iterable, Mapping

from flask_babel import LazyString, lazy_pgettext
from flask_babel import lazy_gettext as _

from neupusti.delivery.models import ADDRESS, ALLOWED, NAMES, PLAIN, Channel, Field
from neupusti.orders.models.order import Delivery, Payment
from neupusti.orders.models.recipient import RecipientKind
from neupusti.orders.queries.recipients import Known

LABELS: Mapping[Field, LazyString] = {
    Field.NUMBER: _("number of the order"),
    Field.FAMILY_NAME: _("family name"),
    Field.FAMILY_INITIAL: _("initial of the family name"),
    Field.GIVEN_NAME: lazy_pgettext("of the buyer", "given name"),
    Field.PATRONYMIC: _("patronymic"),
    Field.PHONE: _("phone"),
    Field.PHONE_END: _("last four digits of the phone"),
    Field.STREET: _("street"),
    Field.HOUSE: _("house"),
    Field.FLAT: _("flat or office"),
    Field.CITY: _("city, town or village"),
    Field.REGION: _("region"),
    Field.POSTCODE: _("postcode"),
    Field.NOTE: _("note for the delivery"),
    Field.COLLECT: _("sum to collect"),
    Field.WEIGHT: _("weight of the goods"),
}
KIND_LABELS: Mapping[RecipientKind, LazyString] = {
    RecipientKind.OWN_COURIER: _("Courier of the shop"),
    RecipientKind.KAZPOST: _("Post"),
    RecipientKind.CDEK: _("Courier service"),
    RecipientKind.PICKUP: _("Pick-up point of a partner"),
}
CHANNEL_LABELS: Mapping[Channel, LazyString] = {
    Channel.LINK: _("by a link"),
    Channel.PRINT: _("on paper"),
    Channel.CSV: _("as a table"),
}


def needed(delivery: Delivery, payment: Payment) -> frozenset[Field]:
    """Return what delivering and paying an order like this needs of it."""
    plain = PLAIN if payment is not Payment.INVOICE else PLAIN - {Field.COLLECT}
    if not delivery.needs_address:
        return plain | {Field.GIVEN_NAME, Field.FAMILY_INITIAL, Field.PHONE_END}
    more = {Field.PATRONYMIC, Field.PHONE, Field.POSTCODE, Field.NOTE}
    return plain | NAMES | ADDRESS | more


def listed(recipient: Known) -> frozenset[Field]:
    """Return the list of a recipient: at most that of its kind."""
    own = filter(None, recipient.version.fields.split(","))
    return ALLOWED[recipient.kind] & frozenset(map(Field, own))


def written(chosen: Iterable[Field]) -> str:
    """Return a list of fields as it is stored."""
    return ",".join(in_order(chosen))


def in_order(chosen: Iterable[Field]) -> list[Field]:
    """Return fields in the order in which an envelope is read."""
    found = frozenset(chosen)
    return [field for field in Field if field in found]
