"""Set and read declared cookies, with the attributes of their declaration."""

from flask import Response, current_app, request
from werkzeug.wrappers import Response as AnyResponse

from neupusti.core.feature import Cookie

LIMIT = 4096
"""Browsers drop longer values."""


def secure() -> bool:
    """Return whether the site is served over HTTPS only, as in production."""
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


def put(
    response: Response | AnyResponse, cookie: Cookie, value: str, *, name: str | None = None
) -> None:
    """Set `cookie` on `response`; `name` selects one of a declared family.

    Raise ValueError for a value over LIMIT.
    """
    if len(value) > LIMIT:
        raise ValueError(f"cookie {cookie.name} holds more than {LIMIT} characters")
    response.set_cookie(
        _wire_name(cookie, name),
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
    """Delete `cookie` from the browser."""
    response.delete_cookie(
        _wire_name(cookie, name),
        path=cookie.path,
        domain=cookie.domain,
        secure=secure(),
        httponly=cookie.http_only,
        samesite="Lax",
    )


def value_of(cookie: Cookie, *, name: str | None = None) -> str | None:
    """Return what the browser sent, or None; also None where consent is missing."""
    # Most requests carry no cookie at all: skip the parsing.
    if "HTTP_COOKIE" not in request.environ:
        return None
    return request.cookies.get(_wire_name(cookie, name))


def _wire_name(cookie: Cookie, name: str | None) -> str:
    wire_name = cookie.wire_name(secure=secure())
    return wire_name if name is None else wire_name.removesuffix(cookie.name) + name
