"""Days and hours of the log: Almaty's, whatever the zone of the machine or of a log."""

from datetime import date, datetime, timedelta
from functools import lru_cache

from neupusti.access.models import millis, moment
from neupusti.core import clock

HOUR = 3_600_000
"""An hour in milliseconds."""


@lru_cache(maxsize=4096)
def day_and_hour(hour: int) -> tuple[str, int]:
    """Return day (ISO) and hour in Almaty of the `hour`-th hour since 1970.

    Almaty is a whole number of hours from UTC, at all times since 1930.
    """
    local = moment(hour * HOUR).astimezone(clock.ALMATY)
    return local.date().isoformat(), local.hour


@lru_cache(maxsize=4096)
def start_of(day: str) -> int:
    """Return the millisecond at which a day (ISO) begins in Almaty."""
    return millis(clock.midnight(date.fromisoformat(day)))


def after(day: date, days: int = 1) -> date:
    """Return the date `days` later."""
    return day + timedelta(days=days)


def day_of(at: datetime) -> date:
    """Return the date in Almaty at a moment."""
    return at.astimezone(clock.ALMATY).date()
