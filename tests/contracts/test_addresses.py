"""One address for one resource: no other spelling of an address answers with it."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from neupusti.core.registry import registry
from neupusti.core.rules import PUBLIC
from neupusti.core.text.languages import PREFIXED
from neupusti.core.web.route import NEUTRAL, SECRET_ARGUMENTS
from tests.conftest import SQLITE
from tests.site.test_machine_pages import entries, locations

pytestmark = SQLITE

NEWER, OLDER = "2026-11-01", "2022-08-04"
SPELLINGS: dict[str, Callable[[str], str]] = {
    "upper case": str.upper,
    "lower case": str.lower,
    "a zero before a number": lambda path: re.sub(r"(?<![\w-])(?=\d)", "0", path),
    "digits of another script": lambda path: re.sub(
        r"\d", lambda digit: chr(ord("٠") + int(digit[0])), path
    ),
    "a slash more or less": lambda path: path[:-1] if path.endswith("/") else f"{path}/",
    "a space": lambda path: f"{path}%20",
    "the other order": lambda path: path.replace(f"{OLDER}/{NEWER}", f"{NEWER}/{OLDER}"),
}
UNLISTED = {
    "policy.text": f"/policy/{OLDER}.txt",
    "policy.json": f"/policy/{OLDER}.json",
    "policy.clause": f"/policy/{OLDER}/1.1",
    "policy.compare": f"/policy/compare/{OLDER}/{NEWER}/",
}
"""Endpoint -> an address that the sitemap does not list."""
NO_EXAMPLE = {
    *("contact.show", "rights.status"),
    *("assets.serve", "catalog.photo"),
    *("orders.show", "orders.address", "orders.ask_return", "orders.cancel"),
}
"""Endpoints whose argument is a digest of the bytes, and those of orders,
questions and requests, which redirect another spelling of a number before they look it up
(`tests/orders/test_order_page.py`, `tests/contact/test_page.py`, `tests/rights`)."""


def public_rules(app: Flask) -> Iterator[Rule]:
    """Yield the rules of the public GET addresses that vary."""
    access = registry().access
    for rule in app.url_map.iter_rules():
        if (
            "GET" in (rule.methods or ())
            and rule.arguments
            and not rule.arguments & SECRET_ARGUMENTS
            and access.get(rule.endpoint) is PUBLIC
        ):
            yield rule


@pytest.fixture
def addresses(samples: None, client: FlaskClient) -> list[str]:
    """One address of every public page, with every page of the sitemap among them."""
    listed = [
        path
        for url in entries(client)
        if (path := url.removeprefix("http://127.0.0.1:8000"))
    ]
    files = locations(client.get("/sitemap.xml").text)
    return [*listed, *files, *UNLISTED.values()]


def test_no_other_spelling_answers(
    app: Flask, client: FlaskClient, addresses: list[str]
) -> None:
    adapter = app.url_map.bind("127.0.0.1")
    examples = {
        adapter.match(path)[0]: path for path in addresses if path[:3] not in PREFIXED
    }
    varying = {rule.endpoint for rule in public_rules(app)}
    assert varying <= examples.keys() | NO_EXAMPLE
    wrong = []
    for path in examples.values():
        assert client.get(path).status_code == 200
        for name, respelled in SPELLINGS.items():
            other = respelled(path)
            if other != path and client.get(other).status_code == 200:
                wrong.append((name, other))
    assert wrong == []


def test_what_is_the_same_in_every_language_has_no_prefix(
    app: Flask, client: FlaskClient
) -> None:
    views = app.view_functions.items()
    neutral = {endpoint for endpoint, view in views if getattr(view, NEUTRAL, False)}
    plain = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint in neutral}
    assert {"/robots.txt", "/sitemap.xml", "/healthz", "/.well-known/gpc.json"} <= plain
    for path in (path for path in plain if "<" not in path):
        for prefix in PREFIXED:
            answer = client.get(f"{prefix}{path}?a=1")
            assert answer.status_code == 301
            assert answer.headers["Location"] == f"{path}?a=1"
    page = client.get("/kk/").text
    style = re.search(r'href="(/static/site\.[0-9a-f]+\.css)"', page)
    assert style
    assert client.get(f"/kk{style[1]}").headers["Location"] == style[1]


def test_a_row_has_one_number(app: Flask) -> None:
    """Staff pages name rows by number: no other spelling of it matches a route."""
    adapter = app.url_map.bind("127.0.0.1")
    assert adapter.test("/admin/people/7")
    for other in ("07", "٧", "+7", "7.0", "-7"):
        assert not adapter.test(f"/admin/people/{other}")
