"""The `visitor` cookie is set, read and counted only if statistics are allowed."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from sqlalchemy import Engine
from werkzeug.http import parse_cookie
from werkzeug.test import TestResponse

from neupusti.access.models import Rollup
from neupusti.access.recording.visitors import ID_LENGTH
from neupusti.app import create_app
from neupusti.config.settings import Settings
from neupusti.core.text.languages import Language
from tests.access.conftest import rows, spool_lines
from tests.conftest import SQLITE
from tests.core.failing_views import PRODUCTION
from tests.lending import close
from tests.times import Clock

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
OWN = {"Sec-Fetch-Site": "same-origin"}
PAGES = ("/", "/policy/", "/en/cookies/", "/no-such-page")
OTHERS = ("/healthz", "/robots.txt", "/account/")


def visitor_cookies(answer: TestResponse) -> list[str]:
    """Return the Set-Cookie headers of the visitor cookie."""
    return [
        line
        for line in answer.headers.getlist("Set-Cookie")
        if re.match(r"(__Host-)?visitor=", line)
    ]


def choose(visitor: FlaskClient, choice: str, *categories: str) -> TestResponse:
    data = {"choice": choice, "category": list(categories)}
    return visitor.post("/cookies/", data=data, headers=OWN, buffered=True)


@SQLITE
@pytest.mark.clause("3.3.1")
@pytest.mark.parametrize(
    ("choice", "categories", "agreed"),
    [
        (None, (), False),
        ("reject", (), False),
        ("save", ("preferences", "marketing"), False),
        ("save", ("statistics",), True),
        ("accept", (), True),
    ],
)
def test_it_is_given_only_after_a_yes_to_statistics(
    client: FlaskClient, choice: str | None, categories: tuple[str, ...], *, agreed: bool
) -> None:
    if choice:
        choose(client, choice, *categories)
        client.delete_cookie("visitor")
    for page in PAGES:
        assert bool(visitor_cookies(client.get(page))) == agreed, page
        client.delete_cookie("visitor")
    for page in OTHERS:
        answer = client.get(page)
        assert not (visitor_cookies(answer) and answer.mimetype != "text/html"), page


@SQLITE
@pytest.mark.clause("3.3.1")
def test_a_signal_of_the_browser_is_a_no(client: FlaskClient) -> None:
    for page in PAGES:
        assert visitor_cookies(client.get(page, headers={"Sec-GPC": "1"})) == []


@SQLITE
def test_it_has_the_attributes_it_is_declared_with(client: FlaskClient, at: Clock) -> None:
    at(NOW)
    choose(client, "accept")
    (line,) = visitor_cookies(client.get("/"))
    value, *attributes = line.split("; ")
    assert re.fullmatch(r"visitor=20261122[0-9a-f]{24}[0-9a-f]{16}", value)
    values = dict(part.partition("=")[::2] for part in attributes)
    expires = values.pop("Expires")
    assert values == {
        "HttpOnly": "",
        "Max-Age": str(180 * 24 * 3600),
        "Path": "/",
        "SameSite": "Lax",
    }
    assert expires.endswith("GMT")
    assert visitor_cookies(client.get("/policy/")) == []


@SQLITE
def test_in_production_it_belongs_to_this_host_alone(settings: Settings, at: Clock) -> None:
    at(NOW)
    host = str(PRODUCTION["base_url"])
    app = create_app(replace(settings, **PRODUCTION))  # type: ignore[arg-type]
    client = app.test_client()
    client.post("/cookies/", data={"choice": "accept"}, headers=OWN, base_url=host)
    (line,) = visitor_cookies(client.get("/", base_url=host))
    value = re.match(r"__Host-visitor=(\w+);", line)
    assert value is not None
    for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=15552000"):
        assert f"; {attribute}" in line
    assert "Domain" not in line
    visitors = app.extensions["neupusti.access.visitors"]
    assert visitors.read(f"a=1; __Host-visitor={value[1]}") == value[1][:ID_LENGTH]
    # A name without prefix may be set by a sibling domain, or over http.
    assert visitors.read(f"visitor={value[1]}") == ""
    close(app)


@pytest.mark.clause("3.3.1")
def test_only_those_who_agreed_are_counted(
    app: Flask,
    engine: Engine,
    command: Callable[..., Result],
    at: Clock,
) -> None:
    at(NOW)
    agreed, refused, forger = (app.test_client() for _ in range(3))
    choose(refused, "reject")
    refused.set_cookie("visitor", app.extensions["neupusti.access.visitors"].new())
    choose(agreed, "accept")
    choose(forger, "accept")
    for _ in range(3):
        assert agreed.get("/").data
        assert refused.get("/").data
        forger.set_cookie("visitor", "20260101" + "0" * 40)
        assert visitor_cookies(forger.get("/"))
    assert command("ingest", "--once").exit_code == 0
    known = parse_cookie(f"visitor={_held(agreed)}")["visitor"][:ID_LENGTH]
    kept = [row.visitor for row in rows(engine) if row.visitor]
    assert kept == [known, known]
    with engine.connect() as connection:
        loyalty = connection.execute(
            Rollup.__table__.select().where(Rollup.dimension == "loyalty")
        )
        assert {row.value: row.visitors for row in loyalty} == {"new": 1}


@pytest.mark.clause("3.3.1")
def test_a_yes_that_still_holds_is_logged_while_another_is_asked_for_again(
    app: Flask, engine: Engine, command: Callable[..., Result], at: Clock
) -> None:
    at(NOW)
    visitor = app.test_client()
    choose(visitor, "accept")
    assert visitor.get("/").data
    policy = app.extensions["neupusti.consent"].cookie_policy
    [theme] = [hash_ for of, hash_ in policy.store.covered if of == "preferences"]
    policy.store.covered["preferences", theme] = False
    policy.choice_cache.clear()
    page = visitor.get("/en/")
    assert "A category you allowed has changed" in page.text
    assert command("ingest", "--once").exit_code == 0
    last = rows(engine)[-1]
    known = parse_cookie(f"visitor={_held(visitor)}")["visitor"][:ID_LENGTH]
    assert (last.granted, last.visitor) == ("marketing necessary statistics", known)


def _held(visitor: FlaskClient) -> str:
    held = visitor.get_cookie("visitor")
    assert held is not None
    return held.value


@SQLITE
@pytest.mark.clause("3.3.1", "2.1")
def test_it_goes_when_the_yes_is_taken_back(
    client: FlaskClient, spool_folder: Path
) -> None:
    choose(client, "accept")
    assert client.get("/").data
    value = _held(client)
    answer = choose(client, "withdraw")
    gone = visitor_cookies(answer)
    assert gone
    assert all(line.startswith("visitor=;") and "Max-Age=0" in line for line in gone)
    assert client.get_cookie("visitor") is None

    # If a browser still sends it, it is ignored and deleted again.
    client.set_cookie("visitor", value)
    answer = client.get("/", buffered=True)
    assert all("Max-Age=0" in line for line in visitor_cookies(answer))
    assert [line["v"] for line in spool_lines(spool_folder)] == [""] * 4


@SQLITE
@pytest.mark.parametrize("language", list(Language))
def test_the_list_of_cookies_names_it(client: FlaskClient, language: Language) -> None:
    prefix = "" if language is Language.RU else f"/{language.value}"
    page = client.get(f"{prefix}/cookies/").text
    row = re.search(
        r"<tr[^>]*>(?:(?!</tr>).)*<code>visitor</code>.*?</tr>", page, re.DOTALL
    )
    assert row is not None
    assert "180" in row[0]


@SQLITE
@pytest.mark.clause("3.3.1")
def test_in_a_browser_it_comes_with_the_yes_and_goes_with_it(
    chromium: Browser, site_url: str
) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()

    def jar() -> dict[str, Any]:
        return {str(one.get("name")): one for one in context.cookies()}

    page.goto(f"{site_url}/en/policy/")
    assert jar() == {}
    page.click(".cookies [value=reject]")
    page.goto(f"{site_url}/en/")
    assert jar().keys() == {"consent"}
    page.goto(f"{site_url}/en/cookies/")
    page.check("#statistics-box")
    page.click("main [value=save]")
    page.goto(f"{site_url}/en/")
    assert jar().keys() == {"consent", "visitor"}
    found = jar()["visitor"]
    assert found["httpOnly"]
    assert found["sameSite"] == "Lax"
    assert found["path"] == "/"
    page.click("footer [value=withdraw]")
    page.goto(f"{site_url}/en/")
    assert jar().keys() == {"consent"}
    context.close()
