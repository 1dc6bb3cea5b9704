import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers

from neupusti.core.rules import PUBLIC
from neupusti.core.security import authorisation, origin
from tests import desk
from tests.conftest import SQLITE


@pytest.fixture
def guarded(bare: Flask) -> FlaskClient:
    """A client of a guarded form without a token, and of an unguarded one."""

    @bare.post("/guarded")
    @origin.same_origin_only
    def own() -> str:
        return "taken"

    @bare.post("/open")
    @origin.from_any_origin
    def anybody() -> str:
        return "taken"

    @bare.post("/bare")
    def unguarded() -> str:
        return "taken"

    table = authorisation.rules(bare)
    table["own"] = table["unguarded"] = table["anybody"] = PUBLIC
    return bare.test_client()


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost"},
        {"Referer": "http://localhost/policy/?a=1"},
        {"Origin": "https://localhost"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"},
    ],
)
def test_our_own_form_is_taken_without_a_token(
    guarded: FlaskClient, headers: dict[str, str]
) -> None:
    assert guarded.post("/guarded", headers=headers).text == "taken"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "same-origin, cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "null"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:8080"},
        {"Origin": "http://user@localhost"},
        {"Origin": "http://evil.example", "Referer": "http://localhost/"},
        {"Referer": "http://evil.example/localhost"},
        {"Referer": "http://[localhost/"},
        {"Referer": "localhost"},
    ],
)
def test_what_another_site_sends_is_forbidden(
    guarded: FlaskClient, headers: dict[str, str]
) -> None:
    response = guarded.post("/guarded", headers=headers)
    assert response.status_code == 403
    assert "<h1" in response.text


@pytest.mark.parametrize(
    ("headers", "cross_site"),
    [
        ({}, False),
        ({"Sec-Fetch-Site": "same-origin"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"}, True),
        ({"Origin": "null"}, False),
        ({"Origin": "http://localhost"}, False),
        ({"Origin": "http://evil.example"}, True),
    ],
)
def test_another_site_is_known_by_what_the_browser_says(
    headers: dict[str, str], *, cross_site: bool
) -> None:
    assert origin.is_cross_origin(Headers(headers), "localhost", https=False) is cross_site


def test_over_https_a_page_of_http_is_another_site(guarded: FlaskClient) -> None:
    answers = [
        guarded.post("/guarded", base_url="https://localhost", headers={"Origin": source})
        for source in ("https://localhost", "http://localhost")
    ]
    assert [answer.status_code for answer in answers] == [200, 403]


def test_an_unguarded_form_needs_its_token(guarded: FlaskClient) -> None:
    own = {"Sec-Fetch-Site": "same-origin"}
    assert guarded.post("/bare", headers=own).status_code == 400


@SQLITE
@pytest.mark.parametrize(
    ("headers", "token", "status"),
    [
        ({}, "own", 303),
        ({"Origin": "null"}, "own", 303),
        ({}, "cross_site", 403),
        ({}, "", 403),
        ({"Sec-Fetch-Site": "cross-site"}, "own", 403),
        ({"Origin": "http://evil.example"}, "own", 403),
    ],
)
def test_a_token_proves_the_origin_where_no_header_does(
    app: Flask, headers: dict[str, str], token: str, status: int
) -> None:
    browser = app.test_client()
    with browser.session_transaction() as kept:
        kept["csrf_token"] = desk.RAW
    sent = {"own": desk.token(app), "cross_site": "x", "": ""}[token]
    form = {"choice": "reject", "csrf_token": sent}
    assert browser.post("/cookies/", data=form, headers=headers).status_code == status


def test_a_view_that_says_so_takes_requests_of_any_origin(guarded: FlaskClient) -> None:
    strange = {"Origin": "https://evil.example"}
    assert guarded.post("/open", headers=strange).status_code == 200
    assert guarded.post("/bare", headers=strange).status_code == 403
    assert guarded.post("/guarded", headers=strange).status_code == 403
