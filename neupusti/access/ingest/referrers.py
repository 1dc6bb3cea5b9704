"""Classify referrers: search engine, social network, assistant, spam, another site."""

import tomllib
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path
from urllib.parse import urlsplit

SOURCES = Path(__file__).parents[1] / "sources.toml"
DIRECT, OWN, OTHER_SITE, SPAM, UNREADABLE = "direct", "own", "other", "spam", "unreadable"


class Referrers:
    """Classify referrers by host; a host stands for its subdomains too."""

    def __init__(self, own: Iterable[str] = (), spam: Iterable[str] = ()) -> None:
        self._classes = {
            **_classes(),
            **dict.fromkeys(map(_bare, spam), SPAM),
            **dict.fromkeys(map(_bare, own), OWN),
        }
        self.of: Callable[[str], str] = lru_cache(maxsize=4000)(self._find)

    def _find(self, referrer: str) -> str:
        if not referrer:
            return DIRECT
        try:
            host = urlsplit(referrer).hostname
        except ValueError:
            host = None
        if not host:
            return UNREADABLE
        labels = _bare(host).split(".")
        for at in range(len(labels)):
            if found := self._classes.get(".".join(labels[at:])):
                return found
        # Google and Yandex have a domain in each country.
        return "search" if labels[0] in {"google", "yandex"} else OTHER_SITE


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")


@cache
def _classes() -> dict[str, str]:
    with SOURCES.open("rb") as file:
        table = tomllib.load(file)
    return {host: name for name, hosts in table.items() for host in hosts}
