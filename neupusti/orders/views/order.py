"""The page of an order, and the orders of an account."""

from flask import make_response, render_template, request
from werkzeug.wrappers import Response

from neupusti.core.data.database import db
from neupusti.core.forms.base import ConfirmForm
from neupusti.core.security import identity
from neupusti.core.text import languages, phones
from neupusti.core.web import pagination
from neupusti.orders.models.address import OrderAddress
from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.models.order import Delivery, OrderState, Payment
from neupusti.orders.queries import address, lists
from neupusti.orders.queries import details as queries
from neupusti.orders.queries.details import Details
from neupusti.orders.service import addresses, delivery, links
from neupusti.orders.service.links import Access
from neupusti.orders.views import reach, words
from neupusti.orders.views.blueprint import bp

SIZE = 20
"""Orders on one page of the list."""
AT_HOME = frozenset({ParcelState.PACKED.value, ParcelState.GONE.value})
"""The states of a parcel that has not left: then an order can still be changed."""


@bp.get("/orders/<number>")
def show(number: str) -> Response:
    """Show an order to whoever may see it."""
    return page(reach.access(number))


@bp.get("/account/orders")
def mine() -> Response:
    """List the orders of the signed-in person, newest first."""
    wanted = pagination.number(request.args.get("page"))
    items, total = lists.of_person(identity.me().person, page=wanted, size=SIZE)
    body = render_template(
        "orders/mine.html",
        items=items,
        total=total,
        page=wanted,
        pages=max(1, -(-total // SIZE)),
    )
    return make_response(body)


def page(access: Access, *, problem: str = "", status: int = 200) -> Response:
    """Render the page of an order; `problem` says why an action was refused."""
    found = details(access)
    order = found.order
    where = address.of(db.session(), order.id)
    blocked = links.is_blocked(order)
    body = render_template(
        "orders/show.html",
        access=access,
        details=found,
        order=order,
        phone=phones.shown(order.phone) if order.phone else "",
        address=where,
        region=region(where),
        delivery_name=delivery.DELIVERY_NAMES[Delivery(order.delivery)],
        payment_name=delivery.PAYMENT_NAMES[Payment(order.payment)],
        pickup=delivery.pickup_address(languages.current()),
        events=[(one, text) for one in found.events if (text := words.event(one))],
        parcel_words=words.PARCELS,
        return_words=words.RETURNS,
        can_cancel=is_changeable(found),
        blocked=blocked,
        can_move=can_move(found),
        can_return=not blocked and any(found.left_to_return(line) for line in found.lines),
        done=words.DONE.get(request.args.get("done", "")),
        wants_account=request.args.get("account") == "y" and identity.current() is None,
        form=ConfirmForm(formdata=None),
        problem=problem,
    )
    return make_response(body, status)


def details(access: Access) -> Details:
    """Return all of the order that this browser may see."""
    found = queries.by_number(access.order.number)
    return found if found is not None else reach.missing()


def region(where: OrderAddress | None) -> str:
    """Return the name of the region of an address, or an empty text."""
    return addresses.region_name(where.region, languages.current()) if where else ""


def is_changeable(found: Details) -> bool:
    """Return whether the buyer can still cancel: nothing has left, nothing is decided."""
    return found.order.state != OrderState.CANCELLED.value and all(
        parcel.state in AT_HOME for parcel, _pieces in found.parcels
    )


def can_move(found: Details) -> bool:
    """Return whether the buyer can still change the address."""
    order = found.order
    needed = Delivery(order.delivery).needs_address
    return is_changeable(found) and needed and not links.is_blocked(order)
