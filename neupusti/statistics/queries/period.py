"""A period of days in Almaty, and the previous one it is compared with."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from neupusti.access import calendar
from neupusti.core import clock
from neupusti.core.text import dates

HOURS_UP_TO, DAYS_UP_TO = 2, 92
MAX_DAYS = 3700
DEFAULT = "7d"


class Unit(StrEnum):
    """The interval of one point of a series."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included."""

    first: date
    last: date
    preset: str = ""
    hours: int | None = None
    """Number of hours of the last day; None for all of it."""

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        """When it begins."""
        return clock.midnight(self.first)

    @property
    def end(self) -> datetime:
        """When it ends (exclusive)."""
        midnight = clock.midnight(calendar.after(self.last))
        if self.hours is None:
            return midnight
        # The day before one of 25 hours has no 25th.
        return min(midnight, clock.midnight(self.last) + timedelta(hours=self.hours))

    @property
    def empty(self) -> bool:
        """Whether it contains no complete hour."""
        return self.end <= self.start

    @property
    def unit(self) -> Unit:
        """The interval of its series."""
        if self.days <= HOURS_UP_TO:
            return Unit.HOUR
        return Unit.DAY if self.days <= DAYS_UP_TO else Unit.MONTH

    @property
    def before(self) -> "Period":
        """The period of the same length before it, with as many hours of the last day."""
        last = calendar.after(self.first, -1)
        return Period(calendar.after(last, 1 - self.days), last, hours=self.hours)

    @property
    def so_far(self) -> "Period":
        """Its past part, up to the last complete hour."""
        if self.end <= clock.now():
            return self
        today = max(clock.today(), self.first)
        hours = (clock.now() - clock.midnight(today)) // timedelta(hours=1)
        return replace(self, last=today, hours=max(hours, 0))

    @property
    def query(self) -> dict[str, str]:
        """The query parameters of this period."""
        if self.preset:
            return {} if self.preset == DEFAULT else {"period": self.preset}
        return {"from": self.first.isoformat(), "to": self.last.isoformat()}


def presets() -> dict[str, Period]:
    """Return the preset periods by their names in URLs."""
    today = clock.today()

    def back(days: int, name: str) -> Period:
        return Period(calendar.after(today, 1 - days), today, name)

    yesterday = calendar.after(today, -1)
    return {
        "today": Period(today, today, "today"),
        "yesterday": Period(yesterday, yesterday, "yesterday"),
        "7d": back(7, "7d"),
        "30d": back(30, "30d"),
        "90d": back(90, "90d"),
        "365d": back(365, "365d"),
    }


def parse_period(args: Mapping[str, str]) -> Period:
    """Parse the period of a URL; return the default if it is invalid."""
    offered = presets()
    if (name := args.get("period", "")) in offered:
        return offered[name]
    first, last = dates.parsed(args.get("from")), dates.parsed(args.get("to"))
    if first is None and last is None:
        return offered[DEFAULT]
    first, last = first or last, last or clock.today()
    if first is None or first > last:
        return offered[DEFAULT]
    return Period(max(first, calendar.after(last, 1 - MAX_DAYS)), last)
