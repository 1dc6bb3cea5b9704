"""Which days are worked in Kazakhstan, by the library `holidays` and by staff.

The library knows the state holidays and the days off that were moved to them, as far as
its release does; the dates of Kurban Ait of coming years are its estimate.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from importlib.metadata import version

LIBRARY = "holidays"
LANGUAGE, ESTIMATED = "kk", "бағаланған"
"""What is in the library's name of a day that it only estimates, in this language."""
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Year:
    """What the library knows of one year."""

    off: frozenset[date]
    estimated: frozenset[date]
    worked: frozenset[date]
    """Saturdays and Sundays that are worked instead of another day."""


@cache
def year(number: int) -> Year:
    """Return the days of a year; the first call of a process takes some milliseconds."""
    # Imported with the first count: it takes longer than the rest of the site's start.
    from holidays import country_holidays  # noqa: PLC0415

    known = country_holidays("KZ", years=number, language=LANGUAGE)
    estimated = {
        day for day in known if all(ESTIMATED in name for name in known.get_list(day))
    }
    return Year(
        off=frozenset(known) - estimated,
        estimated=frozenset(estimated),
        worked=frozenset(known.weekend_workdays),
    )


@cache
def library_version() -> str:
    """Return which release of the library the calendar comes from."""
    return version(LIBRARY)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days off by which terms are counted; of two sources that differ, work wins.

    So a count errs early: a day off needs the library's certainty or a confirmation of
    staff, a worked day needs only one of them to say so.
    """

    worked: frozenset[date] = frozenset()
    """Days that staff know to be worked."""
    off: frozenset[date] = frozenset()
    """Days off that staff have confirmed."""
    estimates: bool = False
    """Whether an estimated holiday is a day off: where erring late is the safe side."""

    def is_working(self, day: date) -> bool:
        """Return whether `day` counts as a working day."""
        known = year(day.year)
        if day in self.worked or day in known.worked:
            return True
        if day.weekday() >= SATURDAY or day in known.off or day in self.off:
            return False
        return not (self.estimates and day in known.estimated)

    def after(self, day: date, count: int) -> date:
        """Return the `count`-th working day after `day`."""
        while count:
            day += timedelta(days=1)
            count -= self.is_working(day)
        return day

    def before(self, day: date) -> date:
        """Return the last working day before `day`."""
        day -= timedelta(days=1)
        while not self.is_working(day):
            day -= timedelta(days=1)
        return day

    @property
    def digest(self) -> str:
        """The calendar in use, to be stored with a date that was counted by it."""
        parts = (library_version(), _listed(self.worked), _listed(self.off))
        return sha256("\n".join(parts).encode()).hexdigest()


def _listed(days: Iterable[date]) -> str:
    return " ".join(day.isoformat() for day in sorted(days))
