"""The live view of the newest requests."""

from flask import render_template, request
from sqlalchemy import select

from neupusti.access.models import Record
from neupusti.access.views.blueprint import engine
from neupusti.statistics.views import context, state
from neupusti.statistics.views.blueprint import bp

ROWS = 50
SECONDS = 2
"""Between two looks of a script; without scripts the page reloads less often, so that a
reader of the page, by ear or by keyboard, gets to the button that stops it."""
RELOAD_SECONDS = 10


@bp.get("/live/")
def live() -> str:
    """Show the newest requests; with `refresh=1` they are renewed until it is stopped."""
    with engine().connect() as connection:
        rows = list(
            connection.execute(
                select(Record).order_by(Record.at.desc(), Record.id.desc()).limit(ROWS)
            )
        )
    return render_template(
        "statistics/live.html",
        **context.page_values(state.current()),
        rows=rows,
        polling=request.args.get("refresh") == "1",
        seconds=SECONDS,
        reload_seconds=RELOAD_SECONDS,
    )
