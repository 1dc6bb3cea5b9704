"""Name browsers and operating systems as a person knows them (4.1.4)."""

from neupusti.core.data import keys
from neupusti.core.security import throttle

BROWSERS = (
    ("YaBrowser", "Yandex"),
    ("SamsungBrowser", "Samsung Internet"),
    ("OPR/", "Opera"),
    ("Edg", "Edge"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
"""Ordered: nearly all of them also claim to be Chrome and Safari."""
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def describe(user_agent: str) -> str:
    """Return a name such as “Firefox, Linux”, made of our constants; "?" if unknown."""
    parts = (_first_match(BROWSERS, user_agent), _first_match(SYSTEMS, user_agent))
    return ", ".join(filter(None, parts)) or "?"


def network(address: str) -> str:
    """Return the keyed hash that identifies a network."""
    return keys.keyed("network", throttle.network(address))


def _first_match(table: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for marker, name in table if marker in user_agent), "")
