import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.core.failing_views import PRODUCTION

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Link": '</policy/>; rel="privacy-policy"',
}
CSP = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "manifest-src 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
}


def stylesheet(client: FlaskClient) -> str:
    found = re.search(
        r'href="(/static/site\.[0-9a-f]+\.css)"', client.get("/cookies/").text
    )
    assert found
    return found[1]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/cookies/", 200),
        ("/kk/cookies/", 200),
        ("/healthz", 200),
        ("/privacy", 301),
        ("/?%ff", 400),
        ("/nowhere", 404),
        ("/static/nothing.css", 404),
        ("/failing/form", 405),
        ("/failing/status/413", 413),
        ("/failing/wait", 429),
        ("/failing/view", 500),
        ("/policy/", 503),
    ],
)
def test_every_response_has_every_header(
    visitor: FlaskClient, method: str, path: str, status: int
) -> None:
    response = visitor.open(path, method=method)
    assert response.status_code == status
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    assert set(response.headers["Content-Security-Policy"].split("; ")) == CSP
    assert "camera=()" in response.headers["Permissions-Policy"]
    assert response.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"[0-9a-f]{16}", response.headers["X-Request-Id"])
    assert "Strict-Transport-Security" not in response.headers
    assert "Set-Cookie" not in response.headers
    assert not any(name.startswith("Access-Control") for name, _ in response.headers)
    for name, _ in response.headers:
        assert len(response.headers.getlist(name)) == 1, name


@pytest.mark.parametrize(("asked", "status"), [({}, 200), ({"If-None-Match": "*"}, 304)])
def test_static_files_have_them_too(
    visitor: FlaskClient, asked: dict[str, str], status: int
) -> None:
    response = visitor.get(stylesheet(visitor), headers=asked)
    assert response.status_code == status
    assert {name: response.headers.get(name) for name in HEADERS} == HEADERS
    assert "Content-Security-Policy" in response.headers
    assert "X-Request-Id" in response.headers


def test_no_answer_names_the_software(visitor: FlaskClient) -> None:
    for path in ("/", "/nowhere", "/failing/view"):
        headers = str(visitor.get(path).headers).lower()
        assert not re.search("werkzeug|flask|granian|python|gunicorn", headers)


def test_a_view_may_be_stricter(visitor: FlaskClient) -> None:
    headers = visitor.get("/failing/seen").headers
    assert headers.getlist("Referrer-Policy") == ["no-referrer"]


def test_production_requires_https_for_two_years(made: Callable[..., Flask]) -> None:
    client = made(**PRODUCTION).test_client()
    response = client.get("/", base_url="https://shop.example")
    two_years = f"max-age={2 * 365 * 24 * 3600}"
    assert response.headers["Strict-Transport-Security"] == two_years


def test_a_whole_domain_is_bound_to_https_only_on_purpose(
    made: Callable[..., Flask],
) -> None:
    whole = "max-age=63072000; includeSubDomains; preload"
    client = made(**PRODUCTION, hsts=whole).test_client()
    response = client.get("/", base_url="https://shop.example")
    assert response.headers["Strict-Transport-Security"] == whole


def test_a_request_gets_an_id_of_our_own(visitor: FlaskClient) -> None:
    theirs = "f" * 16
    ids = [
        visitor.get("/", headers={"X-Request-Id": theirs}).headers["X-Request-Id"]
        for _ in range(3)
    ]
    assert len(set(ids)) == 3
    assert theirs not in ids
