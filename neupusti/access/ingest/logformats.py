"""Parse the lines of other servers' logs."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from neupusti.access.models import PATH_LIMIT, millis
from neupusti.access.recording.line import METHOD_LIMIT, Entry, bare_referrer, clean
from neupusti.core.web.edge import UNKNOWN, client_address

QUOTED_FIELD = r'"((?:[^"\\]|\\.)*)'
COMMON = re.compile(
    rf'(\S+)\s+(\S+)\s+.*?\[([^\]]+)\]\s+{QUOTED_FIELD}"\s+(\S+)\s+(\S+)(.*)', re.DOTALL
)
SYSLOG = re.compile(
    r"(?:<\d{1,3}>)?"
    r"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|(?:1 )?\d{4}-\d\d-\d\dT\S+) \S+ "
    r"(?:[^\s:\[]+(?:\[\d+\])?:|\S+ \S+ \S+ (?:-|\[[^\]]*\])) \ufeff?"
)
"""What a system log puts before a line: its time, host and program (RFC 3164, RFC 5424)."""
REST = re.compile(rf'\s+{QUOTED_FIELD}"?(?:\s+{QUOTED_FIELD})?', re.DOTALL)
TIMESTAMP = re.compile(
    r"\d\d/\w{3}/\d{4}:\d\d:\d\d:(\d\d)(?:[.,](\d{1,6}))? ([+-]\d\d\d\d)"
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
STATUSES = range(100, 600)
MAX_BYTES = 2**62
TIMESTAMP_RANGE = range(
    millis(datetime(1990, 1, 1, tzinfo=UTC)), millis(datetime(2200, 1, 1, tzinfo=UTC))
)
"""Dates outside of it cannot be shown, or not even computed on every system."""


class Format(StrEnum):
    """A format of a log; before the first two may stand the name of the host."""

    COMBINED = "combined"
    COMMON = "common"
    JSON = "json"


READ = (
    "Read are combined, vhost_combined and common logs and JSON lines as nginx and Caddy "
    "write them, also behind the prefix of a system log, plain or packed as gz, bz2 or xz."
)
"""The sentence that names everything that can be imported."""


class MalformedError(ValueError):
    """A line is no request; the message is the reason it is counted under."""


def parser(kind: Format) -> Callable[[str], Entry]:
    """Return the parser of a format: line -> entry; it raises MalformedError."""
    parse_bare = {
        Format.COMBINED: _parse_combined,
        Format.COMMON: _parse_common,
        Format.JSON: _parse_json,
    }[kind]

    def parse(line: str) -> Entry:
        try:
            return parse_bare(line)
        except MalformedError:
            prefix = SYSLOG.match(line)
            if prefix is None:
                raise
            return parse_bare(line[prefix.end() :])

    return parse


def count_matches(lines: Iterable[str]) -> Counter[Format]:
    """Return how many of `lines` are of each format that any of them is of."""
    matches: Counter[Format] = Counter()
    for kind in Format:
        parse = parser(kind)
        for line in lines:
            with suppress(MalformedError):
                parse(line)
                matches[kind] += 1
    return matches


def _parse_combined(line: str) -> Entry:
    found = COMMON.match(line)
    if found is None:
        raise MalformedError("not a line of this format")
    rest = REST.match(found[7])
    if rest is None:
        raise MalformedError("cut short")
    return _entry(found, rest[1], rest[2] or "")


def _parse_common(line: str) -> Entry:
    found = COMMON.match(line)
    if found is None:
        raise MalformedError("not a line of this format")
    # Read as common, it would lose referrer and user agent for good.
    if REST.match(found[7]):
        raise MalformedError("a line of the combined format")
    return _entry(found, "", "")


def _entry(found: re.Match[str], referrer: str, user_agent: str) -> Entry:
    first, second, stamp, request, status, size, _ = found.groups()
    method, path = split_request(request)
    return Entry(
        at=parse_timestamp(stamp),
        ip=_first_address(first, second),
        method=method,
        path=path,
        status=parse_status(status),
        bytes=int(size) if size.isdecimal() and len(size) < 19 else 0,  # noqa: PLR2004 - 63 bits
        referrer=clean(bare_referrer(referrer)),
        user_agent=clean("" if user_agent == "-" else user_agent),
    )


def _first_address(first: str, second: str) -> str:
    """Return the client's address: the first field, or the second after a host's name."""
    try:
        return parse_address(first)
    except MalformedError:
        return parse_address(second)


@lru_cache(maxsize=50_000)
def parse_address(text: str) -> str:
    """Return the canonical form of an address; raise MalformedError for anything else."""
    found = client_address(text[1:-1] if text[:1] == "[" and text[-1:] == "]" else text)
    if found == UNKNOWN:
        raise MalformedError("no address")
    return found


def parse_status(text: object) -> int:
    """Return an HTTP status; raise MalformedError for anything else."""
    try:
        status = int(str(text))
    except ValueError:
        raise MalformedError("no status") from None
    if status not in STATUSES:
        raise MalformedError("no status")
    return status


def parse_timestamp(stamp: str) -> int:
    """Return the milliseconds since 1970 of a timestamp of Apache or nginx."""
    found = TIMESTAMP.fullmatch(stamp)
    if found is None:
        raise MalformedError("no moment")
    second = int(found[1])
    if second > 60:  # noqa: PLR2004 - a leap second is written as 60
        raise MalformedError("no moment")
    fraction = int(f"{found[2]:0<3}"[:3]) if found[2] else 0
    return _minute(stamp[:17], found[3]) + min(second, 59) * 1000 + fraction


@lru_cache(maxsize=10_000)
def _minute(stamp: str, zone: str) -> int:
    day, month, rest = stamp.split("/")
    try:
        number = MONTHS.index(month) + 1
        text = f"{rest[:4]}-{number:02}-{day}T{rest[5:]}:00{zone[:3]}:{zone[3:]}"
        return _checked_range(millis(datetime.fromisoformat(text)))
    except (ValueError, OverflowError):
        raise MalformedError("no moment") from None


def _checked_range(at: int) -> int:
    if at not in TIMESTAMP_RANGE:
        raise MalformedError("no moment")
    return at


def split_request(request: str) -> tuple[str, str]:
    """Return method and path of a request line; for any other text, no method."""
    found = REQUEST.fullmatch(request)
    if found is None or found[1].upper() not in METHODS:
        return "", clean(request.partition("?")[0])[:PATH_LIMIT]
    return found[1].upper()[:METHOD_LIMIT], parse_path(found[2])


def parse_path(target: str) -> str:
    """Return the path of a request target, decoded as the recorder does."""
    path = target.partition("?")[0].partition("#")[0]
    return clean(unquote(path) if "%" in path else path)[:PATH_LIMIT]


def _parse_json(line: str) -> Entry:
    """Read nginx's `escape=json` logs under their usual names, and Caddy's."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        raise MalformedError("not JSON") from None
    if not isinstance(fields, dict):
        raise MalformedError("not JSON")
    try:
        return _parse_fields({**fields, **_caddy_fields(fields)})
    except MalformedError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise MalformedError("a field is missing or odd") from None


