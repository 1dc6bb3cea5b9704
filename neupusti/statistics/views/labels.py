"""Labels of the statistics: dimensions, their values, sizes and durations."""

from datetime import datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

from babel import Locale
from babel.numbers import format_decimal, format_percent
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from neupusti.access.calendar import day_of
from neupusti.access.ingest.agents import FORGED_NAME, IN_LIST, SELF_NAMED
from neupusti.access.ingest.geo import PRIVATE_NETWORK
from neupusti.access.ingest.referrers import OWN, Referrers
from neupusti.config.settings import settings
from neupusti.core.clock import ALMATY
from neupusti.core.text import dates, languages
from neupusti.statistics.queries.figures import ListOrder
from neupusti.statistics.queries.filters import Dimension
from neupusti.statistics.queries.period import Period, Unit

DIMENSIONS = {
    Dimension.PATH: lazy_gettext("Pages"),
    Dimension.ENTRY: lazy_gettext("Entry pages"),
    Dimension.SOURCE: lazy_gettext("Where from"),
    Dimension.REFERRER: lazy_gettext("Referrers"),
    Dimension.OWN_PAGE: lazy_gettext("Our own pages"),
    Dimension.COUNTRY: lazy_gettext("Countries"),
    Dimension.BROWSER: lazy_gettext("Browsers"),
    Dimension.OS: lazy_gettext("Systems"),
    Dimension.DEVICE: lazy_gettext("Devices"),
    Dimension.STATUS: lazy_gettext("Status codes"),
    Dimension.METHOD: lazy_gettext("Methods"),
    Dimension.BOT: lazy_gettext("People, robots and scanners"),
    Dimension.REASON: lazy_gettext("Robots and why they count as such"),
    Dimension.CONSENT: lazy_gettext("Consent to cookies"),
    Dimension.LOYALTY: lazy_gettext("New and returning visitors"),
    Dimension.MISSING: lazy_gettext("Pages that were not found, and who links to them"),
    Dimension.BROKEN: lazy_gettext("Broken links that people met, and who has them"),
    Dimension.ROBOT_404: lazy_gettext("Pages that robots asked for in vain"),
    Dimension.STATIC: lazy_gettext("Static files"),
}
DIMENSION_NOUNS = {
    Dimension.PATH: lazy_gettext("page"),
    Dimension.SOURCE: lazy_gettext("where from"),
    Dimension.REFERRER: lazy_gettext("referrer"),
    Dimension.COUNTRY: lazy_gettext("country"),
    Dimension.BROWSER: lazy_gettext("browser"),
    Dimension.OS: lazy_gettext("system"),
    Dimension.DEVICE: lazy_gettext("device"),
    Dimension.STATUS: lazy_gettext("status code"),
    Dimension.METHOD: lazy_gettext("method"),
    Dimension.BOT: lazy_gettext("people, robots or scanners"),
    Dimension.REASON: lazy_gettext("why a robot"),
    Dimension.CONSENT: lazy_gettext("consent"),
}
VALUES = {
    Dimension.SOURCE: {
        "direct": lazy_gettext("Direct: no page before"),
        "own": lazy_gettext("Our own pages"),
        "search": lazy_gettext("Search engines"),
        "social": lazy_gettext("Social networks"),
        "assistant": lazy_gettext("AI assistants"),
        "market": lazy_gettext("Marketplaces and maps"),
        "mail": lazy_gettext("Mail"),
        "spam": lazy_gettext("Referrer spam"),
        "other": lazy_gettext("Other sites"),
        "unreadable": lazy_gettext("Unreadable"),
    },
    Dimension.BOT: {
        "none": lazy_gettext("People, as far as one can tell"),
        "declared": lazy_gettext("Robots that say so"),
        "suspected": lazy_gettext("Suspected robots"),
        "forged": lazy_gettext("Forged crawlers"),
        "scanner": lazy_gettext("Scanners: they look for weak spots"),
    },
    Dimension.DEVICE: {
        "desktop": lazy_gettext("Desktop"),
        "phone": lazy_gettext("Phone"),
        "tablet": lazy_gettext("Tablet"),
        "television": lazy_gettext("Television"),
        "console": lazy_gettext("Game console"),
        "robot": lazy_gettext("Robot"),
        "other": lazy_gettext("Other"),
    },
    Dimension.REASON: {
        "empty": lazy_gettext("does not say what it is"),
        "headless": lazy_gettext("a browser without a window, moved by a program"),
        "scanner": lazy_gettext("a scanner for weak spots"),
        "attack": lazy_gettext("an attack in place of a browser's name"),
        "bare": lazy_gettext("no browser calls itself so"),
        "short": lazy_gettext("too short a name for a browser"),
        "http-probing": lazy_gettext("looked for pages that do not exist"),
        "http-bruteforce": lazy_gettext("tried passwords"),
        "http-sensitive-files": lazy_gettext("asked for files that are not public"),
        "http-path-traversal-probing": lazy_gettext("tried to leave the site's folder"),
        "http-crawl-non_statics": lazy_gettext("read more pages than a person can"),
    },
    Dimension.BROWSER: {"Other": lazy_gettext("Other")},
    Dimension.COUNTRY: {PRIVATE_NETWORK: lazy_gettext("Private network")},
    Dimension.OS: {"Other": lazy_gettext("Other")},
    Dimension.LOYALTY: {
        "new": lazy_gettext("New today"),
        "returning": lazy_gettext("Here before"),
    },
}
NAMED_REASONS = {
    SELF_NAMED: lazy_gettext("calls itself %(name)s"),
    IN_LIST: lazy_gettext("in the list of crawlers: %(name)s"),
    FORGED_NAME: lazy_gettext(
        "says it is %(name)s, from an address %(name)s does not publish"
    ),
}
"""Labels of reasons with a name, by the prefix of their code."""
CATEGORIES = {
    "necessary": lazy_gettext("necessary"),
    "preferences": lazy_gettext("preferences"),
    "statistics": lazy_gettext("statistics"),
    "marketing": lazy_gettext("marketing"),
}
ORDERS = {
    ListOrder.REQUESTS: lazy_gettext("Requests"),
    ListOrder.VISITORS: lazy_gettext("Visitors"),
    ListOrder.BYTES: lazy_gettext("Volume"),
    ListOrder.ERRORS: lazy_gettext("Errors"),
}
PRESETS = {
    "today": lazy_gettext("Today"),
    "yesterday": lazy_gettext("Yesterday"),
    "7d": lazy_gettext("7 days"),
    "30d": lazy_gettext("30 days"),
    "90d": lazy_gettext("90 days"),
    "365d": lazy_gettext("365 days"),
}
THOUSAND = 1000
KIB = 1024


