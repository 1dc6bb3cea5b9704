"""The page of a guest link, which is exchanged at once for a clean address."""

from flask import redirect, session, url_for
from werkzeug.wrappers import Response

from neupusti.accounts.views.blueprint import without_referrer
from neupusti.orders.service import links
from neupusti.orders.views.blueprint import bp

ORDERS = "orders"
MOST = 20
"""Orders that one session remembers: the cookie is signed and must stay small."""


@bp.get("/orders/link/<token>")
def open_link(token: str) -> Response:
    """Let this browser see the order of a link."""
    opened = links.open_link(token)
    remember(opened.number, opened.token)
    return without_referrer(redirect(url_for("orders.show", number=opened.number), 303))


def remember(number: str, token: int) -> None:
    """Let this browser see an order, by the id of a token; the oldest are forgotten."""
    known = {**session.get(ORDERS, {})}
    known.pop(number, None)
    known[number] = token
    session[ORDERS] = dict(list(known.items())[-MOST:])


def remembered(number: str) -> int | None:
    """Return the id of the token by which this browser may see an order, or None."""
    found: int | None = session.get(ORDERS, {}).get(number)
    return found
