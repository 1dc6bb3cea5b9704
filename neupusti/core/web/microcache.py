"""What everybody without a cookie is told, said again for a second without asking anew.

Robots and first visits ask for a public page with no cookie and no query. What `public`
drew for one is right for the next; so for a second the application is not asked at all.
The layers outside do what they do for any answer: headers, consent, request id, record.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from neupusti.core import clock
from neupusti.core.web import choice
from neupusti.core.web.edge import REFUSED
from neupusti.core.web.route import ROUTE, Route
from neupusti.core.web.static_files import accepted

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CACHEABLE_BODY = "neupusti.same"
"""In the environment: the body of an answer that is the same for all who have no cookie."""
SECOND = timedelta(seconds=1)
NOW = timedelta()
MOST = 256
"""Pages in all their languages and codings; the bodies are those of the page store."""
Key = tuple[str | tuple[str, ...] | None, ...]


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """One answer, and when it was given."""

    at: datetime
    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    route: Route | None


class MicroCache:
    """WSGI middleware right before the application."""

    generation = 0
    """Counts what was published in this process: nothing from before is said again."""

    def __init__(self, inner: "WSGIApplication") -> None:
        self.inner = inner
        self.told: dict[Key, CachedResponse] = {}
        self.since = MicroCache.generation

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer from what was just told to somebody like this visitor, or ask inside."""
        key = _key(environ)
        if key is None:
            return self.inner(environ, start)
        if self.since != MicroCache.generation:
            self.told, self.since = {}, MicroCache.generation
        told = self.told.get(key)
        if told is not None and NOW <= clock.now() - told.at < SECOND:
            if told.route is not None:
                environ[ROUTE] = told.route
            start(told.status, list(told.headers))
            return [told.body]

        def noting(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Any:
            if (body := environ.get(CACHEABLE_BODY)) is not None and status.startswith(
                "200"
            ):
                if len(self.told) >= MOST:
                    self.told = {}
                self.told[key] = CachedResponse(
                    clock.now(), status, tuple(headers), body, environ.get(ROUTE)
                )
            return start(status, headers, *exc_info)

        return self.inner(environ, noting)


def invalidate() -> None:
    """Say nothing again that was told before: something public has changed."""
    MicroCache.generation += 1


def _key(environ: "WSGIEnvironment") -> Key | None:
    """Return what such an answer depends on; None where it may depend on more."""
    decided: choice.Choice = environ[choice.KEY]
    if (
        environ["REQUEST_METHOD"] != "GET"
        or "HTTP_COOKIE" in environ
        or environ.get("QUERY_STRING")
        or REFUSED in environ
        or (decided is not choice.UNDECIDED and decided is not choice.SIGNAL)
    ):
        return None
    return (
        environ.get("SCRIPT_NAME"),
        environ.get("PATH_INFO"),
        accepted(environ.get("HTTP_ACCEPT_ENCODING", "")),
        decided.state,
    )
