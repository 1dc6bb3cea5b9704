"""The kinds of findings, whom they are about, and how grave they are."""

from enum import IntEnum, StrEnum


class Kind(StrEnum):
    """A kind of behaviour; five have CrowdSec's names."""

    PROBING = "http-probing"
    BRUTE_FORCE = "http-bruteforce"
    SENSITIVE = "http-sensitive-files"
    TRAVERSAL = "http-path-traversal-probing"
    CRAWL = "http-crawl-non_statics"
    EXPOSED = "exposed-file"
    """A file that is not public was answered, whoever asked for it."""
    STORM = "error-storm"
    """The site failed again and again."""

    # Half of the detector's time was spent in the hash of Enum, which is in Python.
    __hash__ = str.__hash__


class Scope(StrEnum):
    """Whom a finding is about."""

    ADDRESS = "address"
    NETWORK = "network"
    """A /24 of IPv4 or a /64 of IPv6."""
    BEHAVIOUR = "behaviour"
    """Addresses that call themselves the same and ask for the same."""
    PATH = "path"
    SITE = "site"

    __hash__ = str.__hash__


class Severity(IntEnum):
    """How grave a finding is."""

    NOTICE = 1
    ATTACK = 2
    BREACH = 3
    """Something got through, or the site failed."""


SCANNING = frozenset(
    {Kind.PROBING, Kind.BRUTE_FORCE, Kind.SENSITIVE, Kind.TRAVERSAL, Kind.CRAWL}
)
"""The kinds that make an address a scanner of the day."""


def severity(kind: Kind, answered: int) -> Severity:
    """Return how grave a finding with so many answered requests is."""
    if kind in {Kind.EXPOSED, Kind.STORM} or answered:
        return Severity.BREACH
    return Severity.NOTICE if kind is Kind.CRAWL else Severity.ATTACK
