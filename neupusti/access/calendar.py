"""Convert between moments and Almaty's days and hours, whatever the machine's zone."""

from datetime import date, datetime, timedelta
from functools import lru_cache

from neupusti.access.models import millis, moment
from neupusti.core import clock

HOUR = 3_600_000
"""An hour in milliseconds."""


@lru_cache(maxsize=4096)
def day_and_hour(hour: int) -> tuple[str, int]:
    """Return the day (ISO) in Almaty of the `hour`-th hour since 1970, and its hour.

    Hours are counted from midnight: a day on which the clocks are put back has 25.
    Almaty's offset from UTC has been a whole number of hours since 1930.
    """
    day = moment(hour * HOUR).astimezone(clock.ALMATY).date().isoformat()
    return day, hour - start_of(day) // HOUR


@lru_cache(maxsize=4096)
def start_of(day: str) -> int:
    """Return the millisecond at which a day (ISO) begins in Almaty."""
    return millis(clock.midnight(date.fromisoformat(day)))


def day_start(number: int) -> datetime:
    """Return the start of the `number`-th day since 1970 in Almaty."""
    return clock.midnight(after(date(1970, 1, 1), number))


def utc_offsets(first: date, last: date) -> list[tuple[int, int]]:
    """Return Almaty's UTC offsets between two days: (valid from, offset), in milliseconds.

    There is one pair, and another for each change of the clocks.
    """
    found: list[tuple[int, int]] = []
    at, step = clock.midnight(first), timedelta(days=1)
    while at <= clock.midnight(after(last)):
        ahead = _utc_offset(at)
        if found and ahead != found[-1][1]:
            while _utc_offset(at - timedelta(hours=1)) == ahead:
                at -= timedelta(hours=1)
        if not found or ahead != found[-1][1]:
            found.append((millis(at), ahead))
        at += step
    return found


def _utc_offset(at: datetime) -> int:
    offset = at.astimezone(clock.ALMATY).utcoffset() or timedelta()
    return round(offset.total_seconds() * 1000)


def after(day: date, days: int = 1) -> date:
    """Return the date `days` later."""
    return day + timedelta(days=days)


def day_of(at: datetime) -> date:
    """Return the date in Almaty at a moment."""
    return at.astimezone(clock.ALMATY).date()
