"""Routes: one address for one resource, and what middleware must know of a request.

Middleware sees only the path; the route says which part of it is secret (the token of a
link we sent) and which responses are static files.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app, redirect, request
from werkzeug.routing import IntegerConverter, Rule
from werkzeug.wrappers import Response

ROUTE = "neupusti.route"
SECRET_ARGUMENTS = frozenset({"token", "secret"})
"""URL arguments that grant access: never logged."""
HIDDEN = "«…»"
STATIC = "sends_static_file"
NEUTRAL = "is_the_same_in_every_language"
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Route:
    """The route of one request."""

    rule: str
    static: bool
    secret: tuple[str, ...] = ()
    """The values of its secret arguments, in this request."""

    def redact(self, path: str) -> str:
        """Return `path` with every secret value as «…»."""
        for value in self.secret:
            path = path.replace(value, HIDDEN)
        return path


class Integer(IntegerConverter):
    """A whole number in one spelling: `07` and digits of other scripts name nothing."""

    regex = "0|[1-9][0-9]*"


def static_file(view: View) -> View:
    """Mark a view that sends files which never change: they are no requests for a page."""
    setattr(view, STATIC, True)
    return language_neutral(view)


def language_neutral(view: View) -> View:
    """Mark a view whose response is the same in every language: it has no prefix."""
    setattr(view, NEUTRAL, True)
    return view


def install(app: Flask) -> None:
    """Store the route of every request in its WSGI environment."""
    app.url_value_preprocessor(_store_route)
    app.before_request(_leave_prefix)


def secret_prefixes(app: Flask) -> tuple[str, ...]:
    """Return the path prefixes of routes with a secret argument, up to that argument."""
    found = set()
    for rule in app.url_map.iter_rules():
        for name in rule.arguments & SECRET_ARGUMENTS:
            before = rule.rule.partition(f":{name}>")[0].rpartition("<")[0]
            plain = rule.rule.partition(f"<{name}>")[0]
            prefix = before if f":{name}>" in rule.rule else plain
            if "<" not in prefix and prefix != "/":
                found.add(prefix)
    return tuple(sorted(found))


def _store_route(endpoint: str | None, values: dict[str, Any] | None) -> None:
    rule = request.url_rule
    if rule is None or endpoint is None:
        return
    names = _secret_names(rule)
    secret = tuple(str(values[name]) for name in names if values and values.get(name))
    request.environ[ROUTE] = Route(
        rule.rule, getattr(current_app.view_functions[endpoint], STATIC, False), secret
    )


def _leave_prefix() -> Response | None:
    """Redirect from `/kk/robots.txt` to `/robots.txt`."""
    view = current_app.view_functions.get(request.endpoint or "")
    if not request.script_root or not getattr(view, NEUTRAL, False):
        return None
    return redirect(request.full_path.removesuffix("?"), 301)


def _secret_names(rule: Rule) -> list[str]:
    # Most rules have no arguments at all.
    return sorted(rule.arguments & SECRET_ARGUMENTS) if rule.arguments else []
