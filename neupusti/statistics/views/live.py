"""The live view of the newest requests."""

from flask import make_response, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response

from neupusti.access.models import Record
from neupusti.access.views.blueprint import engine
from neupusti.statistics.views import context, state
from neupusti.statistics.views.blueprint import bp

ROWS = 50
SECONDS = 2


@bp.get("/live/")
def live() -> Response:
    """Show the newest requests; with `refresh=1` the page reloads every two seconds."""
    polling = request.args.get("refresh") == "1"
    with engine().connect() as connection:
        rows = list(
            connection.execute(
                select(Record).order_by(Record.at.desc(), Record.id.desc()).limit(ROWS)
            )
        )
    page = make_response(
        render_template(
            "statistics/live.html",
            **context.page_values(state.current()),
            rows=rows,
            polling=polling,
        )
    )
    if polling:
        page.headers["Refresh"] = str(SECONDS)
    return page
