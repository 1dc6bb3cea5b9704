"""The journals: who did what, about whom and why; nothing in them can be changed."""

from typing import Any

from flask import make_response, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from neupusti.admin import queries, service
from neupusti.admin.forms import ReasonForm
from neupusti.admin.queries import Book, Filters
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
    """Hand the filtered rows over as a table, and write down that they were taken."""
    form = ReasonForm()
    if not form.validate():
        return _page(form)
    filters = _filters()
    try:
        heads, rows = service.export(filters.rows, staff=me(), reason=str(form.reason.data))
    except service.TooLongError:
        words_ = _("More than %(most)s rows: narrow the dates.", most=service.EXPORTED)
        form.refuse("reason", words_)
        return _page(form)
    answer = make_response(csv.csv_text(heads, rows))
    answer.mimetype = csv.MIMETYPE
    name = f"{filters.book}-journal-{clock.today()}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _filters() -> Filters:
    book = request.values.get("book", "")
    return Filters(
        book=Book(book) if book in set(Book) else Book.STAFF,
        who=number("who"),
        what=request.values.get("what", "")[:60],
        whom=number("whom"),
        since=day("since"),
        until=day("until"),
    )


def _page(form: ReasonForm) -> Response:
    filters = _filters()
    leaf = pagination.paginate(filters.rows, pagination.number(request.values.get("page")))
    return shown(
        "admin/journal.html",
        form,
        filters=filters,
        leaf=leaf,
        address=lambda page: url_for("admin.journal", **filters.asked, page=page),
        sound=queries.sound(),
        checked=queries.CHECKED,
        names=_names(),
        acts=labels.staff_actions(),
        operations={one.value: label for one, label in labels.OPERATIONS.items()},
        permissions={one.value: one.label for one in Permission},
        kinds={one.value: label for one, label in labels.ACTORS.items()},
        most=service.EXPORTED,
        Book=Book,
    )


def _names() -> dict[int, str]:
    """Return every member of staff a filter may ask for: of today, and of the journal."""
    known: dict[int, Any] = dict.fromkeys(queries.actors(), "")
    return known | registry().staff_names()
