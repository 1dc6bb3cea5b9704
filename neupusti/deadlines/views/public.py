"""The public page of terms: each with its source, and the calendar in use."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from flask import render_template

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.deadlines import register, workdays
from neupusti.core.deadlines.models import CalendarDay
from neupusti.core.deadlines.terms import Act, Certainty, Unit, terms
from neupusti.deadlines.service import calendar, labels
from neupusti.deadlines.views.blueprint import bp


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day of the calendar that is not as its weekday is."""

    day: date
    counts_off: bool
    estimated: bool
    source: str
    """What staff entered; empty: the library alone."""


@bp.get("/policy/deadlines/")
def show() -> str:
    """Show every term and the calendar of this year and the next."""
    today = clock.today()
    entered = {row.day: row for row in calendar.known_days(date(today.year, 1, 1))}
    return render_template(
        "deadlines/show.html",
        terms=terms().values(),
        labels=labels,
        years={year: _days(year, entered) for year in (today.year, today.year + 1)},
        library=f"{workdays.LIBRARY} {workdays.library_version()}",
        Act=Act,
        Certainty=Certainty,
        Unit=Unit,
    )


def _days(year: int, entered: Mapping[date, CalendarDay]) -> list[NamedDay]:
    """Return the days off besides weekends, and the weekends that are worked."""
    days, known = register.calendar(db.session()), workdays.year(year)
    own = {day for day in entered if day.year == year}
    return [
        NamedDay(
            day,
            not days.is_working(day),
            day in known.estimated,
            entered[day].source if day in entered else "",
        )
        for day in sorted(known.off | known.estimated | known.worked | own)
    ]
