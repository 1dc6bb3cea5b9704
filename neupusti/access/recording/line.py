"""Encode and decode the lines of the spool; every field has a maximum length."""

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from neupusti.access import calendar
from neupusti.access.models import PATH_LIMIT
from neupusti.access.recording.spool import LINE_BYTES

AGENT_LIMIT = 400
REFERRER_LIMIT = 300
COOKIES_LIMIT = 400
NAME_LIMIT = 60
MAX_COOKIES = 20
METHOD_LIMIT = 10
REPLACEMENT = "\ufffd"
STATIC_ROUTE = "(static)"
"""Stands for the route of every static file, so that they can be told from pages."""
NAMELESS = "(nameless)"
"""Stands for a cookie without a name: it arrives as its value, and values are not kept."""
SHORTENED_LIMITS = (("r", 40), ("u", 80), ("p", 90), ("o", 60), ("c", 40))
"""Fields shortened, in this order, while a line with many escapes is too long."""


class UnreadableLineError(ValueError):
    """Bytes in a spool file are not one of its lines."""


@dataclass(slots=True)
class Entry:
    """One request, from the spool or an imported log."""

    at: int
    """Milliseconds since 1970."""
    ip: str
    method: str
    path: str
    status: int
    bytes: int
    referrer: str = ""
    user_agent: str = ""
    duration_us: int | None = None
    route: str = ""
    cookies: str = ""
    granted: str = ""
    visitor: str = ""
    request_id: str = ""

    @property
    def day(self) -> str:
        """The day (ISO) in Almaty."""
        return calendar.day_and_hour(self.at // calendar.HOUR)[0]


def encode(entry: Entry) -> bytes:
    """Return the line of `entry`, in ASCII: without raw control or bidi characters."""
    duration = "null" if entry.duration_us is None else entry.duration_us
    numbers = f'{{"t":{entry.at},"s":{entry.status},"b":{entry.bytes},"d":{duration}'
    texts = {
        "i": entry.ip,
        "m": entry.method[:METHOD_LIMIT],
        "p": entry.path[:PATH_LIMIT],
        "r": entry.referrer,
        "u": entry.user_agent[:AGENT_LIMIT],
        "o": entry.route[:PATH_LIMIT],
        "c": entry.cookies,
        "g": entry.granted,
        "v": entry.visitor,
        "q": entry.request_id,
    }
    line = _join(numbers, texts)
    for name, limit in SHORTENED_LIMITS:
        if len(line) <= LINE_BYTES:
            break
        texts[name] = texts[name][:limit]
        line = _join(numbers, texts)
    return line


SCAN = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # not in the stubs
QUOTE = json.encoder.encode_basestring_ascii


def _join(numbers: str, texts: dict[str, str]) -> bytes:
    # Seven times as fast as json.dumps; every response waits for this.
    quoted = [f',"{name}":{QUOTE(text)}' for name, text in texts.items()]
    return f"{numbers}{''.join(quoted)}}}\n".encode()


def decode(line: bytes) -> Entry:
    """Return the entry of a line; raise UnreadableLineError."""
    try:
        fields, end = SCAN(line.decode("ascii"), 0)
        if end < len(line.rstrip()):
            raise UnreadableLineError
        if b"\\" in line or b"\x7f" in line:
            # Only such lines can need cleaning; the rest is printable ASCII.
            for name in "impruoc":
                fields[name] = clean(fields[name])
        return Entry(
            int(fields["t"]), fields["i"], fields["m"], fields["p"], int(fields["s"]),
            int(fields["b"]), fields["r"], fields["u"], fields["d"], fields["o"],
            fields["c"], fields["g"], fields["v"], fields["q"],
        )  # fmt: skip
    except (
        ValueError, KeyError, TypeError, AttributeError, RecursionError, StopIteration,
    ) as error:  # fmt: skip
        raise UnreadableLineError from error


def clean(text: str) -> str:
    """Return `text` with � for every control, bidi mark and lone surrogate.

    Attackers choose the text; staff, databases and other programs read it.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else REPLACEMENT for c in text)


def bare_referrer(address: str) -> str:
    """Return origin and path of a referrer, without its query; "" for an empty one."""
    if not address or address == "-":
        return ""
    try:
        # Truncated, because urlsplit caches its arguments, however long.
        parts = urlsplit(address[:REFERRER_LIMIT])
        host, port = parts.hostname, parts.port
    except ValueError:
        return "(unreadable)"
    if not host or parts.scheme not in {"http", "https", "android-app"}:
        return "(unreadable)"
    place = f"[{host}]" if ":" in host else host
    named = f"{place}:{port}" if port else place
    return f"{parts.scheme}://{named}{parts.path}"[:REFERRER_LIMIT]


def cookie_names(header: str) -> str:
    """Return the names in a Cookie header, space-separated, without any value."""
    names = []
    for part in header.split(";")[:MAX_COOKIES]:
        name, equals, _ = part.strip().partition("=")
        names.append(
            name.strip()[:NAME_LIMIT].replace(" ", "_") if equals and name else NAMELESS
        )
    return " ".join(names)[:COOKIES_LIMIT]
