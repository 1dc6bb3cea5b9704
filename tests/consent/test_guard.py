"""The gate: whatever the application tries, only what was agreed to leaves or enters."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask, Response, abort, redirect, request, session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from neupusti.app import FEATURES
from neupusti.consent.views.guard import UndeclaredCookieError
from neupusti.core import cookies
from neupusti.core.feature import Category, Cookie, Feature, Origin
from neupusti.core.registry import registry
from tests.consent.conftest import OWN, Visitor, add_view

SQLITE = pytest.mark.parametrize("stock", ["sqlite"], indirect=True)
VISITS = Cookie(
    name="visits",
    category=Category.STATISTICS,
    purpose="Counts.",
    lifetime=timedelta(days=30),
    origins=(Origin(directive="img-src", source="https://counter.example"),),
)
CAMPAIGN = Cookie(name="c_", category=Category.MARKETING, purpose="Campaigns.", prefix=True)
ROOM = Feature(name="tried", clauses=(), cookies=(VISITS, CAMPAIGN))
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


def tries(app: Flask) -> None:
    """Add a view that sets cookies in every way a view can."""

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


@pytest.fixture
def tried(with_features: Callable[..., Flask]) -> Flask:
    """The site with one more room that wants more cookies, and a view that tries it on."""
    app = with_features(*FEATURES, ROOM)
    tries(app)
    return app


def visitors(app: Flask) -> dict[str, Visitor]:
    """Return a visitor of each state."""
    found = {}
    for state, categories in STATES.items():
        found[state] = Visitor(app.test_client())
        if categories is not None:
            found[state].choose("save", *categories)
    return found


def set_names(response: Any) -> set[str]:
    """Return the names that an answer sets: what is expired at once is not set."""
    return {
        value.partition("=")[0]
        for name, value in response.headers
        if name.lower() == "set-cookie" and "Max-Age=0" not in value
    }


@SQLITE
@pytest.mark.clause("1.1.7")
def test_no_way_of_setting_a_cookie_gets_past_the_gate(tried: Flask) -> None:
    """Every route of the site and every trick, by every visitor: only what was granted."""
    people = visitors(tried)
    with tried.test_request_context():
        addresses = [tried.url_for(e, **values) for e, values in registry().addresses()]
    routes = st.sampled_from(
        [*addresses, "/cookies/receipt/", "/no-such-page", "/static/none.css", "/readyz"]
        + [f"/tries?way={way}" for way in WAYS]
    )
    names = st.lists(st.sampled_from([*OPTIONAL, "consent", "session"]), max_size=3)

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        route=routes,
        state=st.sampled_from(list(STATES)),
        names=names,
        spelling=st.sampled_from(SPELLINGS),
        signal=st.booleans(),
        method=st.sampled_from(["GET", "HEAD", "POST"]),
        prefix=st.sampled_from(["", "/kk", "/en"]),
    )
    def whatever_happens(  # noqa: PLR0913, PLR0917 - what hypothesis varies
        route: str,
        state: str,
        names: list[str],
        spelling: str,
        signal: bool,  # noqa: FBT001
        method: str,
        prefix: str,
    ) -> None:
        tried.testing = False
        query = "&".join([f"spelling={spelling}", *(f"name={name}" for name in names)])
        address = f"{prefix}{route}{'&' if '?' in route else '?'}{query}"
        headers = OWN | ({"Sec-GPC": "1"} if signal else {})
        client = people[state].client
        kept = people[state].cookie()
        response = client.open(address, method=method, headers=headers, buffered=True)
        if kept:
            client.set_cookie("consent", kept, httponly=True)
        else:
            client.delete_cookie("consent")
        granted = {"necessary", *(STATES[state] or ())}
        allowed = {name for name, category in OPTIONAL.items() if category in granted}
        assert set_names(response) <= allowed | {"consent", "session"}

    whatever_happens()


@SQLITE
@pytest.mark.parametrize(
    ("spelling", "way"), list(product(SPELLINGS, ("plain", "streamed")))
)
def test_an_undeclared_cookie_is_loud_in_tests(
    tried: Flask, spelling: str, way: str
) -> None:
    with pytest.raises(UndeclaredCookieError, match="spy"):
        tried.test_client().get(f"/tries?way={way}&name=spy&spelling={spelling}")


@SQLITE
@pytest.mark.parametrize("way", WAYS)
def test_in_production_it_is_dropped_and_counted(tried: Flask, way: str) -> None:
    tried.testing = False
    people = visitors(tried)
    for visitor in people.values():
        response = visitor.client.get(f"/tries?way={way}&name=spy&name=session2")
        assert not set_names(response) - {"session"}
        assert response.status_code in {200, 303, 404, 500}
    expected = {} if way in {"error", "crash"} else {"spy": 5, "session2": 5}
    assert dict(tried.extensions["neupusti.consent"].tally.strays) == expected


@SQLITE
@pytest.mark.parametrize(
    "line",
    [
        "spy=1",
        "=1; Path=/",
        "spy",
        " spy =1",
        "consent2=1",
        "Consent=1",
        "__Host-theme=1; Secure; Path=/",
        "theme\x7f=1",
        "spy=; Max-Age=0",
        'theme=1; Max-Age="400"; Max-Age=99999999',
        "visits=1; Max-Age=2592901",
        "visits=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
        "session=1; Max-Age=86400",
    ],
)
def test_a_line_that_is_not_as_declared_is_found_out(tried: Flask, line: str) -> None:
    def leak() -> Response:
        return Response("x", headers=[("Set-Cookie", line)])

    add_view(tried, "/leak", leak)
    visitor = Visitor(tried.test_client())
    visitor.choose("accept")
    with pytest.raises(UndeclaredCookieError):
        visitor.client.get("/leak")


@SQLITE
@pytest.mark.parametrize(
    "line",
    [
        "theme=1; Max-Age=31536000; Path=/",
        "visits=1; Max-Age=2592000",
        "visits=1; Expires=soon",
        "session=1",
        " theme = 1",
        "theme=; Max-Age=0; Path=/",
    ],
)
def test_a_line_as_declared_leaves(tried: Flask, line: str) -> None:
    def honest() -> Response:
        return Response("x", headers=[("set-cookie", line)])

    add_view(tried, "/honest", honest)
    visitor = Visitor(tried.test_client())
    visitor.choose("accept")
    assert visitor.client.get("/honest").headers.getlist("Set-Cookie") == [line]


@SQLITE
def test_what_was_not_granted_is_hidden_from_the_application(tried: Flask) -> None:
    seen: list[str] = []

    def look() -> str:
        seen.append(request.environ.get("HTTP_COOKIE", ""))
        return "x"

    add_view(tried, "/look", look)
    for state, visitor in visitors(tried).items():
        own = f"consent={visitor.cookie()}; " if visitor.cookie() else ""
        sent = f"{own}theme=a; visits=b; c_spring=c; spy=d; =session=e; lone; session=f"
        tried.test_client(use_cookies=False).get("/look", headers={"Cookie": sent})
        granted = STATES[state] or ()
        names = {part.partition("=")[0].strip() for part in seen.pop().split(";")}
        expected = {name for name, category in OPTIONAL.items() if category in granted}
        assert names == expected | {"session"} | ({"consent"} if own else set()), state


@SQLITE
def test_nothing_is_read_where_nothing_is_granted(tried: Flask) -> None:
    def look() -> str:
        return json.dumps([cookies.value_of(VISITS), cookies.value_of(VISITS, name="x")])

    add_view(tried, "/look", look)
    people = visitors(tried)
    for state, visitor in people.items():
        visitor.client.set_cookie("visits", "7")
        told = json.loads(visitor.client.get("/look").text)
        assert told[0] == ("7" if state in {"statistics", "all"} else None)


@SQLITE
def test_another_origin_stands_in_the_policy_only_after_a_yes(tried: Flask) -> None:
    for state, visitor in visitors(tried).items():
        for address in ("/", "/cookies/", "/no-such-page"):
            policy = visitor.client.get(address).headers["Content-Security-Policy"]
            agreed = state in {"statistics", "all"}
            assert ("img-src 'self' https://counter.example;" in policy) is agreed
            assert "script-src 'self';" in policy
            assert policy.count("default-src") == 1


@SQLITE
def test_a_declaration_sets_the_attributes(tried: Flask) -> None:
    def count() -> Response:
        response = Response("x")
        cookies.put(response, VISITS, "1")
        cookies.put(response, CAMPAIGN, "1", name="c_spring")
        return response

    add_view(tried, "/count", count)
    visitor = Visitor(tried.test_client())
    visitor.choose("accept")
    visits, campaign = visitor.client.get("/count").headers.getlist("Set-Cookie")
    for attribute in ("Max-Age=2592000", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert attribute in visits
    assert campaign.startswith("c_spring=1;")
    assert "Max-Age" not in campaign


@SQLITE
@pytest.mark.parametrize("value", ["0", "", "true", "1 ", "11", "1,1"])
def test_only_the_exact_signal_is_a_signal(app: Flask, value: str) -> None:
    page = app.test_client().get("/", headers={"Sec-GPC": value}).text
    assert 'value="reject"' in page


def pages(state: str) -> Iterator[str]:
    yield from ("/", "/policy/", "/cookies/", "/no-such-page")
    if state != "undecided":
        yield "/cookies/receipt/"


@SQLITE
def test_what_a_browser_and_a_proxy_may_keep(tried: Flask) -> None:
    for state, visitor in visitors(tried).items():
        for address in pages(state):
            answer = visitor.client.get(address)
            assert "Cookie" in answer.headers["Vary"]
            control = answer.headers["Cache-Control"]
            if state == "undecided" or address not in {"/", "/policy/"}:
                assert control == "no-store"
                continue
            assert control == "private, no-cache"
            tag = answer.headers["ETag"]
            again = visitor.client.get(address, headers={"If-None-Match": tag})
            assert (again.status_code, again.data) == (304, b"")
            assert "Cookie" in again.headers["Vary"]


@SQLITE
def test_pages_of_different_visitors_do_not_cross(tried: Flask) -> None:
    people = visitors(tried)
    people["preferences"].press("/theme/", theme="dark")
    for _ in range(2):
        for state, visitor in people.items():
            page = visitor.client.get("/policy/")
            assert ('value="reject"' in page.text) is (state == "undecided")
            assert ('value="withdraw"' in page.text) is bool(STATES[state])
            assert ('content="dark"' in page.text) is (state == "preferences")


@SQLITE
def test_static_files_are_the_same_for_everybody(tried: Flask) -> None:
    for visitor in visitors(tried).values():
        with tried.test_request_context():
            style = tried.jinja_env.globals["asset"]("site.css")  # type: ignore[operator]
        visitor.client.set_cookie("spy", "1")
        answer = visitor.client.get(style)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Vary"] == "Accept-Encoding"
