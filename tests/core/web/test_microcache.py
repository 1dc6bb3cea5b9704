"""The micro-cache: a public page is rendered at most once a second."""

from datetime import date, timedelta

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from neupusti.core import clock
from neupusti.core.web import microcache, page_cache
from neupusti.core.web.microcache import MAX_ENTRIES, TTL, MicroCache
from tests.times import NOON, Clock


@pytest.fixture
def rendered(bare: Flask, at: Clock) -> list[str]:
    """The pages that the application rendered."""
    seen: list[str] = []

    @bare.route("/asked/<name>", methods=["GET", "POST"])
    def view(name: str) -> Response:
        seen.append(name)
        return page_cache.public("asked", name, render=lambda: name)

    @bare.get("/plain/<name>")
    def plain(name: str) -> str:
        seen.append(name)
        return name

    at(NOON)
    return seen


@pytest.fixture
def stranger(bare: Flask) -> FlaskClient:
    """A client without cookies."""
    return bare.test_client(use_cookies=False)


def test_a_page_is_cached_for_a_second(
    rendered: list[str], stranger: FlaskClient, at: Clock
) -> None:
    first, again = stranger.get("/asked/a"), stranger.get("/asked/a")
    assert (first.text, again.text, rendered) == ("a", "a", ["a"])
    at(NOON + TTL)
    assert stranger.get("/asked/a").text == "a"
    assert rendered == ["a", "a"]


def test_a_page_of_yesterday_is_not_cached_into_today(
    rendered: list[str], stranger: FlaskClient, at: Clock
) -> None:
    """What a page says may end with its day, as a deal does."""
    midnight = clock.midnight(date(2026, 12, 1))
    at(midnight - TTL / 2)
    stranger.get("/asked/a")
    at(midnight - TTL / 4)
    stranger.get("/asked/a")
    assert rendered == ["a"]
    at(midnight)
    stranger.get("/asked/a")
    assert rendered == ["a", "a"]


def test_a_clock_set_back_expires_entries(
    rendered: list[str], stranger: FlaskClient, at: Clock
) -> None:
    stranger.get("/asked/a")
    at(NOON - timedelta(hours=1))
    stranger.get("/asked/a")
    assert rendered == ["a", "a"]


def test_a_cached_response_differs_only_in_its_request_id(
    rendered: list[str], stranger: FlaskClient
) -> None:
    first, again = (stranger.get("/asked/a") for _ in range(2))
    assert len(rendered) == 1
    numbers = [answer.headers.pop("X-Request-Id") for answer in (first, again)]
    assert numbers[0] != numbers[1]
    assert (first.status, dict(first.headers)) == (again.status, dict(again.headers))


@pytest.mark.parametrize(
    "difference",
    [
        {"headers": {"Cookie": "session=x"}},
        {"headers": {"Sec-GPC": "1"}},
        {"headers": {"Accept-Encoding": "br"}},
        {"query_string": "cookies=1"},
        {"method": "HEAD"},
        {"path": "/kk/asked/a"},
        {"path": "/asked/b"},
    ],
    ids=str,
)
def test_other_requests_are_not_cached(
    rendered: list[str], stranger: FlaskClient, difference: dict[str, str]
) -> None:
    stranger.get("/asked/a")
    stranger.open(**{"path": "/asked/a", **difference})  # type: ignore[arg-type]
    assert len(rendered) == 2


def test_an_unknown_host_is_not_cached(rendered: list[str], stranger: FlaskClient) -> None:
    stranger.get("/asked/a")
    assert stranger.get("/asked/a", headers={"Host": "evil.example"}).status_code == 400
    assert rendered == ["a"]


def test_only_public_pages_are_cached(rendered: list[str], stranger: FlaskClient) -> None:
    for _ in range(2):
        assert stranger.get("/plain/a").text == "a"
        assert stranger.get("/nowhere").status_code == 404
    assert rendered == ["a", "a"]


def test_invalidation_is_immediate(rendered: list[str], stranger: FlaskClient) -> None:
    stranger.get("/asked/a")
    microcache.invalidate()
    stranger.get("/asked/a")
    assert rendered == ["a", "a"]


def test_the_number_of_entries_is_bounded(bare: Flask, rendered: list[str]) -> None:
    layer: object = bare.wsgi_app
    while not isinstance(layer, MicroCache):
        layer = layer.inner  # type: ignore[attr-defined]
    for number in range(MAX_ENTRIES + 1):
        bare.test_client().get(f"/asked/{number}")
    assert (len(rendered), len(layer.entries)) == (MAX_ENTRIES + 1, 1)
