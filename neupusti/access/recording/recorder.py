"""WSGI middleware that writes one line for every response, regardless of origin."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from neupusti.access.recording.line import (
    AGENT_LIMIT,
    STATIC_ROUTE,
    Entry,
    bare_referrer,
    cookie_names,
    encode,
)
from neupusti.access.recording.spool import Spool
from neupusti.access.recording.visitors import Visitors
from neupusti.core import clock
from neupusti.core.feature import Category
from neupusti.core.web import choice
from neupusti.core.web.edge import REFUSED, REQUEST_ID, UNKNOWN
from neupusti.core.web.route import HIDDEN, ROUTE, Route

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SERVER_ERROR = 500
LARGE = 256 * 1024
"""Bytes of a body that is not held in memory as a whole."""
SLASHES = re.compile(r"(?<!:)//+")
TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]*[\w-]{43}", re.ASCII)
"""Matches what may be a token (`core.security.tokens`): long, of mixed case."""


@dataclass(frozen=True)
class SecretPaths:
    """The path prefixes after which the site's own routes carry a token."""

    prefixes: tuple[str, ...]

    def hide(self, path: str, route: Route | None = None) -> str:
        """Return `path` with the secret arguments of its route as «…».

        A mistyped link still carries its token. So a path without a route that begins
        like one with a secret is cut there, ignoring case and repeated slashes, and what
        looks like a token is hidden in any other path or referrer.
        """
        if route is not None:
            return route.redact(path) if route.secret else path
        if self.prefixes:
            once = SLASHES.sub("/", path)
            if found := self._begins.search(once):
                path = once[: found.end()] + HIDDEN
        return TOKEN.sub(HIDDEN, path)

    @cached_property
    def _begins(self) -> re.Pattern[str]:
        return re.compile("|".join(map(re.escape, self.prefixes)), re.IGNORECASE)


class Recorder:
    """WSGI middleware that logs a response before its last part is sent.

    So a worker killed right after it has lost nothing. Errors of the recorder never change
    the response.
    """

    def __init__(
        self,
        inner: "WSGIApplication",
        spool: Spool,
        *,
        secrets: Callable[[], SecretPaths],
        visitors: Visitors,
        static: bool = False,
    ) -> None:
        self.inner, self.spool, self.static = inner, spool, static
        self._visitors = visitors
        self._secrets_of = secrets
        self._secrets: SecretPaths | None = None

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        """Call the application and wrap its response."""
        response = _RecordedResponse(self, environ)
        length = LARGE

        def start_response(
            status: str, headers: list[tuple[str, str]], *exc_info: Any
        ) -> Any:
            nonlocal length
            response.status = int(status[:3])
            length = _content_length(headers)
            return start(status, headers, *exc_info)

        try:
            body = self.inner(environ, start_response)
            if length < LARGE:
                return response.whole(body)
            response.begin(body)
        except BaseException:
            response.status = SERVER_ERROR
            response.close()
            raise
        return response

    def write(self, response: "_RecordedResponse") -> None:
        """Append the line of a finished response."""
        environ = response.environ
        route: Route | None = environ.get(ROUTE)
        if route is not None and route.static and not self.static:
            return
        if self._secrets is None:
            self._secrets = self._secrets_of()
        granted = _granted(environ)
        cookies = environ.get("HTTP_COOKIE", "")
        counted = cookies and Category.STATISTICS in granted
        path = "(unreadable)" if environ.get(REFUSED) == "bytes" else _path(environ)
        referrer = bare_referrer(_decode_latin(environ.get("HTTP_REFERER", "")))
        entry = Entry(
            at=response.at,
            ip=environ.get("REMOTE_ADDR", UNKNOWN),
            method=environ.get("REQUEST_METHOD", ""),
            path=self._secrets.hide(path, route),
            status=response.status,
            bytes=response.bytes,
            duration_us=(time.perf_counter_ns() - response.began) // 1000,
            referrer=self._secrets.hide(referrer) if referrer else "",
            user_agent=_decode_latin(environ.get("HTTP_USER_AGENT", ""))[:AGENT_LIMIT],
            route=_route_name(route),
            cookies=cookie_names(_decode_latin(cookies)) if cookies else "",
            granted=" ".join(sorted(granted)),
            visitor=self._visitors.read(cookies) if counted else "",
            request_id=environ.get(REQUEST_ID, ""),
        )
        self.spool.append(encode(entry))


