"""One order on the board: its page, and the moves that staff make."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import abort, make_response, redirect, render_template, request, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from neupusti.core.blocking.errors import BLOCKED, STATUS
from neupusti.core.data.database import db
from neupusti.core.forms.base import UNPROCESSABLE, Form, shown
from neupusti.core.records.journal import Actor, ActorKind
from neupusti.core.registry import registry
from neupusti.core.security import identity
from neupusti.core.text import languages, phones
from neupusti.core.web import pagination
from neupusti.orders.forms.address import address_of
from neupusti.orders.forms.buyer import AddressForm
from neupusti.orders.forms.staff import (
    CollectForm,
    NoteForm,
    ParcelForm,
    PaymentForm,
    PressForm,
)
from neupusti.orders.models.fulfilment import ParcelState
from neupusti.orders.models.order import Delivery, OrderState, Payment
from neupusti.orders.queries import address
from neupusti.orders.queries import details as queries
from neupusti.orders.queries.details import Details
from neupusti.orders.service import addresses, delivery, links, reading
from neupusti.orders.service.errors import OrderError, StaleError
from neupusti.orders.service.life import changing, deciding, parcels, returning
from neupusti.orders.service.moves import WHAT_LABELS, WHO_LABELS, Press, What
from neupusti.orders.views import again, offers, pieces, words
from neupusti.orders.views.blueprint import bp

ORDER = "/admin/orders/<number>"
PARCEL = f"{ORDER}/parcels/<int(max={pagination.LARGEST}):parcel>"
RETURN = f"{ORDER}/returns/<int(max={pagination.LARGEST}):wish>"
DONE: Mapping[str, LazyString] = {
    "moved": _("Done. The buyer gets an e-mail about it."),
    "saved": _("Saved."),
}


@bp.get(ORDER)
def desk(number: str) -> Response:
    """Show what the work on an order needs, without what names the buyer."""
    return _page(_found(number))


@bp.post(ORDER)
def open_buyer(number: str) -> Response:
    """Show the buyer's data too, and log who opened them."""
    found = _found(number)
    reading.log_opening(found.order, staff=identity.me().person)
    return _page(_found(number), opened=True)


@bp.post(f"{ORDER}/confirmation")
def confirm(number: str) -> Response:
    """Confirm an order."""
    return _press(number, PressForm(), lambda press, _form: deciding.confirm(press))


@bp.post(f"{ORDER}/cancellation")
def cancel_by_staff(number: str) -> Response:
    """Cancel an order, or the pieces that are chosen."""
    found = _found(number)
    chosen, errors = pieces.read(found.lines, found.left_to_pack)
    if errors:
        return _page(found, problem=next(iter(errors.values())))

    def cancel(press: Press, form: Any) -> None:
        if not form.reason.data:
            raise OrderError(_("Say why: the journal keeps it."))
        if chosen:
            deciding.cancel_lines(press, chosen, form.reason.data)
        else:
            deciding.cancel(press, form.reason.data)

    return _press(number, PressForm(), cancel)


@bp.post(f"{ORDER}/parcels")
def pack(number: str) -> Response:
    """Pack the chosen pieces into a parcel."""
    found = _found(number)
    chosen, errors = pieces.read(found.lines, found.left_to_pack)
    if errors:
        return _page(found, problem=next(iter(errors.values())))
    return _press(
        number,
        PressForm(),
        lambda press, form: parcels.pack(press, chosen, form.reason.data),
    )


@bp.post(f"{PARCEL}/moves")
def move_parcel(number: str, parcel: int) -> Response:
    """Move a parcel on by hand."""
    to = request.form.get("to", "")
    if to not in set(ParcelState):
        return _page(_found(number), problem=str(_("There is no such move.")))

    def move(press: Press, form: Any) -> None:
        if to == ParcelState.GONE:
            parcels.unpack(press, parcel, form.reason.data)
        else:
            parcels.move(
                press,
                parcel,
                ParcelState(to),
                reason=form.reason.data,
                track=form.track.data,
            )

    return _press(number, ParcelForm(), move)


@bp.post(f"{PARCEL}/collection")
def collect(number: str, parcel: int) -> Response:
    """Give a parcel to who collects it."""

    def give(press: Press, form: Any) -> None:
        parcels.collect(press, parcel, form.number.data, form.phone_end.data)

    return _press(number, CollectForm(), give)


@bp.post(f"{PARCEL}/arrival")
def take_back(number: str, parcel: int) -> Response:
    """Take back a parcel that was refused."""
    restock = _restock(_found(number))
    return _press(
        number,
        PressForm(),
        lambda press, _form: returning.take_back(press, parcel, restock),
    )


@bp.post(f"{RETURN}/answer")
def answer_return(number: str, wish: int) -> Response:
    """Accept or refuse a return."""
    accept = request.form.get("answer") == "accept"

    def answer(press: Press, form: Any) -> None:
        returning.answer(press, wish, accept=accept, reason=form.reason.data)

    return _press(number, PressForm(), answer)


