"""The recipients, for staff: the list, a form with a reason, the history."""

from flask import abort, make_response, redirect, render_template, request, url_for
from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.forms.base import shown
from neupusti.core.registry import registry
from neupusti.core.security import identity
from neupusti.core.text import countries, languages
from neupusti.core.text.languages import Language
from neupusti.core.web import pagination
from neupusti.core.web.pagination import ROW
from neupusti.delivery import queries
from neupusti.delivery.forms import RecipientForm
from neupusti.delivery.models import Field
from neupusti.delivery.service import editing, fields
from neupusti.delivery.service.errors import ChangedError, RecipientError
from neupusti.delivery.views.blueprint import bp
from neupusti.orders.models.recipient import RecipientKind
from neupusti.orders.queries import recipients as known
from neupusti.orders.queries.recipients import Known

DONE: dict[str, LazyString] = {"saved": _("Saved.")}


@bp.get("/admin/recipients/")
def recipients() -> Response:
    """List the recipients, those that are not active too."""
    now = clock.now()
    body = render_template(
        "delivery/admin/recipients.html",
        rows=known.known(db.session()),
        holds=lambda one: one.holds_at(now),
        kinds=fields.KIND_LABELS,
        countries=countries.names(languages.current()),
        done=DONE.get(request.args.get("done", "")),
    )
    return make_response(body)


@bp.get("/admin/recipients/new")
def new_recipient() -> Response:
    """Ask for a new recipient of one kind."""
    kind = _kind()
    form = RecipientForm(kind, formdata=None)
    form.country.data = countries.HOME
    return _page(form, kind, None)


@bp.post("/admin/recipients/new")
def add_recipient() -> Response:
    """Store a new recipient."""
    kind = _kind()
    form = RecipientForm(kind)
    if form.validate():
        try:
            me = identity.me().person
            editing.add(kind, form.draft(), staff=me, reason=form.reason.data)
        except RecipientError as error:
            form.refuse(error.field, str(error.message))
        else:
            return redirect(url_for("delivery.recipients", done="saved"), 303)
    return _page(form, kind, None)


@bp.get(f"/admin/recipients/{ROW}")
def recipient(number: int) -> Response:
    """Show a recipient as a form, with its history."""
    found = _found(number)
    version = found.version
    form = RecipientForm(found.kind, formdata=None, obj=version)
    form["fields"].data = fields.in_order(fields.listed(found))
    form.contract_until.data = str(version.contract_until or "")
    form.opened.data = str(version.id)
    return _page(form, found.kind, found)


@bp.post(f"/admin/recipients/{ROW}")
def change_recipient(number: int) -> Response:
    """Store a new state of a recipient, unless somebody else stored one meanwhile."""
    found = _found(number)
    form = RecipientForm(found.kind)
    if not form.validate():
        return _page(form, found.kind, found)
    try:
        editing.change(
            number,
            form.draft(),
            opened=pagination.whole(form.opened.data) or 0,
            staff=identity.me().person,
            reason=form.reason.data,
        )
    except RecipientError as error:
        form.refuse(error.field, str(error.message))
        return _page(form, found.kind, found)
    except ChangedError as error:
        form.opened.data = str(_found(number).version.id)
        form.form_errors = [str(error.message)]
        page = _page(form, found.kind, _found(number))
        page.status_code = error.status
        return page
    return redirect(url_for("delivery.recipients", done="saved"), 303)


def found_or_404(number: int) -> Known:
    """Return a recipient as it is now."""
    rows = {one.id: one for one in known.known(db.session())}
    return rows.get(number) or abort(404)


def _found(number: int) -> Known:
    db.session.expire_all()
    return found_or_404(number)


def _kind() -> RecipientKind:
    text = request.args.get("kind", RecipientKind.OWN_COURIER)
    return RecipientKind(text) if text in set(RecipientKind) else abort(404)


def _page(form: RecipientForm, kind: RecipientKind, found: Known | None) -> Response:
    return shown(
        "delivery/admin/recipient.html",
        form,
        kind=kind,
        kinds=fields.KIND_LABELS,
        recipient=found,
        history=queries.history(found.id) if found else (),
        names=registry().staff_names(),
        labels=fields.LABELS,
        listed=lambda one: fields.in_order(map(Field, filter(None, one.fields.split(",")))),
        countries=countries.names(languages.current()),
        languages=[(one.value, one.own_name) for one in Language],
    )
