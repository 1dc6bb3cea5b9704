"""The first page tells what matters first, and counts scanners apart from people."""

import json
import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from neupusti.access.counters import Totals
from neupusti.access.recording.line import Entry
from neupusti.access.service import Aggregator
from neupusti.access.views.blueprint import aggregator
from neupusti.core.clock import ALMATY
from neupusti.statistics.queries.figures import Point
from neupusti.statistics.queries.period import Unit
from neupusti.statistics.views import charts
from tests.access import logs
from tests.access.conftest import entry
from tests.conftest import SQLITE
from tests.statistics.test_unfinished_days import DAY, hour
from tests.times import Clock

NOON = hour(12)
OVERVIEW = "/en/admin/access/"
SCANNER = "198.51.100.9"
Load = Callable[..., None]


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    at(NOON)


def month() -> list[Entry]:
    """Return 30 days of people and a robot; today a fault and a scanner."""
    found = []
    for day in range(30):
        start = DAY - timedelta(days=day) + timedelta(hours=9)
        found += [
            entry(
                start + timedelta(minutes=7 * at),
                ip=f"203.0.113.{day + at}",
                path=("/", "/catalog/", "/product/<b>")[at % 3],
                status=(200, 304, 303, 404)[at % 4],
                user_agent=logs.PEOPLE[at % 3],
                duration_us=90_000 if at % 3 == 1 else 2000,
                route=("/", "/catalog/", "/product/<slug>")[at % 3],
            )
            for at in range(12)
        ]
        found.append(entry(start, ip="66.249.66.1", user_agent=logs.CRAWLERS[0]))
    found.append(entry(hour(10), path="/broken", status=500))
    found += [
        entry(hour(11) + timedelta(seconds=at), ip=SCANNER, path=f"/x{at}.php", status=404)
        for at in range(40)
    ]
    return found


def shown(page: str, *texts: str) -> list[int]:
    """Return where each text begins in the main part of a page; fail if one is missing."""
    main = page.partition("<main")[2]
    return [main.index(text) for text in texts]


def text_of(page: str, start: str, end: str) -> str:
    """Return the visible text of a part of a page, its white space made single."""
    part = page.partition(start)[2].partition(end)[0]
    return " ".join(re.sub(r"<[^>]+>", " ", part).split())


def test_what_matters_stands_first(staff: FlaskClient, load: Load) -> None:
    load(month())
    page = staff.get(f"{OVERVIEW}?period=30d").text
    places = shown(
        page,
        '<ul class="saying',
        *(">People</dt>", ">Their page views</dt>", "Faults on our side</a></dt>"),
        *("Slowest route", "Requests of robots: 30; of scanners: 40;"),
        *('class="plot"', 'id="list-path"', 'id="list-entry"', 'id="list-source"'),
        *('id="list-country"', 'id="week"', ">Devices, browsers and consent<"),
        *('id="list-browser"', 'id="technical"', 'id="list-bot"', 'id="list-status"'),
    )
    assert places == sorted(places)
    first = text_of(page, '<ul class="saying', "</li>")
    assert "looked for pages that do not exist" in first
    assert "198.51.100.0" in first
    assert SCANNER not in page
    assert 'href="/en/admin/access/findings/' in page
    assert len(page) < 60_000


@SQLITE
def test_the_four_figures_are_of_people_faults_and_time(
    staff: FlaskClient, load: Load
) -> None:
    load(month())
    page = staff.get(f"{OVERVIEW}?period=today").text
    tiles = text_of(page, '<dl class="facts tiles', "</dl>")
    # Nine were answered without 4xx, six with 200 or 304; the fault is one person more.
    assert re.search(r"People 10 .* Their page views 6 ", tiles)
    assert "Faults on our side 1" in tiles
    slow = text_of(
        staff.get(f"{OVERVIEW}?period=30d").text, "Slowest route, 95 % within", "</dl>"
    )
    assert re.fullmatch(r"(?:8|9)\d ms /catalog/", slow)


