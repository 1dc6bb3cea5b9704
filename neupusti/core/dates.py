"""Dates and moments in words, in the zone of Almaty."""

from datetime import date, datetime

from babel.dates import format_date, format_datetime

from neupusti.core.clock import ALMATY
from neupusti.core.languages import Language

_MOMENT = {
    Language.RU: "d MMMM y 'г.', HH:mm",
    Language.KK: "y 'ж'. d MMMM, HH:mm",
    Language.EN: "d MMMM y, HH:mm",
}
_ZONE = {
    Language.RU: "время Алматы (UTC+5)",
    Language.KK: "Алматы уақыты (UTC+5)",
    Language.EN: "Almaty time (UTC+5)",
}


def in_words(day: date, language: Language) -> str:
    """Return «4 августа 2022 г.», «2022 ж. 4 тамыз» or "4 August 2022"."""
    if language is Language.EN:
        return format_date(day, "d MMMM y", locale="en")
    return format_date(day, "long", locale=language.locale)


def moment(at: datetime, language: Language) -> str:
    """Return `at` to the minute as clocks in Almaty show it, with the zone's name."""
    local = format_datetime(at, _MOMENT[language], tzinfo=ALMATY, locale=language.locale)
    return f"{local}, {_ZONE[language]}"
