"""Working days in Kazakhstan: Monday to Friday without the state holidays.

The days to which the government moves a day off are not known in advance; a term that
ignores them is at most a day longer or shorter.
"""

from datetime import date, datetime, timedelta

from neupusti.core import clock

SATURDAY = 5
HOLIDAYS = frozenset(
    {
        *((1, 1), (1, 2), (1, 7), (3, 8), (3, 21), (3, 22), (3, 23), (5, 1), (5, 7)),
        *((5, 9), (7, 6), (8, 30), (10, 25), (12, 16)),
    }
)
"""(month, day); Kurban Ait moves with the moon and is left out."""


def is_working(day: date) -> bool:
    """Return whether `day` is a working day."""
    return day.weekday() < SATURDAY and (day.month, day.day) not in HOLIDAYS


def end_after(start: datetime, days: int) -> datetime:
    """Return the end, in Almaty, of the `days`-th working day after the day of `start`."""
    day = start.astimezone(clock.ALMATY).date()
    while days:
        day += timedelta(days=1)
        days -= is_working(day)
    return clock.midnight(day + timedelta(days=1))
