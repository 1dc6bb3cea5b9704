"""What is due, for staff, and the days of the calendar that they enter."""

from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.deadlines import register
from neupusti.core.forms.base import shown
from neupusti.core.registry import registry
from neupusti.core.security import identity
from neupusti.deadlines import queries
from neupusti.deadlines.forms import DayForm
from neupusti.deadlines.service import calendar, labels
from neupusti.deadlines.views.blueprint import bp

CALENDAR = "/admin/deadlines/calendar"
DONE = {"saved": _("Saved.")}


@bp.get("/admin/deadlines/")
def board() -> str:
    """List what is open, the most urgent first."""
    return render_template(
        "deadlines/admin/board.html",
        rows=register.open_deadlines(db.session()),
        labels=labels.TERMS,
        pages=registry().deadlines,
        late=queries.count_late(),
        today=clock.today(),
    )


@bp.get(CALENDAR)
def days() -> Response:
    """Show the days that were entered or wait for a source."""
    return _page(DayForm(formdata=None))


@bp.post(CALENDAR)
def enter() -> Response:
    """Enter a day, or confirm one by a source."""
    form = DayForm()
    if not form.validate():
        return _page(form)
    calendar.enter(form.entry, staff=identity.me().person)
    return redirect(url_for("deadlines.days", done="saved"), 303)


def _page(form: DayForm) -> Response:
    return shown(
        "deadlines/admin/calendar.html",
        form,
        known=calendar.known_days(clock.today()),
        waiting=calendar.to_confirm(calendar.last_day()),
        lacks_order=calendar.lacks_order(),
        names=registry().staff_names(),
        next_year=clock.today().year + 1,
        done=DONE.get(request.args.get("done", "")),
    )
