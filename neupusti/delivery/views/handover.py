"""Hand parcels over: choose them, and get links, waybills or a table."""

from collections.abc import Sequence

from flask import Response as FileResponse
from flask import abort, make_response, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.forms.base import UNPROCESSABLE, Form, shown
from neupusti.core.records.journal import Actor, ActorKind
from neupusti.core.security import identity
from neupusti.core.text import csv, languages, order_numbers
from neupusti.core.text.order_numbers import OrderNumberError
from neupusti.core.web import pagination
from neupusti.core.web.pagination import ROW
from neupusti.delivery import queries
from neupusti.delivery.forms import HandOverForm, ReaddressForm
from neupusti.delivery.models import CHANNELS, Channel, Field
from neupusti.delivery.service import disclosing, fields, readdressing, waybills
from neupusti.delivery.service.disclosing import Handed, HandOver
from neupusti.delivery.service.links import LIFE
from neupusti.delivery.views.blueprint import bp, private
from neupusti.delivery.views.recipients import found_or_404
from neupusti.orders.forms.address import address_of
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.queries.recipients import Known
from neupusti.orders.service import links as order_links
from neupusti.orders.service.errors import OrderError, StaleError
from neupusti.orders.service.moves import Press
from neupusti.orders.views.words import PARCELS


@bp.get(f"/admin/recipients/{ROW}/parcels")
def waiting(number: int) -> Response:
    """List the parcels that a recipient may get; with `order` those of one order."""
    return _page(found_or_404(number), HandOverForm(formdata=None))


@bp.post(f"/admin/recipients/{ROW}/parcels")
def hand_over(number: int) -> Response:
    """Hand the ticked parcels over; the response is what the recipient gets."""
    to, form = found_or_404(number), HandOverForm()
    channel, wanted = request.form.get("channel", ""), _ticked()
    if not form.validate():
        return _page(to, form)
    if channel not in set(Channel) or not wanted:
        return _page(to, form, str(_("Tick at least one parcel.")))
    if form.track.data and len(wanted) > 1:
        return _page(to, form, str(_("A tracking number is that of one parcel.")))
    how = HandOver(recipient=to.id, channel=Channel(channel), reason=form.reason.data)
    try:
        handed = disclosing.hand_over(wanted, how, _me(), track=form.track.data)
    except (OrderError, StaleError) as error:
        return _page(found_or_404(number), form, str(error.message), error.status)
    return _sent(handed, how.channel)


@bp.get("/admin/orders/<number>/readdressing")
def ask_address(number: str) -> Response:
    """Ask for another address of what is on its way; the present one is not shown."""
    order = _order(number)
    form = ReaddressForm(formdata=None, version=str(order.version))
    return shown("delivery/admin/address.html", form, order=order, problem="")


@bp.post("/admin/orders/<number>/readdressing")
def readdress(number: str) -> Response:
    """Change the address of what a courier carries; show the new links."""
    order, form = _order(number), ReaddressForm()
    if not form.validate():
        return shown("delivery/admin/address.html", form, order=order, problem="")
    seen = pagination.whole(form.version.data)
    press = Press(order.id, -1 if seen is None else seen, _me())
    try:
        handed = readdressing.readdress(press, address_of(form), form.answer.data)
    except (OrderError, StaleError) as error:
        page = shown(
            "delivery/admin/address.html",
            form,
            order=_order(number),
            problem=str(error.message),
        )
        page.status_code = error.status
        return page
    return _sent(handed, Channel.LINK)


def _me() -> Actor:
    return Actor(ActorKind.STAFF, identity.me().person)


def _ticked() -> list[tuple[int, int]]:
    """Read the ticked parcels, each with the version of its order that was seen."""
    found = {}
    for text in request.form.getlist("parcel")[: queries.MOST]:
        parcel = pagination.whole(text)
        seen = pagination.whole(request.form.get(f"seen-{text}"))
        if parcel is not None:
            found[parcel] = -1 if seen is None else seen
    return list(found.items())


def _order(text: str) -> ShopOrder:
    db.session.expire_all()
    try:
        found = order_links.by_number(db.session(), order_numbers.parse(text))
    except OrderNumberError:
        found = None
    return found or abort(404)


def _page(
    to: Known, form: Form, problem: str = "", status: int = UNPROCESSABLE
) -> Response:
    number = request.values.get("order", "")
    if number:
        number = _order(number).number
    body = render_template(
        "delivery/admin/parcels.html",
        to=to,
        name=to.version.name(languages.current()),
        holds=to.holds_at(clock.now()),
        rows=queries.waiting(to, number),
        number=number,
        fields=[fields.LABELS[one] for one in fields.in_order(fields.listed(to))],
        channels=CHANNELS[to.kind],
        words=PARCELS,
        form=form,
        problem=problem,
    )
    return make_response(body, status if problem or form.errors else 200)


def _sent(handed: Sequence[Handed], channel: Channel) -> Response:
    """Respond with what the recipient gets: shown once, as no copy of it is kept."""
    rows = [one.disclosed for one in handed]
    if channel is Channel.CSV:
        name = f"waybills-{clock.today()}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return private(
            FileResponse(waybills.table(rows), mimetype=csv.MIMETYPE, headers=headers)
        )
    template = "links" if channel is Channel.LINK else "waybills"
    body = render_template(
        f"delivery/admin/{template}.html",
        handed=handed,
        days=LIFE.days,
        shown=waybills.shown,
        envelope=waybills.envelope,
        qr=waybills.qr,
        Field=Field,
        labels=fields.LABELS,
    )
    return private(make_response(body))
