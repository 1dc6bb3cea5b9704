"""The outermost layer: what holds for every answer, whoever made it.

Request id, client address, canonical host, clean bytes, security headers. It wraps the
WSGI application so that error pages, static files and streamed bodies get the same.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Iterable
from random import getrandbits
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID = "neupusti.request_id"
REFUSED = "neupusti.refused"
"""Set to a word where the request may get nothing but a 400: `host` or `bytes`."""
UNKNOWN = "unknown"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; manifest-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
POWERS = (
    "accelerometer", "autoplay", "browsing-topics", "camera",
    "display-capture", "encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid",
    "idle-detection", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial", "usb",
    "xr-spatial-tracking",
)  # fmt: skip
HEADERS = (
    # A page is kept by no cache unless its view says otherwise.
    ("Cache-Control", "no-store"),
    ("Link", '</policy/>; rel="privacy-policy"'),
    # Else the server would name its software.
    ("Server", "neupusti"),
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Permissions-Policy", ", ".join(f"{power}=()" for power in POWERS)),
)
TWO_YEARS = "max-age=63072000; includeSubDomains; preload"
PARTS = 4096
"""Parameters and escapes of a query: enough for two thousand Cyrillic letters."""
CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


class Edge:
    """WSGI middleware round everything else."""

    def __init__(
        self,
        inner: "WSGIApplication",
        *,
        hosts: frozenset[str],
        canonical: str,
        proxies: int,
        https: bool,
    ) -> None:
        checked: WSGIApplication = _Checks(inner, hosts, canonical)
        self.inner = (
            ProxyFix(checked, x_for=proxies, x_proto=1, x_host=0) if proxies else checked
        )
        strict = (("Strict-Transport-Security", TWO_YEARS),) if https else ()
        self.headers = [(pair[0].lower(), pair) for pair in (*HEADERS, *strict)]

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer, with a fresh request id and every header an answer lacks."""
        # A name, not a secret: asking the system for each would cost a system call.
        request_id = environ[REQUEST_ID] = f"{getrandbits(64):016x}"

        def started(
            status: str, headers: list[tuple[str, str]], *exc_info: Any
        ) -> Callable[[bytes], object]:
            # A view may be stricter (a page with a token sends no referrer at all).
            own = {name.lower() for name, _ in headers}
            headers += [pair for name, pair in self.headers if name not in own]
            headers.append(("X-Request-Id", request_id))
            return start(status, headers, *exc_info)

        return self.inner(environ, started)


class _Checks:
    """Takes out of the request what no view should see, and marks it as refused."""

    def __init__(
        self, inner: "WSGIApplication", hosts: frozenset[str], canonical: str
    ) -> None:
        self.inner, self.hosts, self.canonical = inner, hosts, canonical

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = client_address(environ.get("REMOTE_ADDR"))
        if hostname(environ.get("HTTP_HOST", "")) not in self.hosts:
            # The page of refusal is drawn under our own name, never under theirs.
            environ["HTTP_HOST"] = self.canonical
            environ[REFUSED] = "host"
        if junk(environ):
            environ |= {"PATH_INFO": "/", "QUERY_STRING": "", REFUSED: "bytes"}
        return self.inner(environ, start)


def client_address(address: str | None) -> str:
    """Return `address` in its canonical form (IPv4 or IPv6), else "unknown" (1.1.8).

    A scope (`fe80::1%eth0`) may hold any text at all, so it makes an address unknown; an
    IPv4 client of a socket that listens on both is told as IPv4.
    """
    try:
        # Nearly every address is this, and C is five times as fast at saying so.
        socket.inet_pton(socket.AF_INET, address or "")
    except (OSError, ValueError):
        return _other_address(address or "")
    return address or UNKNOWN


def _other_address(address: str) -> str:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return UNKNOWN
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id is not None:
            return UNKNOWN
        return str(found.ipv4_mapped or found)
    return str(found)


def hostname(host: str) -> str:
    """Return the name in a Host header, lower case, without its port; "" if malformed."""
    if not re.fullmatch(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?", host):
        return ""
    return (
        host.lower()
        if host.endswith("]")
        else host.lower().rpartition(":")[0] or host.lower()
    )


def junk(environ: "WSGIEnvironment") -> bool:
    """Tell whether the address holds bytes that are no text: not UTF-8, or controls.

    A query of more parts than any form of ours sends is not taken apart: each one costs.
    """
    path = environ.get("PATH_INFO", "").encode("latin-1")
    asked = environ.get("QUERY_STRING", "").encode("latin-1")
    if asked.count(b"&") + asked.count(b"%") > PARTS:
        return True
    try:
        path.decode()
        query = unquote_to_bytes(asked)
        query.decode()
    except UnicodeDecodeError:
        return True
    return bool(CONTROL.search(path)) or b"\x00" in query
