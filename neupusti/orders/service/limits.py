"""Rate limits of orders: by recipient and product first, widely by network.

A flood of orders comes from thousands of networks; what it has in common is the product,
or the address that is to be flooded with emails. An office or the range of a carrier is
one network with many buyers. Strangers share the key of a product, of an address and of a
telephone, so they can shut it for a quarter of an hour at most; never for the owner
of the address who is signed in, or for a browser that they have signed in with.
"""

from collections.abc import Iterable
from datetime import timedelta

from flask_babel import lazy_gettext as _

from neupusti.core.security.throttle import RateLimit, RateUse
from neupusti.core.text import emails

MINUTE, QUARTER, HOUR = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1)
FLOOD = _(
    "Very many orders have come from the network you are in, perhaps not from you: "
    "providers share addresses. This works again from %(time)s, Almaty time; from another "
    "network, such as that of your phone, at once."
)
BUSY = _(
    "Very many orders have come lately with this e-mail or phone, or of these goods. "
    "This one is not placed yet: send it again from %(time)s, Almaty time; what you "
    "typed stays on this page."
)
ORDER_NETWORK = RateLimit("order, network", 300, HOUR, HOUR, FLOOD)
ORDER_EMAIL = RateLimit("order, e-mail", 5, HOUR, QUARTER, BUSY)
ORDER_PHONE = RateLimit("order, phone", 5, HOUR, QUARTER, BUSY)
ORDER_KNOWN = RateLimit("order, known", 5, HOUR, HOUR, BUSY)
"""Orders of a person or a browser that strangers do not count for."""
ORDER_KNOWN_PHONE = RateLimit("order, phone of known", 5, HOUR, QUARTER, BUSY)
"""However many accounts name it: nothing proves whose a telephone is."""
ORDER_PRODUCT = RateLimit("order, product", 60, MINUTE, QUARTER, BUSY)
FIND_NETWORK = RateLimit("find order, network", 300, HOUR, HOUR, FLOOD)
FIND_EMAIL = RateLimit("find order, e-mail", 5, HOUR, QUARTER)
FIND_NUMBER = RateLimit("find order, number", 5, HOUR, QUARTER)


def of_order(
    network: str,
    recipient: tuple[str, str],
    products: Iterable[int],
    known: str | None = None,
) -> tuple[RateUse, ...]:
    """Return the uses that one order counts as; `recipient` is (e-mail, phone).

    `known` is the name under which the buyer has a count of their own, if there is one.
    """
    email, phone = recipient
    strangers = ((ORDER_EMAIL, emails.key(email)), (ORDER_PHONE, phone))
    own = ((ORDER_KNOWN, known), (ORDER_KNOWN_PHONE, phone)) if known else strangers
    goods = ((ORDER_PRODUCT, str(product)) for product in products)
    return ((ORDER_NETWORK, network), *own, *goods)


def of_search(network: str, email: str, number: str) -> tuple[RateUse, ...]:
    """Return the uses that one search for an order by number and email counts as."""
    return (
        (FIND_NETWORK, network),
        (FIND_EMAIL, emails.key(email)),
        (FIND_NUMBER, number),
    )
