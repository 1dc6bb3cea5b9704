"""Working days in Kazakhstan: without state holidays and the days off moved to them.

The calendar knows Kurban Ait, estimated until it is announced, and the Saturdays that are
worked instead of a day off, as far as the release installed does.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache

import holidays

from neupusti.core import clock


@lru_cache(maxsize=8)
def _calendar(year: int) -> holidays.HolidayBase:
    # A calendar that adds years by itself is not safe in threads.
    return holidays.country_holidays("KZ", years=year, expand=False)


def is_working(day: date) -> bool:
    """Return whether `day` is a working day."""
    return _calendar(day.year).is_working_day(day)


def end_after(start: datetime, days: int) -> datetime:
    """Return the end, in Almaty, of the `days`-th working day after the day of `start`."""
    day = start.astimezone(clock.ALMATY).date()
    while days:
        day += timedelta(days=1)
        days -= is_working(day)
    return clock.midnight(day + timedelta(days=1))
