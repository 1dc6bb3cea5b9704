"""Days off that staff enter or confirm by a source, and what of them is still open."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import lazy_gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.database import db, insert, writing
from neupusti.core.deadlines import register, workdays
from neupusti.core.deadlines.models import CalendarDay
from neupusti.core.records.journal import StaffActionType, log_staff_action
from neupusti.core.text import csv

ENTERED = StaffActionType("calendar.entered", _("Entered days of the calendar"))
KINDS = {"off": False, "worked": True}
"""The word of a file -> whether the day is worked."""
COLUMNS = 3
SHORTEST, LONGEST = 5, 300
"""Characters of a source."""
FIRST = date(2020, 1, 1)
YEARS_AHEAD = 2
"""No government moves days off further ahead."""
SOON = timedelta(days=60)
"""How long before an estimated holiday staff are asked for its date."""
ORDER_MONTH = 11
"""When the order on the days off of the next year is looked for."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A day off or a worked day, and who says so."""

    day: date
    working: bool
    source: str


class CalendarError(ValueError):
    """A file that cannot be imported: `problems`, one for each wrong line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def last_day() -> date:
    """Return the last day that may be entered."""
    return date(clock.today().year + YEARS_AHEAD, 12, 31)


def enter(entry: Entry, *, staff: int | None) -> None:
    """Enter a day whose source was looked at; what is open is counted again at once."""
    with writing() as session:
        _store(session, [entry], staff=staff, confirmed=True)


def import_days(body: bytes) -> int:
    """Enter the days of a file that are new; return how many. Raise CalendarError.

    A line is a day, `off` or `worked`, and a source. A day off counts once somebody has
    confirmed it. With one wrong line nothing is imported.
    """
    with writing() as session:
        known = {row.day: row.working for row in session.scalars(select(CalendarDay))}
        entries = _read(body, known)
        new = [entry for entry in entries if entry.day not in known]
        _store(session, new, staff=None, confirmed=False)
    return len(new)


def known_days(since: date) -> list[CalendarDay]:
    """Return the days that were entered, from `since` on."""
    rows = select(CalendarDay).where(CalendarDay.day >= since)
    return list(db.session.scalars(rows.order_by(CalendarDay.day)))


def to_confirm(until: date) -> list[date]:
    """Return the days off from today to `until` that do not count without a source."""
    today = clock.today()
    rows, counted = known_days(today), register.calendar(db.session())
    years = range(today.year, until.year + 1)
    estimated = {day for year in years for day in workdays.year(year).estimated}
    waiting = {row.day for row in rows if not (row.confirmed or row.working)}
    waiting |= estimated - {row.day for row in rows}
    return sorted(
        day for day in waiting if today <= day <= until and counted.is_working(day)
    )


def lacks_order() -> bool:
    """Return whether nobody has yet looked for the order on next year's days off."""
    today = clock.today()
    return today.month >= ORDER_MONTH and not has_order(db.session(), today.year + 1)


def has_order(session: Session, year: int) -> bool:
    """Return whether somebody has looked for the order on the days off of a year."""
    within = CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31))
    entered = select(CalendarDay.day).where(CalendarDay.confirmed, within).limit(1)
    return session.scalar(entered) is not None


def count_open() -> int:
    """Return how much of the calendar staff have to look up now."""
    return len(to_confirm(clock.today() + SOON)) + lacks_order()


def _store(
    session: Session, entries: Iterable[Entry], *, staff: int | None, confirmed: bool
) -> None:
    for entry in entries:
        values = {
            "working": entry.working,
            "source": entry.source,
            "confirmed": confirmed,
            "staff": staff,
            "at": clock.now(),
        }
        row = insert(session, CalendarDay).values(day=entry.day, **values)
        session.execute(row.on_conflict_do_update(index_elements=["day"], set_=values))
        what = f"{entry.day} {'worked' if entry.working else 'off'}"
        log_staff_action(session, staff=staff, action=ENTERED, what=what)
    session.expire_all()
    register.count_again(session)


def _read(body: bytes, known: dict[date, bool]) -> list[Entry]:
    """Return the entries of a file; raise CalendarError."""
    try:
        rows = csv.read(body)
    except csv.CsvError:
        raise CalendarError(["This is no table in UTF-8."]) from None
    entries, problems = [], []
    seen: set[date] = set()
    for number, cells in rows:
        try:
            entry = _entry(cells)
            entries.append(entry)
            problems += [f"Line {number}: {why}." for why in _clash(entry, known, seen)]
            seen.add(entry.day)
        except ValueError as error:
            problems.append(f"Line {number}: {error}.")
    if problems or not entries:
        raise CalendarError(problems or ["The file has no days."])
    return entries


def _entry(cells: list[str]) -> Entry:
    """Return the entry of a line; raise ValueError with what is wrong."""
    if len(cells) != COLUMNS:
        raise ValueError("it needs a day, off or worked, and a source")
    text, kind, source = (cell.strip() for cell in cells)
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("there is no such day") from None
    if not FIRST <= day <= last_day():
        raise ValueError(f"the day is not between {FIRST} and {last_day()}")
    if kind not in KINDS:
        raise ValueError("the day is neither off nor worked")
    if not SHORTEST <= len(source) <= LONGEST:
        raise ValueError("it names no source")
    return Entry(day, KINDS[kind], source)


def _clash(entry: Entry, known: dict[date, bool], seen: set[date]) -> Iterator[str]:
    if entry.day in seen:
        yield "the day is there twice"
    if known.get(entry.day, entry.working) != entry.working:
        yield "the day is entered otherwise"
