"""The recorder: a WSGI layer that writes one line of every answer, whoever made it."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from neupusti.access.recording.line import (
    AGENT_LIMIT,
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

FAILED = 500
SLASHES = re.compile(r"(?<!:)//+")
TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]*[\w-]{43}", re.ASCII)
"""What may be a token (`core.security.tokens`): long, of lower and upper case."""


@dataclass(frozen=True)
class SecretPaths:
    """Which paths hold a token of ours, known from the site's own routes."""

    prefixes: tuple[str, ...]

    def hide(self, path: str, route: Route | None = None) -> str:
        """Return `path` with the secret arguments of its route as «…».

        A mistyped link still holds its token. So a path that fits no route but goes on
        like one with a secret is cut there, whatever its case and its slashes, and what
        looks like a token is left out of any other; the address of a referrer alike.
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
    """WSGI middleware. Whoever received an answer stands in the log already.

    The line is written before the part that ends the answer is handed over: a worker
    killed right after has lost nothing. No failure of it changes the answer.
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
        """Answer as the application does, and write it down before the answer is over."""
        answer = _RecordedResponse(self, environ)

        def noting(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            answer.status = int(status[:3])
            return start(status, headers, *exc_info)

        try:
            answer.begin(self.inner(environ, noting))
        except BaseException:
            answer.status = FAILED
            answer.close()
            raise
        return answer

    def write(self, answer: "_RecordedResponse") -> None:
        """Append the line of a finished answer."""
        environ = answer.environ
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
            at=answer.at,
            ip=environ.get("REMOTE_ADDR", UNKNOWN),
            method=environ.get("REQUEST_METHOD", ""),
            path=self._secrets.hide(path, route),
            status=answer.status,
            bytes=answer.bytes,
            duration_us=(time.perf_counter_ns() - answer.began) // 1000,
            referrer=self._secrets.hide(referrer) if referrer else "",
            user_agent=_decode_latin(environ.get("HTTP_USER_AGENT", ""))[:AGENT_LIMIT],
            route=route.rule if route is not None else "",
            cookies=cookie_names(_decode_latin(cookies)) if cookies else "",
            granted=" ".join(sorted(granted)),
            visitor=self._visitors.read(cookies) if counted else "",
            request_id=environ.get(REQUEST_ID, ""),
        )
        self.spool.append(encode(entry))


class _RecordedResponse:
    """The body of one answer on its way out: passes it on, one part behind, and counts.

    That a part is the last shows only when the next is asked for, so one is held back.
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
        self.status, self.bytes, self.done = FAILED, 0, False
        self.error: Exception | None = None

    def begin(self, body: Iterable[bytes]) -> None:
        """Take the first part, before the headers leave: they may be the whole answer."""
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
        """Return the next part; None, and the line is written, where there is no more."""
        try:
            for part in self.parts:
                # An empty one, handed over instead of the end, would let the last go.
                if part:
                    return part
        except Exception as error:  # noqa: BLE001 - raised when the part before is gone
            self.error = error
        self.write_line()
        return None

    def close(self) -> None:
        """Close the body; write the line of an answer that was not taken to its end."""
        try:
            if close := getattr(self.body, "close", None):
                close()
        finally:
            self.write_line()

    def write_line(self) -> None:
        """Write the line, once."""
        if not self.done:
            self.done = True
            _write_safely(self.recorder, self)


def _write_safely(recorder: Recorder, answer: _RecordedResponse) -> None:
    try:
        recorder.write(answer)
    except Exception as error:  # noqa: BLE001 - the page has been served; nothing may break it
        recorder.spool.unwritable(error)


def _granted(environ: "WSGIEnvironment") -> frozenset[Category]:
    """Return the categories this visitor decided for; none where nothing is decided."""
    found: choice.Choice | None = environ.get(choice.KEY)
    if found is None or found.state is choice.ChoiceState.UNDECIDED:
        return frozenset()
    return found.granted


def _path(environ: "WSGIEnvironment") -> str:
    return _decode_latin(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", ""))


def _decode_latin(latin: str) -> str:
    """Return a header or a path of WSGI (bytes told as Latin-1) as the text it is."""
    if latin.isascii():
        return latin
    return latin.encode("latin-1", "replace").decode("utf-8", "replace")
