"""Caches of browsers and proxies never serve one visitor's page to another."""

from collections.abc import Iterator

from flask import Flask

from tests.conftest import SQLITE
from tests.consent.cookie_attempts import STATES, visitors


def pages(state: str) -> Iterator[str]:
    yield from ("/", "/policy/", "/cookies/", "/no-such-page")
    if state != "undecided":
        yield "/cookies/receipt/"


@SQLITE
def test_what_a_browser_and_a_proxy_may_keep(attempts_app: Flask) -> None:
    for state, visitor in visitors(attempts_app).items():
        for address in pages(state):
            answer = visitor.client.get(address)
            assert "Cookie" in answer.headers["Vary"]
            control = answer.headers["Cache-Control"]
            if state == "undecided" or address not in {"/", "/policy/"}:
                assert control == "no-store"
                continue
            assert control == "private, no-cache"
            assert "Accept-Language" in answer.headers["Vary"]
            tag = answer.headers["ETag"]
            again = visitor.client.get(address, headers={"If-None-Match": tag})
            assert (again.status_code, again.data) == (304, b"")
            assert "Cookie" in again.headers["Vary"]


@SQLITE
def test_pages_of_different_visitors_do_not_cross(attempts_app: Flask) -> None:
    people = visitors(attempts_app)
    people["preferences"].press("/theme/", theme="dark")
    for _ in range(2):
        for state, visitor in people.items():
            page = visitor.client.get("/policy/")
            assert ('value="reject"' in page.text) is (state == "undecided")
            assert ('value="withdraw"' in page.text) is bool(STATES[state])
            assert ('content="dark"' in page.text) is (state == "preferences")


@SQLITE
def test_static_files_are_the_same_for_everybody(attempts_app: Flask) -> None:
    for visitor in visitors(attempts_app).values():
        with attempts_app.test_request_context():
            style = attempts_app.jinja_env.globals["asset"]("site.css")  # type: ignore[operator]
        visitor.client.set_cookie("spy", "1")
        answer = visitor.client.get(style)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Vary"] == "Accept-Encoding"
