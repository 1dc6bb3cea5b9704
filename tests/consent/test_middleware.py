"""The cookie middleware: only cookies with consent pass, whatever the application sets."""

import json
import re
from itertools import product

import pytest
from flask import Flask, Response, request
from hypothesis import given
from hypothesis import strategies as st

from neupusti.consent.service.cookie_policy import MAX_DECLARED
from neupusti.consent.views.middleware import UndeclaredCookieError
from neupusti.core.web import cookies
from tests.conftest import SQLITE
from tests.consent.conftest import Visitor, add_view
from tests.consent.cookie_attempts import (
    CAMPAIGN,
    OPTIONAL,
    SPELLINGS,
    STATES,
    VISITS,
    WAYS,
    set_names,
    visitors,
)


@SQLITE
@pytest.mark.parametrize(
    ("spelling", "way"), list(product(SPELLINGS, ("plain", "streamed")))
)
def test_an_undeclared_cookie_raises_in_tests(
    attempts_app: Flask, spelling: str, way: str
) -> None:
    with pytest.raises(UndeclaredCookieError, match="spy"):
        attempts_app.test_client().get(f"/tries?way={way}&name=spy&spelling={spelling}")


@SQLITE
@pytest.mark.parametrize("way", WAYS)
def test_in_production_it_is_dropped_and_counted(attempts_app: Flask, way: str) -> None:
    attempts_app.testing = False
    people = visitors(attempts_app)
    for visitor in people.values():
        response = visitor.client.get(f"/tries?way={way}&name=spy&name=session2")
        assert not set_names(response) - {"session"}
        assert response.status_code in {200, 303, 404, 500}
    expected = {} if way in {"error", "crash"} else {"spy": 5, "session2": 5}
    assert dict(attempts_app.extensions["neupusti.consent"].tally.undeclared) == expected


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
        "visits=1; Max-Age=2592301",
        "visits=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
        "session=1; Max-Age=86400",
    ],
)
def test_a_line_that_is_not_as_declared_is_detected(attempts_app: Flask, line: str) -> None:
    def leak() -> Response:
        return Response("x", headers=[("Set-Cookie", line)])

    add_view(attempts_app, "/leak", leak)
    visitor = Visitor(attempts_app.test_client())
    visitor.choose("accept")
    with pytest.raises(UndeclaredCookieError):
        visitor.client.get("/leak")


@SQLITE
@pytest.mark.parametrize(
    "line",
    [
        "theme=1; Max-Age=15000000; Path=/",
        "visits=1; Max-Age=2592300",
        "visits=1; Expires=soon",
        "session=1",
        " theme = 1",
        "theme=; Max-Age=0; Path=/",
    ],
)
def test_a_line_as_declared_leaves(attempts_app: Flask, line: str) -> None:
    def honest() -> Response:
        return Response("x", headers=[("set-cookie", line)])

    add_view(attempts_app, "/honest", honest)
    visitor = Visitor(attempts_app.test_client())
    visitor.choose("accept")
    assert visitor.client.get("/honest").headers.getlist("Set-Cookie") == [line]


@SQLITE
def test_what_was_not_granted_is_hidden_from_the_application(attempts_app: Flask) -> None:
    seen: list[str] = []

    def look() -> str:
        seen.append(request.environ.get("HTTP_COOKIE", ""))
        return "x"

    add_view(attempts_app, "/look", look)
    for state, visitor in visitors(attempts_app).items():
        own = f"consent={visitor.cookie()}; " if visitor.cookie() else ""
        sent = f"{own}theme=a; visits=b; c_spring=c; spy=d; =session=e; lone; session=f"
        attempts_app.test_client(use_cookies=False).get("/look", headers={"Cookie": sent})
        granted = STATES[state] or ()
        names = {part.partition("=")[0].strip() for part in seen.pop().split(";")}
        expected = {name for name, category in OPTIONAL.items() if category in granted}
        assert names == expected | {"session"} | ({"consent"} if own else set()), state


PIECES = ("theme", "visits", "c_", "consent", "spy", "=", ";", " ", "\t", ",", "2", '"')


@SQLITE
def test_declared_cookies_are_found_among_any_others(attempts_app: Flask) -> None:
    cookie_policy = attempts_app.extensions["neupusti.consent"].cookie_policy

    @given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
    def found(header: str) -> None:
        pairs = [part.partition("=") for part in header.split(";") if "=" in part]
        stripped = [(name.strip(" \t"), value.strip(" \t")) for name, _, value in pairs]
        assert cookie_policy.own_pairs(header) == [
            pair
            for pair in stripped
            if cookie_policy.find(pair[0]) and not re.search(r"[ \t]", pair[0])
        ]

    found()


@SQLITE
def test_what_no_browser_keeps_is_not_read(attempts_app: Flask) -> None:
    cookie_policy = attempts_app.extensions["neupusti.consent"].cookie_policy
    for size, read in (
        (cookies.LIMIT, ["theme", "visits"]),
        (cookies.LIMIT + 1, ["visits"]),
    ):
        found = cookie_policy.own_pairs(f"theme={'a' * size}; visits=1")
        assert [name for name, _value in found] == read
    assert len(cookie_policy.own_pairs("theme=1;" * 9000)) == MAX_DECLARED


@SQLITE
def test_nothing_is_read_where_nothing_is_granted(attempts_app: Flask) -> None:
    def look() -> str:
        return json.dumps([cookies.value_of(VISITS), cookies.value_of(VISITS, name="x")])

    add_view(attempts_app, "/look", look)
    people = visitors(attempts_app)
    for state, visitor in people.items():
        visitor.client.set_cookie("visits", "7")
        output = json.loads(visitor.client.get("/look").text)
        assert output[0] == ("7" if state in {"statistics", "all"} else None)


@SQLITE
def test_another_origin_stands_in_the_policy_only_after_a_yes(attempts_app: Flask) -> None:
    for state, visitor in visitors(attempts_app).items():
        for address in ("/", "/cookies/", "/no-such-page"):
            policy = visitor.client.get(address).headers["Content-Security-Policy"]
            agreed = state in {"statistics", "all"}
            assert ("img-src 'self' https://counter.example;" in policy) is agreed
            assert "script-src 'self';" in policy
            assert policy.count("default-src") == 1


@SQLITE
def test_a_declaration_sets_the_attributes(attempts_app: Flask) -> None:
    def count() -> Response:
        response = Response("x")
        cookies.put(response, VISITS, "1")
        cookies.put(response, CAMPAIGN, "1", name="c_spring")
        return response

    add_view(attempts_app, "/count", count)
    visitor = Visitor(attempts_app.test_client())
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
