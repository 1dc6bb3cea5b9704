"""Find an order without an account: a link by email, and opening it (3.6)."""

import time

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.accounts.views.blueprint import pad_response_time, without_referrer
from neupusti.core.forms.base import shown
from neupusti.core.security import throttle
from neupusti.core.security.tokens import TokenError
from neupusti.core.text import languages
from neupusti.core.text.order_numbers import OrderNumberError
from neupusti.orders.forms.buyer import FindForm
from neupusti.orders.service import finding
from neupusti.orders.views import reach
from neupusti.orders.views.blueprint import bp


@bp.get("/orders/find")
def find() -> Response:
    """Show the form; nothing of the address fills it."""
    return shown("orders/find.html", FindForm(formdata=None))


@bp.post("/orders/find")
def send_link() -> Response:
    """Send a link to the order, if there is such a one; the answer is always the same."""
    started = time.monotonic()
    form = FindForm()
    if not form.validate():
        return shown("orders/find.html", form)
    network = throttle.network(request.remote_addr or "")
    try:
        finding.find(form.number.data, form.email.data, languages.current(), network)
    except OrderNumberError as error:
        form.refuse(
            "number",
            _("One of the signs is wrong: compare the number with our e-mail.")
            if error.mistyped
            else _("Write the number like NP-261122-7K3F-5."),
        )
        return shown("orders/find.html", form)
    pad_response_time(started)
    return redirect(url_for("orders.link_sent"), 303)


@bp.get("/orders/find/sent")
def link_sent() -> Response:
    """Say that a link was sent if there is such an order."""
    return make_response(render_template("orders/sent.html"))


@bp.errorhandler(TokenError)
def _token_error(_error: TokenError) -> Response:
    """Answer 404 for any invalid link, without the reason, and offer a new one."""
    text = _(
        "This link to an order has ended, or the address is mistyped. "
        "Ask for a new one by the number of the order and your e-mail."
    )
    return without_referrer(make_response(reach.not_found(text), 404))
