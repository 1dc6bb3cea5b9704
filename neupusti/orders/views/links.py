"""The page of a guest link, which is exchanged at once for a clean address."""

from flask import redirect, url_for
from werkzeug.wrappers import Response

from neupusti.accounts.views.blueprint import without_referrer
from neupusti.core.web import opened
from neupusti.orders.service import links
from neupusti.orders.views.blueprint import bp

ORDERS = "orders"


@bp.get("/orders/link/<token>")
def open_link(token: str) -> Response:
    """Let this browser see the order of a link."""
    link = links.open_link(token)
    remember(link.number, link.token)
    return without_referrer(redirect(url_for("orders.show", number=link.number), 303))


def remember(number: str, token: int) -> None:
    """Let this browser see an order, by the id of a token."""
    opened.remember(ORDERS, number, token)


def remembered(number: str) -> int | None:
    """Return the id of the token by which this browser may see an order, or None."""
    return opened.remembered(ORDERS, number)
