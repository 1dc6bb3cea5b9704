"""CSRF protection by request origin, for forms without a token.

A CSRF token needs a session, and a session needs a cookie: a form that must work without
cookies is protected by the headers in which browsers send its origin.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import abort, current_app, request
from flask_wtf.csrf import validate_csrf
from werkzeug.datastructures import Headers
from wtforms import ValidationError

P = ParamSpec("P")
R = TypeVar("R")

LIMIT = 2000  # no mutation: any bound will do
MARK, OPEN_MARK = "guarded_by_origin", "open_to_any_origin"
OWN_SITE = frozenset({"same-origin", "none"})
"""Values of Sec-Fetch-Site: our own page, or the user's own action (a reload)."""


def same_origin(headers: Headers, host: str, *, https: bool) -> bool:
    """Return whether a request came from a page of `host`.

    `Sec-Fetch-Site` decides if present; else `Origin`, else `Referer`. Browsers of the
    last ten years send at least one of them: without any the answer is no.
    """
    fetch_site = headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site in OWN_SITE
    source = headers.get("Origin") or headers.get("Referer")
    return source is not None and _is_own(source, host, https=https)


def is_cross_origin(headers: Headers, host: str, *, https: bool) -> bool:
    """Return whether the headers say that another site sent the request (V3.5.1).

    Without such headers the CSRF token decides; also with `Origin: null`, which forms of a
    page without referrer send.
    """
    fetch_site = headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site not in OWN_SITE
    source = headers.get("Origin", "null")
    return source != "null" and not _is_own(source, host, https=https)


def same_origin_only(view: Callable[P, R]) -> Callable[P, R]:
    """Respond with 403 to requests of other sites; needs no CSRF token of a view.

    A client that sends no origin at all can still prove by a token where it comes from.
    """

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        headers, https = request.headers, request.is_secure
        if not same_origin(headers, request.host, https=https) and (
            is_cross_origin(headers, request.host, https=https) or not _has_token()
        ):
            abort(403)
        return view(*args, **kwargs)

    setattr(checked, MARK, True)
    return checked


def from_any_origin(view: Callable[P, R]) -> Callable[P, R]:
    """Accept requests of any origin without a token: the address itself is the secret.

    For what mail programs send (RFC 8058); such a view reads no cookie and no session.
    """
    setattr(view, OPEN_MARK, True)
    return view


def is_same_origin_only(endpoint: str | None) -> bool:
    """Return whether the view of `endpoint` accepts own pages only, without a token."""
    return _is_marked(endpoint, MARK)


def is_from_any_origin(endpoint: str | None) -> bool:
    """Return whether the view of `endpoint` accepts requests of any origin."""
    return _is_marked(endpoint, OPEN_MARK)


def _is_marked(endpoint: str | None, mark: str) -> bool:
    view: Any = current_app.view_functions.get(endpoint or "")
    return getattr(view, mark, False)


def _has_token() -> bool:
    token = request.form.get("csrf_token")
    if token is None:
        return False
    try:
        validate_csrf(token)
    except ValidationError:
        return False
    return True


def _is_own(source: str, host: str, *, https: bool) -> bool:
    try:
        # Cut, since the library caches its arguments; the host comes first.
        parts = urlsplit(source[:LIMIT])
    except ValueError:
        return False
    # Behind an undeclared proxy our own https pages arrive as http.
    schemes = {"https"} if https else {"http", "https"}
    return parts.scheme in schemes and parts.netloc.lower() == host.lower()