class _RecordedResponse:
    """The body of one response: passes its parts on, one behind, and counts their bytes.

    A part is known to be the last only when the next is requested, so one is held back.
    """

    __slots__ = (
        "at", "began", "body", "bytes", "done", "environ", "error", "held", "parts",
        "recorder", "status",
    )  # fmt: skip

    def __init__(self, recorder: Recorder, environ: "WSGIEnvironment") -> None:
        self.recorder, self.environ = recorder, environ
        self.body: Iterable[bytes] = ()
        self.at = int(clock.now().timestamp() * 1000)
        self.began = time.perf_counter_ns()
        self.status, self.bytes, self.done = SERVER_ERROR, 0, False
        self.error: Exception | None = None

    def whole(self, body: Iterable[bytes]) -> list[bytes]:
        """Take all parts and write the line; the server sends a list with its headers.

        A machine that died between the two would leave a page without its text, and no
        proxy asks another machine for the rest.
        """
        self.body = body
        text = b"".join(body)
        self.bytes = len(text)
        self.close()
        return [text] if text else []

    def begin(self, body: Iterable[bytes]) -> None:
        """Take the first part before the headers are sent, which may be all there is."""
        self.body, self.parts = body, iter(body)
        self.held = self._take()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        part = self.held
        if part is None:
            raise self.error or StopIteration
        self.bytes += len(part)
        self.held = self._take()
        return part

    def _take(self) -> bytes | None:
        """Return the next part; at the end write the line and return None."""
        try:
            for part in self.parts:
                # An empty part would release the one held back too early.
                if part:
                    return part
        except Exception as error:  # noqa: BLE001 - raised after the previous part is sent
            self.error = error
        self.write_line()
        return None

    def close(self) -> None:
        """Close the body; write the line of a response that was not read to its end."""
        try:
            if close := getattr(self.body, "close", None):
                close()
        finally:
            self.write_line()

    def write_line(self) -> None:
        """Write the line, unless it is written."""
        if not self.done:
            self.done = True
            _write_safely(self.recorder, self)


def _write_safely(recorder: Recorder, response: _RecordedResponse) -> None:
    try:
        recorder.write(response)
    except Exception as error:  # noqa: BLE001 - logging must not break a response
        recorder.spool.unwritable(error)


def _content_length(headers: list[tuple[str, str]]) -> int:
    """Return the number of bytes that are to come; LARGE if it is not known."""
    found = (value for name, value in headers if name.lower() == "content-length")
    length = next(found, "")
    return int(length) if length.isdecimal() else LARGE


def _route_name(route: Route | None) -> str:
    if route is None:
        return ""
    return STATIC_ROUTE if route.static else route.rule


def _granted(environ: "WSGIEnvironment") -> frozenset[Category]:
    """Return the cookie categories the visitor has granted; empty if undecided.

    Who is asked again about one of them is undecided, and has granted the others.
    """
    found: choice.Choice | None = environ.get(choice.KEY)
    if found is None or (
        found.state is choice.ChoiceState.UNDECIDED and not found.optional
    ):
        return frozenset()
    return found.granted


def _path(environ: "WSGIEnvironment") -> str:
    return _decode_latin(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))


def _decode_latin(latin: str) -> str:
    """Decode a WSGI string (UTF-8 bytes as Latin-1)."""
    if latin.isascii():
        return latin
    return latin.encode("latin-1", "replace").decode("utf-8", "replace")