@bp.post(f"{RETURN}/arrival")
def receive_return(number: str, wish: int) -> Response:
    """Take the goods of a return in."""
    restock = _restock(_found(number))
    return _press(
        number, PressForm(), lambda press, _form: returning.receive(press, wish, restock)
    )


@bp.post(f"{ORDER}/payments")
def enter_payment(number: str) -> Response:
    """Enter money received or given back."""

    def enter(press: Press, form: Any) -> None:
        changing.enter_payment(
            press,
            int(form.amount.data),
            reference=form.reference.data,
            receipt_url=form.receipt_url.data,
        )

    return _press(number, PaymentForm(), enter, done="saved")


@bp.post(f"{ORDER}/notes")
def add_note(number: str) -> Response:
    """Add a note for colleagues."""
    return _press(
        number,
        NoteForm(),
        lambda press, form: changing.note(press, form.words.data),
        done="saved",
    )


@bp.get(f"{ORDER}/address")
def new_address(number: str) -> Response:
    """Ask for another address; the present one is not shown."""
    found = _found(number)
    if not Delivery(found.order.delivery).needs_address:
        abort(404)
    form = AddressForm(formdata=None, version=str(found.order.version))
    return shown("orders/admin/address.html", form, order=found.order)


@bp.post(f"{ORDER}/address")
def save_address(number: str) -> Response:
    """Change the address of an order that has not left."""
    found, form = _found(number), AddressForm()

    def page() -> Response:
        return shown("orders/admin/address.html", form, order=found.order)

    def change(press: Press, _form: Form) -> None:
        changing.change_address(press, address_of(form))

    return _press(number, form, change, typed=page) if form.validate() else page()


def _found(number: str) -> Details:
    found = queries.by_number(number)
    if found is None:
        abort(404)
    return found


def _press(
    number: str,
    form: Form,
    move: Callable[[Press, Any], object],
    *,
    done: str = "moved",
    typed: Callable[[], Response] | None = None,
) -> Response:
    """Make a move and go back to the order; say on its page what was refused.

    Where the order has moved meanwhile, the page `typed` of the form shows it again.
    """
    found = _found(number)
    if links.is_contested(found.order):
        return _page(found, problem=str(BLOCKED), status=STATUS)
    if not form.validate():
        return _page(found, problem=next(iter(form.errors.values()))[0])
    seen = pagination.whole(form["version"].data)
    actor = Actor(ActorKind.STAFF, identity.me().person)
    try:
        move(Press(found.order.id, -1 if seen is None else seen, actor), form)
    except (OrderError, StaleError) as error:
        now = _found(number)
        if typed is not None and isinstance(error, StaleError):
            return again.shown(form, now.order.version, error, typed)
        return _page(now, problem=str(error.message), status=error.status)
    return redirect(url_for("orders.desk", number=number, done=done), 303)


def _restock(found: Details) -> dict[int, bool]:
    """Read which lines go back into stock: the boxes `restock-<line>`."""
    return {line.id: f"restock-{line.id}" in request.form for line in found.lines}


def _typed(endpoint: str, **which: int) -> Mapping[str, str]:
    """Return what was typed into one form of the page, if it is the one that was sent."""
    sent = {**(request.view_args or {})}
    sent.pop("number", None)
    return request.form if (request.endpoint, sent) == (endpoint, which) else {}


def _page(
    found: Details,
    *,
    problem: str = "",
    status: int = UNPROCESSABLE,
    opened: bool = False,
) -> Response:
    """Render the page of an order; `problem` says why a move was refused."""
    order = found.order
    where = address.of(db.session(), order.id)
    body = render_template(
        "orders/admin/order.html",
        details=found,
        order=order,
        opened=opened,
        blocked=links.is_blocked(order),
        phone=phones.shown(order.phone) if order.phone else "",
        address=where,
        region=where and addresses.region_name(where.region, languages.current()),
        delivery_name=delivery.DELIVERY_NAMES[Delivery(order.delivery)],
        payment_name=delivery.PAYMENT_NAMES[Payment(order.payment)],
        decisions=offers.decisions(found),
        moves={parcel.id: offers.moves(found, parcel) for parcel, _p in found.parcels},
        parcel_words=words.PARCELS,
        return_words=words.RETURNS,
        what={what.value: label for what, label in WHAT_LABELS.items()},
        who={kind.value: label for kind, label in WHO_LABELS.items()},
        names=registry().staff_names(),
        event_words=words.event,
        note=What.NOTE.value,
        State=OrderState,
        ParcelState=ParcelState,
        problem=problem,
        typed=_typed if problem else lambda *_form, **_which: {},
        done=DONE.get(request.args.get("done", "")),
    )
    return make_response(body, status if problem else 200)
