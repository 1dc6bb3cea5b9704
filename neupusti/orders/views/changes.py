"""What a buyer changes of an order: cancel, another address, ask for a return."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.catalog.models import ReturnRule
from neupusti.catalog.service import return_rules
from neupusti.core.data.database import db
from neupusti.core.forms.base import UNPROCESSABLE, Form, shown
from neupusti.core.records.journal import Actor, ActorKind
from neupusti.core.security import identity
from neupusti.core.web import pagination
from neupusti.orders.forms.address import address_of
from neupusti.orders.forms.buyer import AddressForm, PiecesForm, ReturnForm
from neupusti.orders.queries import address as addresses
from neupusti.orders.queries.details import Details
from neupusti.orders.service import links, moves
from neupusti.orders.service.errors import OrderError, StaleError
from neupusti.orders.service.life import changing, deciding, returning
from neupusti.orders.service.links import Access
from neupusti.orders.service.moves import Press
from neupusti.orders.views import again as late
from neupusti.orders.views import order as order_pages
from neupusti.orders.views import pieces, reach
from neupusti.orders.views.blueprint import bp

WHOLE = "whole"
"""The value of `what` that cancels all of an order."""


@bp.get("/orders/<number>/cancel")
def cancel(number: str) -> Response:
    """Ask which pieces, or whether the whole order."""
    access, found = _changeable(number)
    form = PiecesForm(formdata=None, version=str(access.order.version))
    return _cancel_page(found, form, {})


@bp.post("/orders/<number>/cancel")
def cancel_order(number: str) -> Response:
    """Cancel the whole order, or some pieces of it."""
    access, found = _changeable(number)
    if request.form.get("what") == WHOLE:
        return _pressed(access, deciding.cancel, "cancelled")
    form = PiecesForm()
    chosen, errors = pieces.read(found.lines, found.left_to_pack)
    if errors or not chosen:
        return _cancel_page(found, form, errors or pieces.nothing(found.lines))
    return _pressed(
        access,
        lambda press: deciding.cancel_lines(press, chosen),
        "cancelled",
        (form, lambda now: _cancel_page(now, form, {})),
    )


@bp.get("/orders/<number>/address")
def address(number: str) -> Response:
    """Show the address in a form."""
    access, found = _changeable(number)
    if not order_pages.can_move(found):
        return _refused(access)
    order = access.order
    present = addresses.of(db.session(), order.id)
    form = AddressForm(formdata=None, obj=present, version=str(order.version))
    return shown("orders/address.html", form, order=order)


@bp.post("/orders/<number>/address")
def change_address(number: str) -> Response:
    """Change the address of an order that has not left."""
    access, found = _changeable(number)
    if not order_pages.can_move(found):
        return _refused(access)
    form = AddressForm()
    if not form.validate():
        return shown("orders/address.html", form, order=access.order)
    wanted = address_of(form)
    return _pressed(
        access,
        lambda press: changing.change_address(press, wanted),
        "address",
        (form, lambda now: shown("orders/address.html", form, order=now.order)),
    )


@bp.get("/orders/<number>/return")
def ask_return(number: str) -> Response:
    """Ask which delivered pieces shall be returned, and why."""
    access = reach.access(number)
    form = _return_form(access, formdata=None, version=str(access.order.version))
    return _return_page(order_pages.details(access), form, {})


@bp.post("/orders/<number>/return")
def send_return(number: str) -> Response:
    """Ask for a return."""
    access = reach.access(number)
    found = order_pages.details(access)
    form = _return_form(access)
    valid = form.validate()
    chosen, errors = pieces.read(found.lines, found.left_to_return)
    if not chosen:
        errors = errors or pieces.nothing(found.lines)
    if errors or not valid:
        return _return_page(found, form, errors)
    reason = form.data.get("words", "")
    return _pressed(
        access,
        lambda press: returning.ask(press, chosen, reason),
        "return",
        (form, lambda now: _return_page(now, form, {})),
    )


def _return_form(access: Access, **kwargs: Any) -> ReturnForm:
    """Return the form; past the term of the order it asks for no words (5.1)."""
    form = ReturnForm(**kwargs)
    if access.order.identity_ended_at is not None:
        del form.words
    return form


def _changeable(number: str) -> tuple[Access, Details]:
    """Return the order if this browser may change it; a link of a day ago may not."""
    access = reach.access(number)
    if not access.may_change:
        reach.missing(_("To change an order, open a new link: yours is older than a day."))
    return access, order_pages.details(access)


def _refused(access: Access) -> Response:
    problem = _("The address of this order can no longer be changed.")
    if links.is_blocked(access.order):
        problem = str(moves.blocked().message)
    return order_pages.page(access, problem=problem, status=UNPROCESSABLE)


def _pressed(
    access: Access,
    move: Callable[[Press], object],
    done: str,
    typed: tuple[Form, Callable[[Details], Response]] | None = None,
) -> Response:
    """Make a move and go back to the order; say on its page what was refused.

    Where the order has moved meanwhile, the page of the form `typed` shows it again.
    """
    who = identity.current()
    actor = Actor(ActorKind.PERSON, who.person if who else None)
    seen = pagination.whole(request.form.get("version"))
    number = access.order.number
    try:
        move(Press(access.order.id, seen if seen is not None else -1, actor))
    except (OrderError, StaleError) as error:
        again = reach.access(number)
        if typed is None or not isinstance(error, StaleError):
            return order_pages.page(again, problem=str(error.message), status=error.status)
        form, page = typed
        now = order_pages.details(again)
        return late.shown(form, now.order.version, error, lambda: page(now))
    return redirect(url_for("orders.show", number=number, done=done), 303)


def _cancel_page(found: Details, form: Form, errors: Mapping[str, str]) -> Response:
    left = {line.id: found.left_to_pack(line) for line in found.lines}
    page = shown(
        "orders/cancel.html",
        form,
        details=found,
        order=found.order,
        left=left,
        problems=errors,
        typed=request.form,
        possible=order_pages.is_changeable(found),
    )
    page.status_code = UNPROCESSABLE if errors else page.status_code
    return page


def _return_page(found: Details, form: Form, errors: Mapping[str, str]) -> Response:
    page = shown(
        "orders/return.html",
        form,
        details=found,
        order=found.order,
        left={line.id: found.left_to_return(line) for line in found.lines},
        rules={
            line.id: return_rules.words(ReturnRule(line.return_rule))
            for line in found.lines
        },
        problems=errors,
        typed=request.form,
    )
    page.status_code = UNPROCESSABLE if errors else page.status_code
    return page
