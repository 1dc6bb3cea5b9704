"""Show addresses: masked in lists, unmasked for a reason that is logged."""

from typing import Any

from flask import abort, render_template, request
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from neupusti.access.ingest.findings.identity import mask_address
from neupusti.access.views.blueprint import engine, retention_cutoffs
from neupusti.core import clock
from neupusti.core.data.classification import Purpose
from neupusti.core.forms.base import Form, shown
from neupusti.core.forms.reason import Reason
from neupusti.core.security import identity
from neupusti.core.web import pagination
from neupusti.statistics import service
from neupusti.statistics.queries import addresses as address_queries
from neupusti.statistics.queries.figures import ListOrder
from neupusti.statistics.views import context, state
from neupusti.statistics.views.blueprint import bp

LIST_SIZE, ROWS = 50, 100
ROW = f"<int(max={2**63 - 1}):record>"
"""A row id; SQLite raises for a larger one."""


class ReasonForm(Form):
    """Asks for the reason, which is logged."""

    purposes = (Purpose.SUPPORT,)

    reason = Reason(_("What for"))


@bp.get("/addresses/")
def addresses() -> str:
    """List the addresses of a period, by requests or by errors."""
    view = state.current()
    order = "errors" if view.order is ListOrder.ERRORS else "requests"
    with engine().connect() as connection:
        found = address_queries.busiest(
            connection,
            view.period,
            LIST_SIZE + 1,
            offset=(view.page - 1) * LIST_SIZE,
            order=order,
        )
    return render_template(
        "statistics/addresses.html",
        **context.page_values(view),
        addresses=found[:LIST_SIZE],
        more=len(found) > LIST_SIZE,
        order=order,
        orders=ListOrder,
    )


@bp.get(f"/addresses/{ROW}/")
def address(record: int) -> Response:
    """Show the requests of the address of a row, masked."""
    return _page(record, ReasonForm(formdata=None))


@bp.post(f"/addresses/{ROW}/")
def unmask(record: int) -> Response:
    """Show the address unmasked, once, and log who asked and for what reason."""
    form = ReasonForm()
    if not form.validate():
        return _page(record, form)
    # A destroyed row is a 404 and must not be logged as shown.
    _address_or_404(record)
    person = identity.current()
    service.log_unmasking(
        staff=person.person if person else None,
        record=record,
        reason=str(form.reason.data),
    )
    return _page(record, ReasonForm(formdata=None), shown_whole=True)


def _address_or_404(record: int) -> str:
    """Return the address of a row; abort with 404 if it is destroyed."""
    with engine().connect() as connection:
        found = address_queries.address_of(connection, record)
    if found is None:
        abort(404)
    return found[0]


def _page(record: int, form: ReasonForm, *, shown_whole: bool = False) -> Response:
    ip = _address_or_404(record)
    with engine().connect() as connection:
        page = pagination.number(request.args.get("page"))
        rows: list[Any] = address_queries.timeline(
            connection, ip, clock.midnight(retention_cutoffs().destroyed_before),
            (page - 1) * ROWS, ROWS + 1,
        )  # fmt: skip
        days = address_queries.days_of(connection, ip)
    return shown(
        "statistics/address.html",
        form,
        **context.page_values(state.current()),
        record=record,
        address=ip if shown_whole else mask_address(ip),
        shown_whole=shown_whole,
        is_masked=ip != mask_address(ip),
        country=rows[0].country if rows else "",
        rows=rows[:ROWS],
        more=len(rows) > ROWS,
        page=page,
        days=days,
    )