@pytest.mark.parametrize("filters", ["", "&is=method:GET"])
def test_lists_leave_scanners_out_until_they_are_asked_for(
    staff: FlaskClient, load: Load, filters: str
) -> None:
    load(month())
    found = json.loads(staff.get(f"/admin/access/list/status.json?{filters}").text)
    without = {one["status"]: one["requests"] for one in found}
    found = json.loads(
        staff.get(f"/admin/access/list/status.json?scanners=1{filters}").text
    )
    everybody = {one["status"]: one["requests"] for one in found}
    assert everybody["404"] - without["404"] == 40
    assert everybody["200"] == without["200"]

    page = staff.get(f"{OVERVIEW}?{filters}").text
    assert "without scanners" in page
    assert "/x1.php" not in page.partition('class="lists"')[2]
    page = staff.get(f"{OVERVIEW}list/path/?scanners=1{filters}").text
    assert "leave scanners out" in page
    assert "/x1.php" in page


@pytest.mark.parametrize("filters", ["", "&is=method:GET"])
def test_scanners_are_a_class_beside_people_and_robots(
    staff: FlaskClient, load: Load, filters: str
) -> None:
    load(month())
    found = json.loads(staff.get(f"/admin/access/list/bot.json?scanners=1{filters}").text)
    assert {one["bot"]: one["requests"] for one in found} == {
        "none": 85, "scanner": 40, "declared": 7,
    }  # fmt: skip
    chosen = staff.get(f"{OVERVIEW}?is=bot:scanner").text
    assert "without scanners" not in chosen
    assert "/x1.php" in chosen


@SQLITE
@pytest.mark.parametrize("log", [month, lambda: [entry(hour(9))]])
def test_the_stripes_of_scanners_are_there_once(
    staff: FlaskClient, load: Load, log: Callable[[], list[Entry]]
) -> None:
    load(log())
    assert staff.get("/en/admin/access/").text.count('id="stripes"') == 1


def test_roll_ups_and_rows_count_the_same(staff: FlaskClient, load: Load) -> None:
    load(month())
    sums = [
        json.loads(staff.get(f"/admin/access/series.json?{query}").text)
        for query in ("period=30d", "period=30d&is=method:GET&scanners=1")
    ]
    assert sums[0] == sums[1]
    assert sum(one["views"] for one in sums[0]) == 180
    assert sum(one["scanners"] for one in sums[0]) == 40


@pytest.mark.parametrize("filters", ["", "&is=method:GET"])
def test_people_are_shown_by_hour_and_weekday(
    staff: FlaskClient, load: Load, filters: str
) -> None:
    """From nine to half past ten, every day but not today's last visitor."""
    load(month())
    page = staff.get(f"{OVERVIEW}?period=30d{filters}").text
    table = page.partition('id="week"')[2].partition("</table>")[0]
    rows = re.findall(r'<tr><th scope="row">(\d+)</th>(.*?)</tr>', table)
    assert [int(at) for at, _ in rows] == list(range(24))
    busy = {at for at, cells in rows if 'class="s' in cells}
    assert busy == {"9", "10"}
    assert rows[9][1].count('class="s4"') == 7
    assert staff.get(f"{OVERVIEW}?period=yesterday{filters}").text.count('id="week"') == 0


@SQLITE
def test_private_networks_and_our_own_pages_are_called_so(
    staff: FlaskClient, load: Load
) -> None:
    load([
        entry(NOON, ip="192.168.4.7", referrer="http://localhost/catalog/"),
        entry(NOON, ip="10.0.0.9", referrer="https://kaspi.kz/shop/"),
    ])  # fmt: skip
    page = staff.get(OVERVIEW).text
    assert "Private network" in text_of(page, 'id="list-country"', "</section>")
    assert "localhost" not in text_of(page, 'id="list-referrer"', "</section>")
    assert "https://kaspi.kz/shop/" in page
    listed = staff.get(f"{OVERVIEW}list/referrer/").text
    assert "Our own page /catalog/" in listed


