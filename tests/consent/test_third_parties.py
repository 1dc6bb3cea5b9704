"""What a third party needs works after consent, also on a page the browser has kept."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, Response
from playwright.sync_api import Browser
from werkzeug.wrappers import Request
from werkzeug.wrappers import Response as Answer

from neupusti.core.feature import Category, Cookie, Feature, Origin
from neupusti.core.web.edge import CONTENT_SECURITY_POLICY
from tests.conftest import SQLITE
from tests.consent.conftest import BASE_FEATURES, Visitor, add_view
from tests.served import in_thread

pytestmark = SQLITE
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
LOADED = """source => new Promise(done => {
    const picture = new Image();
    picture.onload = () => done(true);
    picture.onerror = () => done(false);
    picture.src = source + "?" + Math.random();
})"""
WIDENED = ("Content-Security-Policy", "Cross-Origin-Embedder-Policy", "Vary")


@pytest.fixture
def third_party() -> Iterator[str]:
    """Serve pictures from another host, with neither CORP nor CORS; its origin."""

    @Request.application
    def answer(_: Request) -> Answer:
        return Answer(PICTURE, mimetype="image/svg+xml")

    with in_thread(answer, "localhost") as url:
        yield url


@pytest.fixture
def features(third_party: str) -> tuple[Feature, ...]:
    """The site with a counter of the third party."""
    counter = Cookie(
        name="_counter",
        category=Category.STATISTICS,
        purpose="Counts.",
        set_by="Example Analytics",
        origins=(Origin(directive="img-src", source=third_party),),
    )
    return (*BASE_FEATURES, Feature(name="more", clauses=(), cookies=(counter,)))


@pytest.mark.parametrize("address", ["/policy/", "/en/", "/policy/2022-08-04/"])
def test_a_304_has_the_headers_of_the_200(
    visitor: Visitor, third_party: str, address: str
) -> None:
    for action, widened in (("accept", True), ("reject", False)):
        visitor.choose(action)
        page = visitor.client.get(address)
        again = visitor.client.get(address, headers={"If-None-Match": page.headers["ETag"]})
        assert (page.status_code, again.status_code) == (200, 304)
        first, second = (
            {name: answer.headers[name] for name in WIDENED} for answer in (page, again)
        )
        assert first == second
        assert (third_party in first["Content-Security-Policy"]) is widened
        embedder = "unsafe-none" if widened else "require-corp"
        assert first["Cross-Origin-Embedder-Policy"] == embedder


def test_whatever_a_visitor_may_keep_has_the_policy_of_the_visitor(
    app: Flask, visitor: Visitor, third_party: str
) -> None:
    def document() -> Response:
        return Response("<svg/>", mimetype="image/svg+xml")

    add_view(app, "/document", document)
    visitor.choose("accept")
    answer = visitor.client.get("/document")
    assert third_party in answer.headers["Content-Security-Policy"]
    assert answer.headers["Vary"] == "Cookie"


def test_what_a_shared_cache_may_keep_is_the_same_for_everybody(
    app: Flask, visitor: Visitor
) -> None:
    with app.test_request_context():
        style = app.jinja_env.globals["asset"]("site.css")  # type: ignore[operator]
    visitor.choose("accept")
    for headers in ({}, {"If-None-Match": visitor.client.get(style).headers["ETag"]}):
        answer = visitor.client.get(style, headers=headers)
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"


def test_a_stricter_policy_of_a_view_stays(app: Flask, visitor: Visitor) -> None:
    def strict() -> Response:
        return Response("x", headers=[("content-security-policy", "default-src 'none'")])

    add_view(app, "/strict", strict)
    visitor.choose("accept")
    answer = visitor.client.get("/strict")
    assert answer.headers.getlist("Content-Security-Policy") == ["default-src 'none'"]


def test_in_a_browser_it_works_on_the_second_visit(
    chromium: Browser,
    site_url: str,
    third_party: str,
    app: Flask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    statuses: list[str] = []
    inner: Callable[..., Any] = app.wsgi_app

    def watched(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        def begin(status: str, *rest: Any) -> Any:
            if environ["PATH_INFO"] == "/policy/" and environ["REQUEST_METHOD"] == "GET":
                statuses.append(status[:3])
            return start(status, *rest)

        return inner(environ, begin)

    monkeypatch.setattr(app, "wsgi_app", watched)
    context = chromium.new_context()
    page = context.new_page()
    page.goto(f"{site_url}/en/policy/")
    assert page.evaluate(LOADED, third_party) is False
    page.click(".cookies [value=accept]")
    page.wait_for_url(re.compile("cookies="))
    statuses.clear()
    for _ in range(3):
        page.goto(f"{site_url}/en/policy/")
        assert page.evaluate(LOADED, third_party) is True
        page.goto(f"{site_url}/en/cookies/")
    assert statuses == ["200", "304", "304"]
    page.click("main [value=reject]")
    page.wait_for_url(re.compile("cookies="))
    page.goto(f"{site_url}/en/policy/")
    assert page.evaluate(LOADED, third_party) is False
    context.close()
