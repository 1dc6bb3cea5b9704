"""The staff page: counts only, undeclared names, and the state of the chain."""

from datetime import date, timedelta

from flask import render_template, request

from neupusti.consent import queries
from neupusti.consent.models import Outcome
from neupusti.consent.service import verify
from neupusti.consent.views.extension import bp, room
from neupusti.core import clock

DAYS = 30
CHECKED = 1000
"""How many of the newest records the page checks; the command checks them all."""


@bp.get("/admin/consents/")
def statistics() -> str:
    """Show how often visitors were asked and what they answered, by day and category."""
    until = _day("until", clock.today())
    since = _day("since", until - timedelta(days=DAYS - 1))
    days = queries.by_day(since, until)
    return render_template(
        "admin/consents.html",
        since=since,
        until=until,
        days=days,
        most=max((day.number(Outcome.SHOWN) for day in days), default=0),
        categories=queries.by_category(since, until),
        strays=queries.strays(),
        unwritten=room().tally,
        checked=verify.verify_newest(CHECKED),
        room=room(),
        Outcome=Outcome,
    )


def _day(name: str, default: date) -> date:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return default
