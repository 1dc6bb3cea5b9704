"""What the statistics call things: dimensions, their values, sizes and durations."""

from datetime import datetime

from babel import Locale
from babel.numbers import format_decimal, format_percent
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from neupusti.access.queries.figures import Order
from neupusti.access.queries.filters import Dimension
from neupusti.access.queries.period import Period, Unit
from neupusti.core import dates, languages
from neupusti.core.clock import ALMATY

DIMENSIONS = {
    Dimension.PATH: _l("Pages"),
    Dimension.ENTRY: _l("Entry pages"),
    Dimension.SOURCE: _l("Where from"),
    Dimension.REFERRER: _l("Referrers"),
    Dimension.COUNTRY: _l("Countries"),
    Dimension.BROWSER: _l("Browsers"),
    Dimension.OS: _l("Systems"),
    Dimension.DEVICE: _l("Devices"),
    Dimension.STATUS: _l("Status codes"),
    Dimension.METHOD: _l("Methods"),
    Dimension.BOT: _l("People and robots"),
    Dimension.REASON: _l("Robots and why they count as such"),
    Dimension.CONSENT: _l("Consent to cookies"),
    Dimension.LOYALTY: _l("New and returning visitors"),
    Dimension.MISSING: _l("Pages that were not found, and who links to them"),
}
ONE = {
    Dimension.PATH: _l("page"),
    Dimension.SOURCE: _l("where from"),
    Dimension.REFERRER: _l("referrer"),
    Dimension.COUNTRY: _l("country"),
    Dimension.BROWSER: _l("browser"),
    Dimension.OS: _l("system"),
    Dimension.DEVICE: _l("device"),
    Dimension.STATUS: _l("status code"),
    Dimension.METHOD: _l("method"),
    Dimension.BOT: _l("people or robots"),
    Dimension.REASON: _l("why a robot"),
    Dimension.CONSENT: _l("consent"),
}
VALUES = {
    Dimension.SOURCE: {
        "direct": _l("Direct: no page before"),
        "own": _l("Our own pages"),
        "search": _l("Search"),
        "social": _l("Social networks"),
        "assistant": _l("AI assistants"),
        "market": _l("Marketplaces and maps"),
        "mail": _l("Mail"),
        "spam": _l("Referrer spam"),
        "other": _l("Other sites"),
        "unreadable": _l("Unreadable"),
    },
    Dimension.BOT: {
        "none": _l("People, as far as one can tell"),
        "declared": _l("Robots that say so"),
        "suspected": _l("Suspected robots"),
        "forged": _l("Forged crawlers"),
    },
    Dimension.DEVICE: {
        "desktop": _l("Desktop"),
        "phone": _l("Phone"),
        "tablet": _l("Tablet"),
        "television": _l("Television"),
        "console": _l("Game console"),
        "robot": _l("Robot"),
        "other": _l("Other"),
    },
    Dimension.LOYALTY: {"new": _l("New today"), "returning": _l("Here before")},
}
CATEGORIES = {
    "necessary": _l("necessary"),
    "preferences": _l("preferences"),
    "statistics": _l("statistics"),
    "marketing": _l("marketing"),
}
ORDERS = {
    Order.REQUESTS: _l("Requests"),
    Order.VISITORS: _l("Visitors"),
    Order.BYTES: _l("Volume"),
    Order.ERRORS: _l("Errors"),
}
PRESETS = {
    "today": _l("Today"),
    "yesterday": _l("Yesterday"),
    "7d": _l("7 days"),
    "30d": _l("30 days"),
    "90d": _l("90 days"),
    "365d": _l("365 days"),
}
THOUSAND = 1000
KIB = 1024


def value(dimension: str, text: str) -> str:
    """Return what a value of a dimension is called."""
    dimension = Dimension(dimension)
    if known := VALUES.get(dimension, {}).get(text):
        return str(known)
    match dimension:
        case Dimension.CONSENT:
            chosen = [str(CATEGORIES.get(word, word)) for word in text.split()]
            return ", ".join(chosen) if chosen else _("No choice made")
        case Dimension.COUNTRY:
            named = Locale.parse(languages.current().locale).territories.get(text)
            return f"{named} ({text})" if named else (text or _("Unknown"))
        case Dimension.MISSING:
            path, _tab, referrer = text.partition("\t")
            return f"{path} ← {referrer}" if referrer else path
        case Dimension.REFERRER:
            return text or _("None")
    return text or _("(empty)")


def number(count: float) -> str:
    """Return a count as the language of the page writes it."""
    return format_decimal(count, locale=languages.current().locale)


def percent(share: float) -> str:
    """Return a share of one in hundredths."""
    shown = "#,##0.0\xa0%" if abs(share) < 0.1 else "#,##0\xa0%"  # noqa: PLR2004
    return format_percent(share, format=shown, locale=languages.current().locale)


def size(count: float) -> str:
    """Return a number of bytes in units people know."""
    for unit in (_l("B"), _l("KB"), _l("MB"), _l("GB")):
        if count < KIB:
            digits = "#,##0.#" if unit != "B" and count < 10 else "#,##0"  # noqa: PLR2004
            return f"{format_decimal(count, digits, languages.current().locale)}\xa0{unit}"
        count /= KIB
    return f"{format_decimal(count, '#,##0.#', languages.current().locale)}\xa0{_('TB')}"


def duration(microseconds: float) -> str:
    """Return a duration in milliseconds or seconds."""
    locale = languages.current().locale
    if microseconds < THOUSAND * THOUSAND:
        shown = "#,##0.#" if microseconds < 10 * THOUSAND else "#,##0"
        return f"{format_decimal(microseconds / THOUSAND, shown, locale)}\xa0{_('ms')}"
    return f"{format_decimal(microseconds / THOUSAND**2, '#,##0.#', locale)}\xa0{_('s')}"


def start(at: datetime, unit: Unit) -> str:
    """Return what an hour, a day or a month of a series is called."""
    local = at.astimezone(ALMATY)
    locale = languages.current().locale
    if unit is Unit.HOUR:
        return f"{local:%d.%m. %H}:00"
    if unit is Unit.DAY:
        return f"{local:%d.%m.%Y}"
    return f"{Locale.parse(locale).months['stand-alone']['wide'][local.month]} {local.year}"


def days(stretch: Period) -> str:
    """Return a stretch of days in words."""
    begin, end = (
        dates.in_words(day, languages.current()) for day in (stretch.first, stretch.last)
    )
    return begin if begin == end else f"{begin} – {end}"


def clock(at: datetime) -> str:
    """Return a moment to the second, as clocks in Almaty showed it."""
    return f"{at.astimezone(ALMATY):%d.%m. %H:%M:%S}"
