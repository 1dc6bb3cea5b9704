"""The staff page: counts, undeclared cookies and the state of the hash chain."""

from datetime import date, timedelta

from flask import render_template, request

from neupusti.consent import queries
from neupusti.consent.models import ChoiceOutcome
from neupusti.consent.service import verify
from neupusti.consent.views.extension import bp, extension
from neupusti.core import clock

DAYS = 30
CHECKED = 1000
"""Number of newest records the page verifies; the command verifies all of them."""


@bp.get("/admin/consents/")
def statistics() -> str:
    """Show how often visitors were asked and what they answered, by day and category."""
    until = _day("until", clock.today())
    # No day is before the first.
    days_before = min(DAYS - 1, (until - date.min).days)
    since = _day("since", until - timedelta(days=days_before))
    days = queries.by_day(since, until)
    return render_template(
        "admin/consents.html",
        since=since,
        until=until,
        days=days,
        most=max((day.number(ChoiceOutcome.SHOWN) for day in days), default=0),
        categories=queries.by_category(since, until),
        undeclared=queries.undeclared_cookies(),
        unwritten=extension().tally,
        checked=verify.verify_newest(CHECKED),
        Outcome=ChoiceOutcome,
    )


def _day(name: str, default: date) -> date:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return default
