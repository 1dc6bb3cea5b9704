"""Packing lists, to be printed: goods and pieces, nothing that names the buyer."""

from flask import abort, render_template, request

from neupusti.core.text import order_numbers
from neupusti.core.text.order_numbers import OrderNumberError
from neupusti.orders.queries import details as queries
from neupusti.orders.queries.details import Details
from neupusti.orders.service import delivery
from neupusti.orders.views.blueprint import bp

MOST = 50
"""Orders on one printed list."""


@bp.get("/admin/orders/packing/")
def packing() -> str:
    """Show the packing lists of the chosen orders, one a page."""
    chosen = dict.fromkeys(request.args.getlist("number")[:MOST])
    found = [details for text in chosen if (details := _found(text)) is not None]
    if not found:
        abort(404)
    return render_template(
        "orders/admin/packing.html",
        orders=found,
        deliveries=delivery.DELIVERY_NAMES,
    )


def _found(text: str) -> Details | None:
    try:
        return queries.by_number(order_numbers.parse(text))
    except OrderNumberError:
        return None
