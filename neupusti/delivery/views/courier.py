"""The page of a courier's link: nothing personal before a press, and no press by GET."""

from collections.abc import Mapping

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from neupusti.core.data import reading
from neupusti.core.forms.base import ConfirmForm
from neupusti.core.web import errors
from neupusti.core.web.errors import DomainError
from neupusti.delivery.models import CourierAction, Field
from neupusti.delivery.service import links, waybills
from neupusti.delivery.service.fields import LABELS
from neupusti.delivery.service.links import Link
from neupusti.delivery.service.reading import Disclosed
from neupusti.delivery.views.blueprint import bp, private
from neupusti.orders.service.errors import StaleError
from neupusti.orders.views.words import PARCELS

BUTTONS: Mapping[CourierAction, LazyString] = {
    CourierAction.TOOK: _("I have taken it"),
    CourierAction.DELIVERED: _("Delivered"),
    CourierAction.REFUSED: _("The buyer refused it or does not answer"),
}
UNPROCESSABLE = 422


@bp.before_request
def _only_in_use() -> None:
    """Show nobody who delivers what is blocked (6.2.4)."""
    reading.only_in_use()


@bp.get("/delivery/<token>")
def courier(token: str) -> Response:
    """Show the number of the order, and a button that shows the rest.

    Messengers open links to preview them: they learn nothing, and leave no trace.
    """
    return _page(token, links.find(token))


@bp.post("/delivery/<token>")
def open_parcel(token: str) -> Response:
    """Show what the courier may see, and note the visit."""
    link, seen = links.opened(token)
    return _page(token, link, seen)


@bp.post("/delivery/<token>/moves")
def move_by_courier(token: str) -> Response:
    """Note that the parcel was taken, delivered or refused."""
    to = request.form.get("to", "")
    if to not in {deed.value for deed in links.MOVES}:
        return _page(token, links.find(token), problem=str(_("There is no such move.")))
    try:
        links.pressed(token, CourierAction(to))
    except StaleError:
        problem = str(_("Somebody has just moved this parcel. Look at it once more."))
        return _page(token, links.find(token), problem=problem)
    return private(redirect(url_for("delivery.courier", token=token, done=to), 303))


@bp.errorhandler(DomainError)
def _refused(error: DomainError) -> Response:
    """Keep the pages of errors out of caches and referrers too."""
    return private(errors.domain_error(error))


def _page(
    token: str, link: Link, seen: Disclosed | None = None, *, problem: str = ""
) -> Response:
    body = render_template(
        "delivery/courier.html",
        token=token,
        link=link,
        number=link.order.number,
        seen=seen and waybills.shown(seen),
        envelope=seen and waybills.envelope(seen),
        phone=seen and seen.values.get(Field.PHONE),
        labels=LABELS,
        Field=Field,
        buttons={deed.value: BUTTONS[deed] for deed in link.offered},
        state=PARCELS[link.parcel.state],
        done=request.args.get("done") in {deed.value for deed in links.MOVES},
        problem=problem,
        form=ConfirmForm(formdata=None),
    )
    return private(make_response(body, UNPROCESSABLE if problem else 200))
