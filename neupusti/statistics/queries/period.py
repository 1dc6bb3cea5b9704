"""A stretch of days in Almaty, and the one before it that it is compared with."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from neupusti.access import calendar
from neupusti.core import clock

HOURS_UP_TO, DAYS_UP_TO = 2, 92
MAX_DAYS = 3700
DEFAULT = "7d"


class Unit(StrEnum):
    """What one point of a series stands for."""

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
    """Whole hours of the last day that count; None for all of it."""

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    @property
    def start(self) -> datetime:
        """The moment it begins."""
        return clock.midnight(self.first)

    @property
    def end(self) -> datetime:
        """The moment it is over."""
        if self.hours is None:
            return clock.midnight(calendar.after(self.last))
        return clock.midnight(self.last) + timedelta(hours=self.hours)

    @property
    def empty(self) -> bool:
        """Whether no whole hour of it is over."""
        return self.end <= self.start

    @property
    def unit(self) -> Unit:
        """What its series is told in."""
        if self.days <= HOURS_UP_TO:
            return Unit.HOUR
        return Unit.DAY if self.days <= DAYS_UP_TO else Unit.MONTH

    @property
    def before(self) -> "Period":
        """As many days right before it, with as many hours of the last one."""
        last = calendar.after(self.first, -1)
        return Period(calendar.after(last, 1 - self.days), last, hours=self.hours)

    @property
    def so_far(self) -> "Period":
        """What of it is over, up to the last whole hour; all of it where it is over."""
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
    """Return the stretches a form offers, by the names of the address."""
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
    """Return the period an address asks for; the default where it asks for nonsense."""
    offered = presets()
    if (name := args.get("period", "")) in offered:
        return offered[name]
    first, last = _parse_day(args.get("from")), _parse_day(args.get("to"))
    if first is None and last is None:
        return offered[DEFAULT]
    first, last = first or last, last or clock.today()
    if first is None or first > last:
        return offered[DEFAULT]
    return Period(max(first, calendar.after(last, 1 - MAX_DAYS)), last)


def _parse_day(text: str | None) -> date | None:
    try:
        found = date.fromisoformat(text or "")
    except ValueError:
        return None
    # Beyond these a day before or after could not be told any more.
    return found if date(1990, 1, 1) <= found <= date(2200, 1, 1) else None
