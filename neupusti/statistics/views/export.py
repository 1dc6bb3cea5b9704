"""Export lists as CSV or JSON, and rows as a combined log."""

import json
from collections.abc import Iterator
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from sqlalchemy import Engine, select
from werkzeug.wrappers import Response as AnyResponse

from neupusti.access.models import Record
from neupusti.access.views.blueprint import engine
from neupusti.core.forms.base import shown
from neupusti.core.security import identity
from neupusti.core.text import csv
from neupusti.statistics import service
from neupusti.statistics.queries import rows
from neupusti.statistics.views import combined, context, labels, pages, state
from neupusti.statistics.views.addresses import ReasonForm
from neupusti.statistics.views.blueprint import bp
from neupusti.statistics.views.state import ViewState

MAX_ROWS = 100_000
FIGURES = ("requests", "visitors", "errors", "bytes")


@bp.get("/list/<dimension>.<any(csv, json):kind>")
def export_list(dimension: str, kind: str) -> Response:
    """Export one page of a list as it is shown."""
    view, wanted = state.current(), pages.dimension_or_404(dimension)
    with view.source() as source:
        items = pages.page_of(source, view, wanted, pages.LONG_LIST)
    if kind == "csv":
        lines = ([item.value, *(getattr(item, name) for name in FIGURES)] for item in items)
        body, mimetype = csv.csv_text([wanted.value, *FIGURES], lines), csv.MIMETYPE
    else:
        listed = [
            {wanted.value: item.value, **{name: getattr(item, name) for name in FIGURES}}
            for item in items
        ]
        body, mimetype = json.dumps(listed, ensure_ascii=False), "application/json"
    return _download(body, mimetype, f"{wanted.value}-{_days(view)}.{kind}")


@bp.get("/series.<any(csv, json):kind>")
def export_series(kind: str) -> Response:
    """Export the figures of the chart."""
    view = state.current()
    names = (
        "requests",
        "visitors",
        "people",
        "bytes",
        "robots",
        "scanners",
        "views",
        "not_found",
        "server_errors",
    )
    with view.source() as source:
        points = source.series(view.period)
    lines = [
        [point.start.isoformat(), *(getattr(point.totals, name) for name in names)]
        for point in points
    ]
    if kind == "csv":
        body, mimetype = csv.csv_text(["start", *names], lines), csv.MIMETYPE
    else:
        listed = [dict(zip(("start", *names), row, strict=True)) for row in lines]
        body, mimetype = json.dumps(listed), "application/json"
    return _download(body, mimetype, f"series-{_days(view)}.{kind}")


@bp.get("/log/")
def log() -> AnyResponse:
    """Ask for the reason of the export."""
    return _log_form(ReasonForm(formdata=None))


@bp.post("/log/")
def download_log() -> AnyResponse:
    """Download the filtered rows as a combined log, and log who did."""
    form = ReasonForm()
    if not form.validate():
        return _log_form(form)
    view = state.current()
    whole = request.form.get("addresses") == "whole"
    number = _count_rows(view)
    if number > MAX_ROWS:
        form.refuse("reason", _too_many())
        return _log_form(form)
    person = identity.current()
    service.log_export(
        staff=person.person if person else None,
        rows=number,
        whole=whole,
        reason=str(form.reason.data),
    )
    response = Response(_lines(engine(), view, whole=whole), mimetype="text/plain")
    response.headers["Content-Disposition"] = (
        f'attachment; filename="access-{_days(view)}.log"'
    )
    return response


def _too_many() -> Any:
    return _("More than %(most)s requests: narrow the days or the filters.",
             most=labels.number(MAX_ROWS))  # fmt: skip


def _log_form(form: ReasonForm) -> AnyResponse:
    view = state.current()
    return shown(
        "statistics/log.html",
        form,
        **context.page_values(view),
        number=_count_rows(view),
        limit=MAX_ROWS,
    )


def _count_rows(view: ViewState) -> int:
    with engine().connect() as connection:
        return rows.count_rows(connection, view.period, view.filters)


def _lines(access_engine: Engine, view: ViewState, *, whole: bool) -> Iterator[str]:
    # Runs while the response is sent: no request or app context is left.
    with access_engine.connect() as connection:
        found: Any = connection.execution_options(yield_per=2000).execute(
            select(Record)
            .where(*rows.matching(view.period, view.filters))
            .order_by(Record.at, Record.id)
        )
        for row in found:
            yield combined.format_line(row, whole=whole)


def _days(view: ViewState) -> str:
    return f"{view.period.first}-{view.period.last}"


def _download(body: str, mimetype: str, name: str) -> Response:
    response = Response(body, mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
