"""The emails of orders (4.1.7); their texts are in templates/orders/mail/.

Subjects name the order by its number, which alone opens nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.core.mail.outbox import EmailType, Recipient, enqueue
from neupusti.core.text import money
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import Delivery, OrderLine, ShopOrder
from neupusti.orders.service import links
from neupusti.orders.service.delivery import DELIVERY_NAMES


def _type(name: str, label: LazyString) -> EmailType:
    return EmailType(name=f"orders.{name}", label=label, in_subject=frozenset({"number"}))


PLACED = _type("placed", _("Your order was accepted"))
CONFIRMED = _type("confirmed", _("Your order was confirmed"))
CANCELLED = _type("cancelled", _("Your order was cancelled, wholly or in part"))
PACKED = _type("packed", _("Your order is packed"))
READY = _type("ready", _("Your order can be collected"))
HANDED_OVER = _type("handed_over", _("Your order was handed over for delivery"))
ON_THE_WAY = _type("on_the_way", _("Your order is on the way"))
DELIVERED = _type("delivered", _("Your order was delivered"))
REFUSED = _type("refused", _("Your order was refused at the delivery"))
RETURN_ASKED = _type("return_asked", _("You asked for a return"))
RETURN_ANSWERED = _type("return_answered", _("The answer to your request for a return"))
RETURNED = _type("returned", _("Goods of your order came back to us"))
ADDRESS = _type("address", _("The address of your order was changed"))
REMINDER = _type("reminder", _("An invoice will expire tomorrow"))
FIND = _type("find", _("A link to your order"))
ALL = (
    *(PLACED, CONFIRMED, CANCELLED, PACKED, READY, HANDED_OVER, ON_THE_WAY, DELIVERED),
    *(REFUSED, RETURN_ASKED, RETURN_ANSWERED, RETURNED, ADDRESS, REMINDER, FIND),
)


def send(
    session: Session,
    kind: EmailType,
    order: ShopOrder,
    values: Mapping[str, Any] | None = None,
) -> int:
    """Enqueue the email of the newest event of an order; return the id of its link's token.

    In the open write transaction and in the language of the order. The version names the
    event, so one event has one email. Return 0 where the data of the buyer were destroyed:
    nobody can be told any more (6.1.3).
    """
    if not order.email:
        return 0
    row, token = links.issue_row(session, order.id)
    common = {"number": order.number, "token": token}
    to = Recipient(
        email=order.email, language=Language(order.language), person=order.person
    )
    key = f"order:{order.id}:{order.version}"
    enqueue(session, kind, to, key=key, values={**common, **(values or {})})
    return row.id


def goods(
    order: ShopOrder, lines: Iterable[OrderLine], pieces: Mapping[int, int]
) -> dict[str, Any]:
    """Return the values of an email that lists pieces (line -> number) of an order."""
    return {
        "goods": [
            f"{line.name}, {pieces[line.id]} × {money.tenge(line.unit_price)}"
            for line in lines
            if pieces.get(line.id)
        ],
        "fee": money.tenge(order.fee),
        "total": money.tenge(order.total),
        "delivery": DELIVERY_NAMES[Delivery(order.delivery)],
    }