def test_a_start_of_the_site_and_a_new_edition_are_marked(
    app: Flask, staff: FlaskClient, load: Load, at: Clock
) -> None:
    load(month())
    at(hour(11.5))
    aggregator().count_start()
    aggregator().count_start()
    page = staff.get(f"{OVERVIEW}?period=today").text
    assert "Starts of the site: 1, the last on 25.11. 11:30" in page
    assert page.count('<line class="start"') == 2
    assert 'class="edition"' not in page
    at(datetime(2026, 11, 1, 12, tzinfo=ALMATY))
    load([entry(datetime(2026, 11, 1, 11, tzinfo=ALMATY))])
    page = staff.get(f"{OVERVIEW}?period=7d").text
    assert "Edition of 1 November 2026" in " ".join(page.split())
    assert page.count('<line class="edition"') == 2


@SQLITE
def test_each_start_counts_once(app: Flask) -> None:
    started = aggregator()
    started.count_start()
    other = Aggregator(started.engine, started.folder, lambda: None, started.terms)  # type: ignore[arg-type, return-value]
    other.count_start()
    assert _starts(app) == 2


def _starts(app: Flask) -> int:
    with app.app_context(), aggregator().engine.connect() as connection:
        query = "SELECT sum(requests) FROM access_rollup WHERE dimension = 'started'"
        return int(connection.exec_driver_sql(query).scalar_one())


@SQLITE
@pytest.mark.parametrize("query", ["", "?period=today", "?period=365d"])
def test_a_site_nobody_has_visited_has_no_charts(staff: FlaskClient, query: str) -> None:
    page = staff.get(OVERVIEW + query).text
    assert "There is too little traffic yet" in page
    assert '<svg class="plot"' not in page


@given(st.integers(0, 10**9))
def test_grid_lines_have_round_figures_and_cover_the_highest(most: int) -> None:
    grid = charts.grid_figures(most)
    steps = {upper - lower for upper, lower in pairwise(grid)}
    assert len(steps) == 1
    assert str(steps.pop()).rstrip("0") in {"1", "2", "5"}
    assert grid[-1] == 0
    assert most <= grid[0]
    assert most > grid[1] or most == 0
    assert len(grid) <= 5


def test_figures_are_stacked_in_their_order() -> None:
    start = datetime(2026, 11, 25, tzinfo=ALMATY)
    points = [
        Point(start, Totals(requests=10, robots=2, scanners=3)),
        Point(start + timedelta(days=1), Totals(requests=4, server_errors=12)),
    ]
    chart = charts.draw(points, Unit.DAY, charts.REQUESTS)
    assert chart.grid == ["10", "5", "0"]
    assert chart.paths == {
        "people": "M0.1 100V50h0.8V100zM1.1 100V60h0.8V100z",
        "robots": "M0.1 50V30h0.8V50z",
        "scanners": "M0.1 30V0h0.8V30z",
    }
    assert [(mark.x, mark.size) for mark in chart.faults] == [(75.0, 2)]


@pytest.mark.parametrize(
    ("moment", "x"),
    [
        (datetime(2026, 11, 25, 12, tzinfo=ALMATY), 25.0),
        (datetime(2026, 11, 26, 0, tzinfo=ALMATY), 50.0),
        (datetime(2026, 11, 24, 23, 59, tzinfo=ALMATY), None),
        (datetime(2026, 11, 27, 0, tzinfo=ALMATY), None),
    ],
)
def test_a_moment_has_a_place_on_the_axis(moment: datetime, x: float | None) -> None:
    days = (date(2026, 11, 25), date(2026, 11, 26))
    points = [
        Point(datetime(day.year, day.month, day.day, tzinfo=ALMATY), Totals())
        for day in days
    ]
    assert charts.place(points, moment) == x
