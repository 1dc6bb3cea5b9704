"""The board of orders: what is to be done, filters, and a search that is logged."""

from dataclasses import replace
from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response

from neupusti.core.forms.base import shown
from neupusti.core.security import identity
from neupusti.core.text import dates
from neupusti.core.web import pagination
from neupusti.orders.forms.staff import SearchForm
from neupusti.orders.models.order import Delivery, Payment, ShopOrder
from neupusti.orders.models.states import LABELS, Word
from neupusti.orders.queries import lists
from neupusti.orders.queries.lists import Filter
from neupusti.orders.service import delivery, reading
from neupusti.orders.views.blueprint import bp

SIZE = 50
"""Orders on one page of the board."""


@bp.get("/admin/orders/")
def board() -> Response:
    """Show the orders, those to be worked on first."""
    return _list(SearchForm(formdata=None), _filter(), found=False)


@bp.post("/admin/orders/")
def search() -> Response:
    """Show the orders that a search finds, and log the search."""
    form = SearchForm()
    if not form.validate():
        return _list(form, _filter(), found=False)
    return _list(form, replace(_filter(), search=form.q.data), found=True)


def initials(order: ShopOrder) -> str:
    """Return a name such as `Н. Айгерим`: enough to tell two orders apart."""
    family = f"{order.family_name[:1]}." if order.family_name else ""
    return " ".join(filter(None, (family, order.given_name))) or "–"


def _list(form: SearchForm, wanted: Filter, *, found: bool) -> Response:
    page = pagination.number(request.values.get("page"))
    items, total = lists.board(wanted, page=page, size=SIZE)
    if found:
        reading.log_search(total, staff=identity.me().person)
    chosen = _parameters(wanted)
    return shown(
        "orders/admin/board.html",
        form,
        items=items,
        total=total,
        page=page,
        pages=max(1, -(-total // SIZE)),
        found=found,
        wanted=wanted,
        chosen=chosen,
        counts=lists.counts(),
        words=LABELS,
        deliveries=delivery.DELIVERY_NAMES,
        payments=delivery.PAYMENT_NAMES,
        initials=initials,
        address=lambda number: url_for("orders.board", **chosen, page=number),
    )


def _filter() -> Filter:
    """Read the filter of the request; what is none of the list restricts nothing."""
    given = request.values
    word, way, payment = (given.get(n, "") for n in ("state", "delivery", "payment"))
    return Filter(
        word=Word(word) if word in set(Word) else None,
        delivery=way if way in set(Delivery) else "",
        payment=payment if payment in set(Payment) else "",
        since=dates.parsed(given.get("since")),
        until=dates.parsed(given.get("until")),
    )


def _parameters(wanted: Filter) -> dict[str, Any]:
    """Return the filter as parameters of an address, without the search."""
    given = {
        "state": wanted.word and wanted.word.value,
        "delivery": wanted.delivery,
        "payment": wanted.payment,
        "since": wanted.since and wanted.since.isoformat(),
        "until": wanted.until and wanted.until.isoformat(),
    }
    return {name: value for name, value in given.items() if value}
