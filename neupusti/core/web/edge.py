"""The outermost WSGI middleware: rules for every response, regardless of origin.

Request id, client address, canonical host, valid bytes, security headers. It wraps the
WSGI application, so that error pages, static files and streamed bodies are covered.
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
"""Set to `host` or `bytes` where the only permitted response is 400."""
UNKNOWN = "unknown"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; manifest-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
BROWSER_FEATURES = (
    "accelerometer", "autoplay", "browsing-topics", "camera",
    "display-capture", "encrypted-media", "fullscreen", "geolocation", "gyroscope", "hid",
    "idle-detection", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "publickey-credentials-get", "screen-wake-lock", "serial", "usb",
    "xr-spatial-tracking",
)  # fmt: skip
HEADERS = (
    # No cache stores a page unless its view allows that.
    ("Cache-Control", "no-store"),
    ("Link", '</policy/>; rel="privacy-policy"'),
    # Replaces the name of the server software.
    ("Server", "neupusti"),
    ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Permissions-Policy", ", ".join(f"{feature}=()" for feature in BROWSER_FEATURES)),
)
MAX_QUERY_PARTS = 4096
"""Parameters and escapes in a query: enough for two thousand Cyrillic letters."""
CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


class Edge:
    """WSGI middleware around everything else."""

    def __init__(
        self,
        inner: "WSGIApplication",
        *,
        hosts: frozenset[str],
        canonical: str,
        proxies: int,
        hsts: str = "",
    ) -> None:
        checked: WSGIApplication = _RequestChecks(inner, hosts, canonical)
        self.inner = (
            ProxyFix(checked, x_for=proxies, x_proto=1, x_host=0) if proxies else checked
        )
        self.rules: dict[str, Any] = {
            "hosts": hosts,
            "canonical": canonical,
            "proxies": proxies,
            "hsts": hsts,
        }
        secure = (("Strict-Transport-Security", hsts),) if hsts else ()
        self.headers = [(header[0].lower(), header) for header in (*HEADERS, *secure)]

    def around(self, inner: "WSGIApplication") -> "Edge":
        """Return the same rules around another application."""
        return Edge(inner, **self.rules)

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        """Respond with a new request id and every header the response lacks."""
        # Not a secret: a random number of the system would cost a system call.
        request_id = environ[REQUEST_ID] = f"{getrandbits(64):016x}"

        def start_with_headers(
            status: str, headers: list[tuple[str, str]], *exc_info: Any
        ) -> Callable[[bytes], object]:
            # A view may set stricter headers (a page with a token sends no referrer).
            own = {name.lower() for name, _ in headers}
            headers += [header for name, header in self.headers if name not in own]
            headers.append(("X-Request-Id", request_id))
            return start(status, headers, *exc_info)

        return self.inner(environ, start_with_headers)


class _RequestChecks:
    """Normalises host, client address and bytes; marks bad requests for a 400."""

    def __init__(
        self, inner: "WSGIApplication", hosts: frozenset[str], canonical: str
    ) -> None:
        self.inner, self.hosts, self.canonical = inner, hosts, canonical

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        environ["REMOTE_ADDR"] = client_address(environ.get("REMOTE_ADDR"))
        if hostname(environ.get("HTTP_HOST", "")) not in self.hosts:
            # The error page is rendered with our own host name, never with theirs.
            environ["HTTP_HOST"] = self.canonical
            environ[REFUSED] = "host"
        if is_malformed(environ):
            environ |= {"PATH_INFO": "/", "QUERY_STRING": "", REFUSED: "bytes"}
        return self.inner(environ, start)


def client_address(address: str | None) -> str:
    """Return `address` in its canonical form (IPv4 or IPv6), else "unknown" (1.1.8).

    A scope (`fe80::1%eth0`) may hold any text, so such an address is unknown; IPv4-mapped
    IPv6 becomes IPv4.
    """
    try:
        # The usual case, five times as fast in C.
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
    """Return the host name of a Host header, lower case, no port; "" if malformed."""
    if not re.fullmatch(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?", host):
        return ""
    return (
        host.lower()
        if host.endswith("]")
        else host.lower().rpartition(":")[0] or host.lower()
    )


def is_malformed(environ: "WSGIEnvironment") -> bool:
    """Return whether the address holds invalid UTF-8 or control characters.

    A query of more parts than any of our forms sends is not parsed: each part costs time.
    """
    path = environ.get("PATH_INFO", "").encode("latin-1")
    query_string = environ.get("QUERY_STRING", "").encode("latin-1")
    if query_string.count(b"&") + query_string.count(b"%") > MAX_QUERY_PARTS:
        return True
    try:
        path.decode()
        query = unquote_to_bytes(query_string)
        query.decode()
    except UnicodeDecodeError:
        return True
    return bool(CONTROL.search(path)) or b"\x00" in query
