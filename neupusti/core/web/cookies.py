"""Setting and reading a cookie as it is declared: nobody spells the attributes twice."""

from flask import Response, current_app, request
from werkzeug.wrappers import Response as AnyResponse

from neupusti.core.feature import Cookie

LIMIT = 4096
"""Longer values browsers drop; we never set one."""


def secure() -> bool:
    """Tell whether the site is served over https only, as production is."""
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


def put(
    response: Response | AnyResponse, cookie: Cookie, value: str, *, name: str | None = None
) -> None:
    """Set `cookie` on `response`; `name` chooses one of a declared family."""
    if len(value) > LIMIT:
        raise ValueError(f"cookie {cookie.name} holds more than {LIMIT} characters")
    response.set_cookie(
        _wire(cookie, name),
        value,
        max_age=cookie.lifetime,
        path=cookie.path,
        domain=cookie.domain,
        secure=secure(),
        httponly=cookie.http_only,
        samesite="Lax",
    )


def drop(
    response: Response | AnyResponse, cookie: Cookie, *, name: str | None = None
) -> None:
    """Let the browser forget `cookie`."""
    response.delete_cookie(
        _wire(cookie, name),
        path=cookie.path,
        domain=cookie.domain,
        secure=secure(),
        httponly=cookie.http_only,
        samesite="Lax",
    )


def value_of(cookie: Cookie, *, name: str | None = None) -> str | None:
    """Return what the browser sent; None too where the visitor did not allow it."""
    # Most requests carry no cookie at all: do not parse what is not there.
    if "HTTP_COOKIE" not in request.environ:
        return None
    return request.cookies.get(_wire(cookie, name))


def _wire(cookie: Cookie, name: str | None) -> str:
    wire = cookie.wire_name(secure=secure())
    return wire if name is None else wire.removesuffix(cookie.name) + name
