"""The page of a guest link, which is exchanged at once for a clean address."""

from flask import redirect, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.accounts.views.blueprint import without_referrer
from neupusti.core.security.tokens import TokenError
from neupusti.core.web import errors
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


@bp.errorhandler(TokenError)
def _token_error(_error: TokenError) -> Response:
    """Answer 404 for any invalid link, without the reason."""
    text = _(
        "This link to an order has ended, or the address is mistyped. "
        "Ask for a new one by the number of the order and your e-mail."
    )
    return without_referrer(errors.page(404, text))
