"""A view that tries every way to set a cookie, and a visitor in every consent state."""

from datetime import timedelta
from typing import Any

from flask import Flask, Response, abort, redirect, request, session
from werkzeug.datastructures import Headers

from neupusti.core.feature import Category, Cookie, Feature, Origin
from tests.consent.conftest import Visitor, add_view

VISITS = Cookie(
    name="visits",
    category=Category.STATISTICS,
    purpose="Counts.",
    lifetime=timedelta(days=30),
    origins=(Origin(directive="img-src", source="https://counter.example"),),
)
CAMPAIGN = Cookie(name="c_", category=Category.MARKETING, purpose="Campaigns.", prefix=True)
FEATURE = Feature(name="attempts_app", clauses=(), cookies=(VISITS, CAMPAIGN))
OPTIONAL = {
    "theme": Category.PREFERENCES,
    "visits": Category.STATISTICS,
    "c_spring": Category.MARKETING,
}
STATES: dict[str, tuple[str, ...] | None] = {
    "undecided": None,
    "refused": (),
    "preferences": ("preferences",),
    "statistics": ("statistics",),
    "all": ("preferences", "statistics", "marketing"),
}
SPELLINGS = ("Set-Cookie", "set-cookie", "SET-COOKIE", "sEt-CoOkIe")
WAYS = (
    "plain",
    "session",
    "sign-in",
    "error",
    "crash",
    "redirect",
    "streamed",
    "downloaded",
)


def add_attempts(app: Flask) -> None:
    """Add a view that sets cookies in every possible way."""

    def try_all() -> Any:
        names = request.args.getlist("name")
        spelling = request.args.get("spelling", "Set-Cookie")
        way = request.args.get("way", "plain")
        if way in {"session", "sign-in"}:
            session["person"] = 7
        if way == "sign-in":
            session.permanent = False
        if way == "error":
            abort(404)
        if way == "crash":
            raise ValueError
        headers = Headers([(spelling, f"{name}=1; Path=/; Max-Age=60") for name in names])
        if way == "redirect":
            answer = redirect("/", 303)
            answer.headers.extend(headers)
            return answer
        body = iter([b"one", b"two"]) if way == "streamed" else b"<p>one"
        mimetype = "application/pdf" if way == "downloaded" else "text/html"
        return Response(body, headers=headers, mimetype=mimetype)

    add_view(app, "/tries", try_all)


def visitors(app: Flask) -> dict[str, Visitor]:
    """Return a visitor of each state."""
    found = {}
    for state, categories in STATES.items():
        found[state] = Visitor(app.test_client())
        if categories is not None:
            found[state].choose("save", *categories)
    return found


def set_names(response: Any) -> set[str]:
    """Return the cookie names a response sets, without those it expires."""
    return {
        value.partition("=")[0]
        for name, value in response.headers
        if name.lower() == "set-cookie" and "Max-Age=0" not in value
    }
