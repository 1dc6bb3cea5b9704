"""Rate limits of orders: the product and the recipient count more than the network.

A flood of orders comes from thousands of networks; what it has in common is the product,
or the address that is to be flooded with emails.
"""

from collections.abc import Iterable
from datetime import timedelta

from neupusti.core.security.throttle import RateLimit
from neupusti.core.text import emails

HOUR = timedelta(hours=1)
ORDER_NETWORK = RateLimit("order, network", 10, HOUR)
ORDER_EMAIL = RateLimit("order, e-mail", 5, HOUR)
ORDER_PHONE = RateLimit("order, phone", 5, HOUR)
ORDER_PRODUCT = RateLimit("order, product", 60, timedelta(minutes=1))
FIND_NETWORK = RateLimit("find order, network", 20, HOUR)
FIND_EMAIL = RateLimit("find order, e-mail", 5, HOUR)
FIND_NUMBER = RateLimit("find order, number", 5, HOUR)


def of_order(
    network: str, email: str, phone: str, products: Iterable[int]
) -> tuple[tuple[RateLimit, str], ...]:
    """Return the uses that one order counts as."""
    return (
        (ORDER_NETWORK, network),
        (ORDER_EMAIL, emails.key(email)),
        (ORDER_PHONE, phone),
        *((ORDER_PRODUCT, str(product)) for product in products),
    )


def of_search(network: str, email: str, number: str) -> tuple[tuple[RateLimit, str], ...]:
    """Return the uses that one search for an order by number and email counts as."""
    return (
        (FIND_NETWORK, network),
        (FIND_EMAIL, emails.key(email)),
        (FIND_NUMBER, number),
    )
