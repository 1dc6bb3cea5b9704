"""Parse the lines of other servers' logs."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from enum import StrEnum
from typing import Any

from neupusti.access.ingest.logfields import (
    MAX_BYTES,
    TIMESTAMP,
    MalformedError,
    checked_range,
    clean_agent,
    parse_address,
    parse_path,
    parse_referrer,
    parse_status,
    parse_timestamp,
    split_request,
)
from neupusti.access.models import millis
from neupusti.access.recording.line import METHOD_LIMIT, Entry

QUOTED_FIELD = r'"([^"\\]*(?:\\.[^"\\]*)*)'
LINE = re.compile(
    rf'(\S+)\s+(\S+)\s.*?\[([^\]]{{1,100}})\]\s+{QUOTED_FIELD}"\s+(\S+)\s+(\S+)'
    rf'(?:\s+{QUOTED_FIELD}"?(?:\s+{QUOTED_FIELD})?)?',
    re.DOTALL,
)
"""A line of the common format, and what the combined one adds."""
SYSLOG = re.compile(
    r"(?:<\d{1,3}>)?"
    r"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|(?:1 )?\d{4}-\d\d-\d\dT\S+) \S+ "
    r"(?:[^\s:\[]+(?:\[\d+\])?:|\S+ \S+ \S+ (?:-|\[[^\]]*\])) \ufeff?"
)
"""What a system log puts before a line: its time, host and program (RFC 3164, RFC 5424)."""


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
    found = LINE.match(line)
    if found is None:
        raise MalformedError("not a line of this format")
    if found[7] is None:
        raise MalformedError("cut short")
    return _entry(found)


def _parse_common(line: str) -> Entry:
    found = LINE.match(line)
    if found is None:
        raise MalformedError("not a line of this format")
    if found[7] is not None:
        # Read as common, it would lose referrer and user agent for good.
        raise MalformedError("a line of the combined format")
    return _entry(found)


def _entry(found: re.Match[str]) -> Entry:
    first, second, stamp, request, status, size, referrer, user_agent = found.groups("")
    method, path = split_request(request)
    try:
        ip = parse_address(first)
    except MalformedError:
        # The first field may be the name of the host, before that of the client.
        ip = parse_address(second)
    return Entry(
        parse_timestamp(stamp),
        ip,
        method,
        path,
        parse_status(status),
        int(size) if size.isdecimal() and len(size) < 19 else 0,  # noqa: PLR2004 - 63 bits
        parse_referrer(referrer),
        clean_agent("" if user_agent == "-" else user_agent),
    )


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
        referrer=parse_referrer(str(first("http_referer", "referrer", "referer") or "")),
        user_agent=clean_agent(
            _without_dash(first("http_user_agent", "user_agent", "agent"))
        ),
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
        return checked_range(int(number if number > 1e11 else number * 1000))  # noqa: PLR2004
    if TIMESTAMP.fullmatch(str(found)):
        return parse_timestamp(str(found))
    at = datetime.fromisoformat(str(found))
    if at.tzinfo is None:
        raise MalformedError("a moment without a zone")
    return checked_range(millis(at))


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
