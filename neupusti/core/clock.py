"""The only clock. Tests set it; nothing else calls `datetime.now`."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

ALMATY = ZoneInfo("Asia/Almaty")
"""The zone of every day, hour and deadline of the site: UTC+5 since 1 March 2024."""


def now() -> datetime:
    """Return the current moment, aware, in UTC."""
    return datetime.now(UTC)


def today() -> date:
    """Return the current date in Almaty."""
    return now().astimezone(ALMATY).date()


def midnight(day: date) -> datetime:
    """Return the moment `day` begins in Almaty, in UTC."""
    return datetime.combine(day, time(), ALMATY).astimezone(UTC)
