"""Serve a cached copy of a public page to cookieless GET requests for one second.

Robots and first visits request public pages with neither cookie nor query. The response
of `page_cache.public` is the same for all of them, so the application is skipped. The
middleware outside handles it as any response: headers, consent, request id, access log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from neupusti.core import clock
from neupusti.core.text import languages
from neupusti.core.web import choice
from neupusti.core.web.edge import REFUSED
from neupusti.core.web.route import ROUTE, Route
from neupusti.core.web.static_files import accepted

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CACHEABLE_BODY = "neupusti.same"
"""The WSGI key of a body that is the same for everybody without a cookie."""
TTL = timedelta(seconds=1)
DAY = timedelta(days=1)
MAX_ENTRIES = 256
"""Pages in all languages and encodings; they share their bodies with the page cache."""
Key = tuple[str | tuple[str, ...] | bool | None, ...]


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """One response, and when it was made and ends."""

    at: datetime
    until: datetime
    """Within TTL, and not after its day in Almaty: what a page says may end with it."""
    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    route: Route | None


class MicroCache:
    """WSGI middleware directly around the application."""

    generation = 0
    """Incremented by `invalidate`: entries of an earlier generation are dropped."""

    def __init__(self, inner: "WSGIApplication") -> None:
        self.inner = inner
        self.entries: dict[Key, CachedResponse] = {}
        self.entries_generation = MicroCache.generation

    def __call__(
        self, environ: "WSGIEnvironment", start: "StartResponse"
    ) -> Iterable[bytes]:
        """Respond from the cache, or call the application."""
        key = _key(environ)
        if key is None:
            return self.inner(environ, start)
        if self.entries_generation != MicroCache.generation:
            self.entries, self.entries_generation = {}, MicroCache.generation
        found, now = self.entries.get(key), clock.now()
        if found is not None and found.at <= now < found.until:
            if found.route is not None:
                environ[ROUTE] = found.route
            start(found.status, list(found.headers))
            return [found.body]

        def store_and_start(
            status: str, headers: list[tuple[str, str]], *exc_info: Any
        ) -> Any:
            if (body := environ.get(CACHEABLE_BODY)) is not None and status.startswith(
                "200"
            ):
                if len(self.entries) >= MAX_ENTRIES:
                    self.entries = {}
                self.entries[key] = CachedResponse(
                    now,
                    min(now + TTL, _midnight_after(now)),
                    status,
                    tuple(headers),
                    body,
                    environ.get(ROUTE),
                )
            return start(status, headers, *exc_info)

        return self.inner(environ, store_and_start)


def invalidate() -> None:
    """Drop every entry: public content has changed."""
    MicroCache.generation += 1


def _midnight_after(moment: datetime) -> datetime:
    return clock.midnight(moment.astimezone(clock.ALMATY).date() + DAY)


def _key(environ: "WSGIEnvironment") -> Key | None:
    """Return the cache key; None where the response may depend on more."""
    chosen: choice.Choice = environ[choice.KEY]
    if (
        environ["REQUEST_METHOD"] != "GET"
        or "HTTP_COOKIE" in environ
        or environ.get("QUERY_STRING")
        or REFUSED in environ
        or (chosen is not choice.UNDECIDED and chosen is not choice.SIGNAL)
    ):
        return None
    return (
        environ.get("SCRIPT_NAME"),
        environ.get("PATH_INFO"),
        accepted(environ.get("HTTP_ACCEPT_ENCODING", "")),
        chosen.state,
        languages.kazakh_offered(environ),
    )
