"""Dates and times as text, in the time zone of Almaty."""

from datetime import date, datetime, timedelta

from babel.dates import format_date

from neupusti.core.clock import ALMATY
from neupusti.core.text.languages import Language

_ZONE = {
    Language.RU: "время Алматы (UTC+%d)",
    Language.KK: "Алматы уақыты (UTC+%d)",
    Language.EN: "Almaty time (UTC+%d)",
}
FIRST, LAST = date(1990, 1, 1), date(2200, 1, 1)
"""Beyond these, what is counted from a day could leave the range of dates."""


def parsed(text: str | None) -> date | None:
    """Return the day that a filter names, as 2026-11-22; None: it names none."""
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if FIRST <= day <= LAST else None


def in_words(day: date, language: Language) -> str:
    """Return «4 августа 2022 г.», «2022 ж. 4 тамыз» or "4 August 2022".

    Of a moment it is the day in Almaty.
    """
    if isinstance(day, datetime):
        day = day.astimezone(ALMATY).date()
    if language is Language.EN:
        return format_date(day, "d MMMM y", locale="en")
    long = format_date(day, "long", locale=language.locale)
    # Fonts without the narrow no-break space draw a box in its place.
    return long.replace("\u202f", "\xa0")


def short(at: datetime) -> str:
    """Return `at` to the minute in Almaty, sortable: «2026-11-22 17:05»."""
    return f"{at.astimezone(ALMATY):%Y-%m-%d %H:%M}"


def machine_readable(at: date) -> str:
    """Return a day, or a moment in Almaty to the second, for the `datetime` of `<time>`."""
    if isinstance(at, datetime):
        return at.astimezone(ALMATY).isoformat(timespec="seconds")
    return at.isoformat()


def moment(at: datetime, language: Language) -> str:
    """Return `at` to the minute as local time in Almaty, with the name of the zone.

    The UTC offset is that of the date: it was six hours before March 2024.
    """
    local = at.astimezone(ALMATY)
    hours = (local.utcoffset() or timedelta()) // timedelta(hours=1)
    return f"{in_words(local.date(), language)}, {local:%H:%M}, {_ZONE[language] % hours}"
