"""Who may see an order: its owner, or a browser that opened a link to it (3.6)."""

from typing import NoReturn

from flask import abort, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from neupusti.core.security import identity
from neupusti.core.text import order_numbers
from neupusti.core.text.order_numbers import OrderNumberError
from neupusti.orders.forms.buyer import FindForm
from neupusti.orders.service import links
from neupusti.orders.service.errors import NoOrderError
from neupusti.orders.service.links import Access
from neupusti.orders.views.links import remembered


def access(text: str) -> Access:
    """Return the access of this browser to the order of an address, else respond.

    A number in another spelling is redirected, as it tells nothing; whatever this browser
    may not see is not there, whether it exists or not.
    """
    try:
        number = order_numbers.parse(text)
    except OrderNumberError as error:
        missing(_("Check the number: one of its signs is wrong.") if error.mistyped else "")
    if number != text and request.view_args is not None:
        values = {**request.view_args, "number": number}
        abort(redirect(url_for(request.endpoint or "", **values), 301))
    who = identity.current()
    try:
        return links.access(
            number,
            token=remembered(number),
            person=who.person if who else None,
        )
    except NoOrderError:
        missing()


def missing(message: str = "") -> NoReturn:
    """Respond with 404 and the form that sends a link to an order."""
    page = make_response(not_found(message), 404)
    abort(page)


def not_found(message: str = "") -> str:
    """Return the page of an order that is not there, with the form of the search."""
    return render_template(
        "orders/missing.html", form=FindForm(formdata=None), message=message
    )
