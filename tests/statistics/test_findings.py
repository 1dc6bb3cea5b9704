"""The page of problems tells what was found in all of its days, and what is left."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from neupusti.access.recording.line import Entry
from tests.access.conftest import entry
from tests.conftest import SQLITE
from tests.statistics.test_unfinished_days import DAY, hour
from tests.times import Clock

PROBLEMS = "/en/admin/access/problems/"
NONE = "None was seen."
PROBING = "looked for pages that do not exist"
OLD = "?from=2026-09-01&to=2026-09-07"


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    """Half past midnight."""
    at(hour(0.5))


def scan(days: int, ip: str, number: int = 30) -> list[Entry]:
    """Return a vulnerability scan some days ago, a page every second."""
    start = DAY - timedelta(days=days) + timedelta(hours=14)
    return [
        entry(
            start + timedelta(seconds=at),
            ip=ip,
            path=f"/wp-login.php/{at}",
            status=404,
        )
        for at in range(number)
    ]


@pytest.fixture
def scanned(load: Callable[..., None]) -> None:
    """Two scans of the days before."""
    load([*scan(3, "198.51.100.9"), *scan(5, "203.0.113.44")])
    load([entry(hour(-at), ip=f"192.0.2.{at}") for at in range(100)])


def scanner_section(page: str) -> str:
    """Return the part of the page about scanners."""
    return page.split('id="seen"')[1].split("<section", maxsplit=1)[0]


@pytest.mark.clause("3.3.2")
@pytest.mark.usefixtures("scanned")
@pytest.mark.parametrize(
    ("query", "addresses"),
    [
        ("", ("198.51.100.0", "203.0.113.0")),
        ("?period=30d", ("198.51.100.0", "203.0.113.0")),
        ("?from=2026-11-01&to=2026-12-31", ("198.51.100.0", "203.0.113.0")),
        ("?from=2026-11-22&to=2026-11-22", ("198.51.100.0",)),
        ("?period=today", ()),
        ("?period=yesterday", ()),
    ],
)
def test_scans_of_all_days_are_reported(
    staff: FlaskClient, query: str, addresses: tuple[str, ...]
) -> None:
    page = scanner_section(staff.get(PROBLEMS + query).text)
    assert page.count(PROBING) == len(addresses)
    assert all(f"{address} · " in page for address in addresses)
    assert (NONE in page) == (not addresses)


@SQLITE
def test_a_scan_over_midnight_is_one(staff: FlaskClient, load: Callable[..., None]) -> None:
    start = DAY - timedelta(seconds=10)
    load(
        entry(start + timedelta(seconds=at), path=f"/{at}.php", status=404)
        for at in range(20)
    )
    for query in ("", "?period=today", "?period=yesterday"):
        page = scanner_section(staff.get(PROBLEMS + query).text)
        assert page.count(PROBING) == 1
        assert "24.11. 23:59 – 25.11. 00:00, requests: 20" in page


@SQLITE
def test_a_burst_without_errors_is_reported(
    staff: FlaskClient, load: Callable[..., None]
) -> None:
    load(
        entry(hour(-40) + timedelta(milliseconds=50 * at), path=f"/goods/{at}")
        for at in range(60)
    )
    assert "read more pages than a person can" in scanner_section(staff.get(PROBLEMS).text)


@SQLITE
def test_more_findings_than_are_shown_are_counted(
    staff: FlaskClient, load: Callable[..., None]
) -> None:
    load(one for number in range(51) for one in scan(1, f"203.0.{number}.1", 12))
    page = scanner_section(staff.get(PROBLEMS).text)
    assert page.count(PROBING) == 50
    assert "46 more findings" in page
    assert "The gravest 50 of 51." in page


@SQLITE
def test_findings_stay_as_long_as_rows(
    staff: FlaskClient, command: Callable[..., object], load: Callable[..., None]
) -> None:
    load([*scan(80, "203.0.113.44"), *scan(100, "198.51.100.9")])
    load([entry(hour(-1), ip="192.0.2.1")])
    command("sweep")
    page = staff.get(f"{PROBLEMS}{OLD}").text
    assert scanner_section(page).count("203.0.113.0 · ") == 1, "addresses are masked"
    assert page.count("None in these days.") == 3  # no faults, no missing pages
    assert "No address is kept of these days." in page
    link = re.search(r'href="(/en/admin/access/findings/[^"]+)"', page)
    assert link is not None
    assert "No address is kept of these days." in staff.get(link[1]).text
    gone = staff.get(f"{PROBLEMS}?from=2026-08-10&to=2026-08-20").text
    assert "Requests before 27 August 2026 are destroyed" in scanner_section(gone)
    assert NONE not in gone
    assert PROBING not in gone


@SQLITE
def test_faults_whose_requests_are_gone_have_no_none(
    staff: FlaskClient, command: Callable[..., object], load: Callable[..., None]
) -> None:
    load([entry(DAY - timedelta(days=100), status=500)])
    command("sweep")
    page = staff.get(f"{PROBLEMS}?from=2026-08-10&to=2026-08-20").text
    faults = page.split('id="faults"')[1].split("<section")[0]
    assert "Requests before 27 August 2026 are destroyed" in faults
    assert "None in these days." not in faults


@SQLITE
def test_a_list_that_is_empty_says_why(
    staff: FlaskClient, load: Callable[..., None]
) -> None:
    load([entry(hour(-1))])
    entries = staff.get("/en/admin/access/list/entry/?is=method:GET").text
    assert "With filters this list is not counted" in entries
    assert "No request fits." not in entries
    assert "No request fits." in staff.get("/en/admin/access/list/path/?is=path:/x").text
    assert "No request fits." not in staff.get("/en/admin/access/list/path/?page=9").text
    addresses = staff.get("/en/admin/access/addresses/?order=errors").text
    assert "None in these days." in addresses
    assert "No address is kept" not in addresses
