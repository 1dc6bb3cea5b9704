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
from neupusti.core.deadlines.workdays import Calendar
from neupusti.deadlines.service import calendar, labels
from neupusti.deadlines.views.blueprint import bp


@dataclass(frozen=True, slots=True)
class NamedDay:
    """A day of the calendar that is not as its weekday is."""

    day: date
    counts_off: bool
    estimated: bool
    source: str
    """That of staff; empty: the library."""


@bp.get("/policy/deadlines/")
def show() -> str:
    """Show every term and the calendar of this year and the next."""
    today = clock.today()
    days = register.calendar(db.session())
    entered = {row.day: row for row in calendar.known_days(date(today.year, 1, 1))}
    return render_template(
        "deadlines/show.html",
        terms=terms().values(),
        labels=labels,
        years={year: _days(year, days, entered) for year in (today.year, today.year + 1)},
        library=f"{workdays.LIBRARY} {workdays.library_version()}",
        Act=Act,
        Certainty=Certainty,
        Unit=Unit,
    )


def _days(year: int, days: Calendar, entered: Mapping[date, CalendarDay]) -> list[NamedDay]:
    """Return the days off besides weekends, the weekends that are worked, and our own."""
    known = workdays.year(year)
    own = {day for day in entered if day.year == year}
    off = {d for d in known.off | known.estimated if d.weekday() < workdays.SATURDAY}
    return [
        NamedDay(
            day,
            not days.is_working(day),
            day in known.estimated,
            entered[day].source if day in entered else "",
        )
        for day in sorted(off | known.worked | own)
    ]
