"""The lists of the first page: each figure with its share, the lesser ones folded."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient

from neupusti.access.recording.line import Entry
from tests.access import logs
from tests.access.conftest import entry
from tests.conftest import SQLITE
from tests.statistics.test_overview import NOON, OVERVIEW, SCANNER, text_of
from tests.statistics.test_unfinished_days import hour
from tests.times import Clock

pytestmark = SQLITE
CHROME, IPHONE = logs.PEOPLE[:2]
ROW = re.compile(r'<tr><th scope="row">(.*?)</th>(.*?)</tr>', re.DOTALL)
PART = (('<td class="number">', "<span"), ('<span class="share">', "</span>"))
FOLDED = '<details class="fold">\n  <summary>Devices, browsers and consent</summary>'
SHOWN = {
    "path": {
        "/": ("9", "45 %"),
        "/policy/": ("5", "25 %"),
        "/cart/": ("3", "15 %"),
        "/catalog/": ("3", "15 %"),
    },
    "entry": {"/": ("9", "75 %"), "/catalog/": ("3", "25 %")},
    "source": {
        "Direct: no page before": ("14", "70 %"),
        "Search engines": ("6", "30 %"),
    },
    "device": {"Desktop": ("9", "45 %"), "Phone": ("6", "30 %"), "Robot": ("5", "25 %")},
    "browser": {
        "Chrome": ("9", "45 %"),
        "Mobile Safari": ("6", "30 %"),
        "Googlebot": ("5", "25 %"),
    },
    "status": {"200": ("19", "95 %"), "303": ("1", "5.0 %")},
}
"""What `visits` are on the page: value -> (figure, share)."""
Load = Callable[..., None]


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    at(NOON)


def visits() -> list[Entry]:
    """Return 15 requests of 12 people, five of a robot and 40 of a scanner."""
    start = hour(9)
    paths = ["/"] * 9 + ["/catalog/"] * 3
    people = [
        entry(
            start + timedelta(minutes=at),
            ip=f"203.0.113.{at}",
            path=path,
            user_agent=IPHONE if at < 3 else CHROME,
            referrer="https://www.google.com/" if at < 6 else "",
        )
        for at, path in enumerate(paths)
    ]
    more = [
        entry(
            start + timedelta(minutes=20 + at),
            ip="203.0.113.0",
            path="/cart/",
            user_agent=IPHONE,
            status=(200, 200, 303)[at],
        )
        for at in range(3)
    ]
    robot = {"ip": "66.249.66.1", "user_agent": logs.CRAWLERS[0], "path": "/policy/"}
    crawled = [entry(start + timedelta(minutes=at), **robot) for at in range(5)]
    probed = [
        entry(hour(10) + timedelta(seconds=at), ip=SCANNER, path=f"/x{at}.php", status=404)
        for at in range(40)
    ]
    return [*people, *more, *crawled, *probed]


def shares(page: str, dimension: str) -> dict[str, tuple[str, str]]:
    """Return what a list shows: value -> (figure, share)."""
    listing = page.partition(f'id="list-{dimension}"')[2].partition("</section>")[0]
    found = {}
    for name, figures in ROW.findall(listing):
        figure, share = (unescape(text_of(figures, *ends)) for ends in PART)
        found[text_of(f"<th>{name}</th>", "<th>", "</th>")] = (figure, share)
    return found


def test_each_list_tells_its_shares(staff: FlaskClient, load: Load) -> None:
    """Of 20 requests without scanners; entry pages, of 12 people."""
    load(visits())
    page = staff.get(f"{OVERVIEW}?period=today").text
    assert {name: shares(page, name) for name in SHOWN} == SHOWN


def test_with_scanners_the_shares_are_of_all(staff: FlaskClient, load: Load) -> None:
    load(visits())
    page = staff.get(f"{OVERVIEW}?period=today&scanners=1").text
    assert shares(page, "path")["/"] == ("9", "15 %")
    assert shares(page, "status") == {
        "404": ("40", "67 %"),
        "200": ("19", "32 %"),
        "303": ("1", "1.7 %"),
    }
    assert shares(page, "entry") == SHOWN["entry"]


def test_devices_and_browsers_are_folded(staff: FlaskClient, load: Load) -> None:
    load(visits())
    page = staff.get(f"{OVERVIEW}?period=today").text
    begins, summary, folded = page.partition(FOLDED)
    assert summary, "a fold that is not open"
    folded = folded.partition("</details>")[0]
    lists = ("device", "browser", "os")
    assert [name for name in lists if f'id="list-{name}"' not in folded] == []
    assert begins.index('id="list-path"') < begins.index('id="list-entry"')
    assert 'id="list-status"' not in begins + folded