def value(dimension: str, text: str) -> str:  # noqa: PLR0911 - one return per dimension
    """Return the label of a value of a dimension."""
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
        case Dimension.MISSING | Dimension.BROKEN | Dimension.ROBOT_404:
            path, _tab, referrer = text.partition("\t")
            return f"{path} ← {referrer}" if referrer else path
        case Dimension.REASON:
            return _reason(text)
        case Dimension.REFERRER:
            return _referrer(text)
        case Dimension.OWN_PAGE:
            return _own_page(text)
    return text or _("(empty)")


def is_other_site(referrer: str) -> bool:
    """Return whether a referrer is a page of another site.

    Roll-ups of before 26 November 2026 have those of this site in the same list.
    """
    return bool(referrer) and _sites(settings().trusted_hosts).of(referrer) != OWN


def _referrer(text: str) -> str:
    if not text or is_other_site(text):
        return text or str(_("None"))
    return _own_page(text)


def _own_page(text: str) -> str:
    return str(_("Our own page %(path)s", path=urlsplit(text).path or "/"))


@cache
def _sites(own: frozenset[str]) -> Referrers:
    return Referrers(own)


def _reason(text: str) -> str:
    kind, colon, name = text.partition(":")
    label = NAMED_REASONS.get(f"{kind}{colon}")
    return str(label) % {"name": name} if label else text


def number(count: float) -> str:
    """Format a count in the language of the page."""
    return format_decimal(count, locale=languages.current().locale)


def percent(share: float) -> str:
    """Format a share as a percentage."""
    shown = "#,##0.0\xa0%" if abs(share) < 0.1 else "#,##0\xa0%"  # noqa: PLR2004
    return format_percent(share, format=shown, locale=languages.current().locale)


def size(count: float) -> str:
    """Format a number of bytes."""
    for unit in (
        lazy_gettext("B"),
        lazy_gettext("KB"),
        lazy_gettext("MB"),
        lazy_gettext("GB"),
    ):
        if count < KIB:
            digits = "#,##0.#" if unit != "B" and count < 10 else "#,##0"  # noqa: PLR2004
            return f"{format_decimal(count, digits, languages.current().locale)}\xa0{unit}"
        count /= KIB
    terabytes = _("TB")
    return f"{format_decimal(count, '#,##0.#', languages.current().locale)}\xa0{terabytes}"


def duration(microseconds: float) -> str:
    """Format a duration (in microseconds) as milliseconds or seconds."""
    short = microseconds < THOUSAND * THOUSAND
    unit, count = (
        (_("ms"), microseconds / THOUSAND)
        if short
        else (_("s"), microseconds / THOUSAND**2)
    )
    shown = "#,##0" if short and count >= 10 else "#,##0.#"  # noqa: PLR2004 - two digits
    return f"{format_decimal(count, shown, languages.current().locale)}\xa0{unit}"


def start(at: datetime, unit: Unit) -> str:
    """Return the label of an hour, a day or a month of a series."""
    local = at.astimezone(ALMATY)
    locale = languages.current().locale
    if unit is Unit.HOUR:
        return f"{local:%d.%m. %H}:00"
    if unit is Unit.DAY:
        return f"{local:%d.%m.%Y}"
    return f"{Locale.parse(locale).months['stand-alone']['wide'][local.month]} {local.year}"


def tick(at: datetime, unit: Unit) -> str:
    """Return the short label of an hour, a day or a month, for a time axis."""
    local = at.astimezone(ALMATY)
    form = {Unit.HOUR: "%H:%M", Unit.DAY: "%d.%m", Unit.MONTH: "%m.%Y"}[unit]
    return local.strftime(form)


def days(period: Period) -> str:
    """Return the label of a period."""
    begin, end = (
        dates.in_words(day, languages.current()) for day in (period.first, period.last)
    )
    return begin if begin == end else f"{begin} – {end}"


def hours(period: Period) -> str:
    """Return the label of a period, with the hour at which its last day ends."""
    last = day_of(period.end - timedelta(hours=1))
    text = days(Period(period.first, last))
    local = period.end.astimezone(ALMATY)
    if day_of(local) != last:
        return text
    return str(_("%(days)s until %(hour)s", days=text, hour=f"{local:%H:%M}"))


def minute(at: datetime) -> str:
    """Format a moment in Almaty, to the minute."""
    return f"{at.astimezone(ALMATY):%d.%m. %H:%M}"


def clock(at: datetime) -> str:
    """Format a moment in Almaty, to the second."""
    return f"{at.astimezone(ALMATY):%d.%m. %H:%M:%S}"
