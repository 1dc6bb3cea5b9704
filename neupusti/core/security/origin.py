"""Forms without a token: accepted only from our own pages.

A CSRF token needs a session, and a session needs a cookie: a form that must work for a
visitor without any is guarded by what the browser says about where it was sent from.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import abort, current_app, request
from werkzeug.datastructures import Headers

P = ParamSpec("P")
R = TypeVar("R")

LIMIT = 2000  # no mutation: any bound will do
MARK = "guarded_by_origin"
OWN = frozenset({"same-origin", "none"})
"""Values of Sec-Fetch-Site: our own page, or the person's own act (a reload)."""


def same_origin(headers: Headers, host: str, *, https: bool) -> bool:
    """Tell whether a request came from a page of `host`.

    `Sec-Fetch-Site` decides where the browser sends it; else `Origin`, else `Referer`.
    A request with none of them comes from no browser of the last ten years: refused.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in OWN
    source = headers.get("Origin") or headers.get("Referer")
    return source is not None and _own(source, host, https=https)


def foreign(headers: Headers, host: str, *, https: bool) -> bool:
    """Tell whether the browser says that another site sent the request (V3.5.1).

    Silence is no answer: then a form's token decides. So is `Origin: null`, which a page
    that sends no referrer makes of its own forms.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in OWN
    source = headers.get("Origin", "null")
    return source != "null" and not _own(source, host, https=https)


def guarded(view: Callable[P, R]) -> Callable[P, R]:
    """Refuse with 403 what another site sent; stands in for the CSRF token of a view."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not same_origin(request.headers, request.host, https=request.is_secure):
            abort(403)
        return view(*args, **kwargs)

    setattr(checked, MARK, True)
    return checked


def is_guarded(endpoint: str | None) -> bool:
    """Tell whether the view of `endpoint` is guarded this way, and so needs no token."""
    view: Any = current_app.view_functions.get(endpoint or "")
    return getattr(view, MARK, False)


def _own(source: str, host: str, *, https: bool) -> bool:
    try:
        # Cut, for the library keeps what it was last asked about; the host stands first.
        parts = urlsplit(source[:LIMIT])
    except ValueError:
        return False
    # Behind a proxy nobody told us about, our own https pages arrive as http.
    schemes = {"https"} if https else {"http", "https"}
    return parts.scheme in schemes and parts.netloc.lower() == host.lower()
