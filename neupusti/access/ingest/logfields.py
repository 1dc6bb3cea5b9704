"""Read the single fields of other servers' log lines."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar
from urllib.parse import unquote

from neupusti.access.models import PATH_LIMIT, millis
from neupusti.access.recording.line import METHOD_LIMIT, bare_referrer, clean
from neupusti.core.web.edge import UNKNOWN, client_address

T = TypeVar("T")
TIMESTAMP = re.compile(
    r"\d\d/\w{3}/\d{4}:\d\d:\d\d(:\d\d)(?:[.,](\d{1,6}))? ([+-]\d\d\d\d)"
)
MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
"""As logs spell them, whatever the locale."""
REQUEST = re.compile(r"([A-Za-z]{3,16}) (.*) HTTP/[0-3](?:\.[0-9])?", re.DOTALL)
METHODS = frozenset({
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
    "PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH",
})  # fmt: skip
STATUSES = {str(status): status for status in range(100, 600)}
SECONDS = {f":{second:02}": min(second, 59) * 1000 for second in range(61)}
"""What a timestamp ends with -> milliseconds; a leap second is written as 60."""
MAX_BYTES = 2**62
TIMESTAMP_RANGE = range(
    millis(datetime(1990, 1, 1, tzinfo=UTC)), millis(datetime(2200, 1, 1, tzinfo=UTC))
)
"""Dates outside of it cannot be shown, or not even computed on every system."""


CACHED_TEXTS, CACHED_LENGTH = 8_192, 400


class _Remembered(dict[str, T]):
    """What was read of texts; emptied when it is full, which is faster than an LRU."""

    def __init__(self, read: Callable[[str], T]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, text: str) -> T:
        found = self.read(text)
        if len(text) <= CACHED_LENGTH:
            if len(self) >= CACHED_TEXTS:
                self.clear()
            self[text] = found
        return found


def cached(read: Callable[[str], T]) -> Callable[[str], T]:
    """Return `read` with a bounded cache: attackers choose the texts and their length."""
    return _Remembered(read).__getitem__


class MalformedError(ValueError):
    """A line is no request; the message is the reason it is counted under."""


def parse_address(text: str) -> str:
    """Return the canonical form of an address; raise MalformedError for anything else."""
    # An IPv4 address is checked as fast as it would be found in a cache.
    found = _bracketed(text) if ":" in text else client_address(text)
    if found == UNKNOWN:
        raise MalformedError("no address")
    return found


@lru_cache(maxsize=10_000)
def _bracketed(text: str) -> str:
    return client_address(text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text)


def parse_status(text: object) -> int:
    """Return an HTTP status; raise MalformedError for anything else."""
    try:
        return STATUSES[str(text)]
    except KeyError:
        raise MalformedError("no status") from None


@lru_cache(maxsize=1000)
def parse_timestamp(stamp: str) -> int:
    """Return the milliseconds since 1970 of a timestamp of Apache or nginx."""
    found = TIMESTAMP.fullmatch(stamp)
    if found is None or found[1] not in SECONDS:
        raise MalformedError("no moment")
    fraction = int(f"{found[2]:0<3}"[:3]) if found[2] else 0
    return _minute(stamp[:17], found[3]) + SECONDS[found[1]] + fraction


@lru_cache(maxsize=10_000)
def _minute(stamp: str, zone: str) -> int:
    day, month, rest = stamp.split("/")
    try:
        number = MONTHS.index(month) + 1
        text = f"{rest[:4]}-{number:02}-{day}T{rest[5:]}:00{zone[:3]}:{zone[3:]}"
        return checked_range(millis(datetime.fromisoformat(text)))
    except (ValueError, OverflowError):
        raise MalformedError("no moment") from None


def checked_range(at: int) -> int:
    """Return `at`; raise MalformedError if it is a moment that cannot be shown."""
    if at not in TIMESTAMP_RANGE:
        raise MalformedError("no moment")
    return at


@cached
def split_request(request: str) -> tuple[str, str]:
    """Return method and path of a request line; for any other text, no method."""
    found = REQUEST.fullmatch(request)
    if found is None or found[1].upper() not in METHODS:
        return "", clean(request.partition("?")[0])[:PATH_LIMIT]
    return found[1].upper()[:METHOD_LIMIT], parse_path(found[2])


clean_agent = cached(clean)


@cached
def parse_referrer(address: str) -> str:
    """Return origin and path of a referrer, without its query; "" for an empty one."""
    return clean(bare_referrer(address))


def parse_path(target: str) -> str:
    """Return the path of a request target, decoded as the recorder does."""
    path = target.partition("?")[0].partition("#")[0]
    return clean(unquote(path) if "%" in path else path)[:PATH_LIMIT]
