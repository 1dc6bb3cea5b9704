"""The append-only journals: who did what, about whom and why."""

from typing import Any

from flask import make_response, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.admin import queries, service
from neupusti.admin.forms import ReasonForm
from neupusti.admin.queries import Filters, JournalName
from neupusti.admin.views import labels
from neupusti.admin.views.blueprint import bp, day, me, number
from neupusti.core import clock
from neupusti.core.forms.base import shown
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.core.text import csv
from neupusti.core.web import pagination


@bp.get("/journal/")
def journal() -> Response:
    """Show one of the journals, filtered, the newest rows first."""
    return _page(ReasonForm(formdata=None))


@bp.post("/journal/export")
def export() -> Response:
    """Export the filtered rows as CSV, and log the export."""
    form = ReasonForm()
    if not form.validate():
        return _page(form)
    filters = _filters()
    try:
        columns, rows = service.export(
            filters.rows, staff=me(), reason=str(form.reason.data)
        )
    except service.TooManyRowsError:
        message = _(
            "More than %(most)s rows: narrow the dates.", most=service.MAX_EXPORT_ROWS
        )
        form.refuse("reason", message)
        return _page(form)
    answer = make_response(csv.csv_text(columns, rows))
    answer.mimetype = csv.MIMETYPE
    name = f"{filters.book}-journal-{clock.today()}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _filters() -> Filters:
    book = request.values.get("book", "")
    return Filters(
        book=JournalName(book) if book in set(JournalName) else JournalName.STAFF,
        who=number("who"),
        what=request.values.get("what", "").replace("\0", "")[:60],
        whom=number("whom"),
        since=day("since"),
        until=day("until"),
    )


def _page(form: ReasonForm) -> Response:
    filters = _filters()
    listing = pagination.paginate(
        filters.rows, pagination.number(request.values.get("page"))
    )
    return shown(
        "admin/journal.html",
        form,
        filters=filters,
        listing=listing,
        address=lambda page: url_for("admin.journal", **filters.parameters, page=page),
        chain_intact=queries.chain_intact(),
        checked=queries.RECENT_ACTIONS,
        names=_names(),
        actions=labels.staff_actions(),
        operations={
            operation.value: label for operation, label in labels.OPERATIONS.items()
        },
        permissions={permission.value: permission.label for permission in Permission},
        actor_kinds={kind.value: label for kind, label in labels.ACTORS.items()},
        max_rows=service.MAX_EXPORT_ROWS,
        JournalName=JournalName,
    )


def _names() -> dict[int, str]:
    """Return the names of all staff, current ones and those in the journal."""
    known: dict[int, Any] = dict.fromkeys(queries.actors(), "")
    return known | registry().staff_names()
