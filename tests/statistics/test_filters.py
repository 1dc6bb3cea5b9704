"""Filters: what they select, what they count, and how URLs are parsed."""

import json

import pytest
from flask.testing import FlaskClient

from neupusti.statistics.views import state
from tests.access.conftest import NOW
from tests.conftest import SQLITE
from tests.times import Clock


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    at(NOW)


@pytest.mark.usefixtures("busy")
def test_more_rows_than_can_be_counted_are_refused_in_words(
    staff: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "MAX_ROWS", 100)
    for path in ("", "list/browser/", "series.json"):
        page = staff.get(f"/en/admin/access/{path}?is=path:/*")
        assert page.status_code == 422
        assert "of them: choose fewer days (at most 100 requests)." in page.text
    assert staff.get("/en/admin/access/").status_code == 200


@pytest.mark.usefixtures("busy")
def test_visitors_are_shown_only_where_they_are_counted(staff: FlaskClient) -> None:
    whole = staff.get("/en/admin/access/list/path/?order=visitors").text
    assert "is counted when you filter by it" in whole
    assert "order=visitors" not in whole.partition("<table")[2].partition("</thead>")[0]
    assert json.loads(staff.get("/admin/access/list/path.json").text)[0]["visitors"] is None
    narrowed = staff.get("/en/admin/access/list/path/?is=path:/catalog/").text
    assert "is counted when you filter by it" not in narrowed
    [item] = json.loads(staff.get("/admin/access/list/path.json?is=path:/catalog/").text)
    assert item["visitors"] > 0


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    ("query", "requests"),
    [
        ("", 157),
        ("?is=path:/old-page", 9),
        ("?is=path:/*", 157),
        ("?not=path:/*", 0),
        ("?is=path:/OLD*", 0),
        ("?is=path:/%25*&is=path:/_*", 0),
        ("?is=path:/old*", 9),
        ("?is=status:4xx", 9),
        ("?is=status:404&is=status:500", 10),
        ("?is=source:social&not=browser:Chrome", 21),
        ("?is=bot:declared", 7),
        ("?not=bot:declared&not=status:200", 10),
        ("?is=nonsense:1&not=&is=x", 157),
        ("?dimension=path&sense=not&value=/old-page", 148),
    ],
)
def test_filters_narrow_the_figures(staff: FlaskClient, query: str, requests: int) -> None:
    found = json.loads(staff.get(f"/admin/access/series.json{query}").text)
    assert sum(point["requests"] for point in found) == requests
    assert staff.get(f"/en/admin/access/{query}").status_code == 200


@pytest.mark.usefixtures("busy")
def test_the_address_is_the_state(staff: FlaskClient) -> None:
    page = staff.get("/en/admin/access/?period=30d&is=browser:Chrome&not=path:/old").text
    assert (
        "/en/admin/access/list/path/?period=30d&amp;is=browser:Chrome&amp;not=path:/old"
        in page
    )
    assert "/en/admin/access/?period=30d&amp;not=path:/old" in page


@SQLITE
@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(
    "query",
    [
        "?period=nonsense",
        "?from=2026-11-30&to=2026-11-01",
        "?from=0001-01-01&to=9999-12-31",
        "?from=x&to=y",
        "?period=365d",
        "?period=today",
        "?from=2020-01-01&to=2026-11-22",
        "?order=nonsense&page=-1",
        "?page=99999999999999999999",
        "?is=path:%1B&is=status:abc&not=status:",
        "?is=" + "x" * 5000,
    ],
)
def test_an_odd_address_is_a_page_all_the_same(staff: FlaskClient, query: str) -> None:
    for path in ("/admin/access/", "/admin/access/list/path/", "/admin/access/problems/"):
        assert staff.get(path + query).status_code == 200