def _parse_fields(fields: dict[str, Any]) -> Entry:
    def first(*names: str) -> Any:
        return next((fields[n] for n in names if fields.get(n) not in {None, ""}), None)

    if (request := first("request")) and isinstance(request, str):
        method, path = split_request(request)
    else:
        method = str(first("request_method", "method") or "").upper()[:METHOD_LIMIT]
        address = str(first("request_uri", "uri", "path", "url") or "")
        path = parse_path(address)
    duration = first("request_time", "duration")
    size = int(first("body_bytes_sent", "bytes_sent", "bytes", "size") or 0)
    return Entry(
        at=_parse_json_timestamp(
            first("time_iso8601", "time_local", "timestamp", "time", "msec", "ts", "at")
        ),
        ip=parse_address(str(first("remote_addr", "ip", "client_ip", "remote_ip"))),
        method=method,
        path=path,
        status=parse_status(first("status", "status_code")),
        bytes=size if 0 <= size < MAX_BYTES else 0,
        referrer=clean(
            bare_referrer(str(first("http_referer", "referrer", "referer") or ""))
        ),
        user_agent=clean(_without_dash(first("http_user_agent", "user_agent", "agent"))),
        duration_us=None if duration is None else _microseconds(duration),
    )


def _microseconds(seconds: Any) -> int:
    return max(0, min(int(float(seconds) * 1_000_000), MAX_BYTES))


def _without_dash(text: Any) -> str:
    return "" if text in {None, "-"} else str(text)


def _parse_json_timestamp(found: Any) -> int:
    if isinstance(found, int | float) or str(found).replace(".", "", 1).isdecimal():
        number = float(found)
        # Seconds since 1970 have ten digits in this century, milliseconds thirteen.
        return _checked_range(int(number if number > 1e11 else number * 1000))  # noqa: PLR2004
    if TIMESTAMP.fullmatch(str(found)):
        return parse_timestamp(str(found))
    at = datetime.fromisoformat(str(found))
    if at.tzinfo is None:
        raise MalformedError("a moment without a zone")
    return _checked_range(millis(at))


def _caddy_fields(fields: dict[str, Any]) -> dict[str, Any]:
    request = fields.get("request")
    if not isinstance(request, dict):
        return {}
    headers = request.get("headers")
    named = headers if isinstance(headers, dict) else {}

    def header(name: str) -> str:
        values = named.get(name)
        return str(values[0]) if isinstance(values, list) and values else ""

    return {
        "request": None,
        "remote_addr": request.get("client_ip") or request.get("remote_ip"),
        "method": request.get("method"),
        "uri": request.get("uri"),
        "referrer": header("Referer"),
        "user_agent": header("User-Agent"),
    }
