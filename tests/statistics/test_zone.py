"""Days and hours around 1 March 2024, when Almaty's clocks were put back by an hour."""

import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask.testing import FlaskClient

from neupusti.access import calendar
from tests.access.conftest import entry
from tests.times import Clock

BEGAN = datetime(2024, 2, 26, 12, 30, tzinfo=UTC)
CHANGE = datetime(2024, 2, 29, 18, tzinfo=UTC)


@pytest.fixture(autouse=True)
def week(at: Clock, load: Callable[..., None]) -> None:
    """A week with a visit every hour, by the same browsers every day."""
    at(BEGAN + timedelta(days=8))
    load([entry(BEGAN + timedelta(hours=hour)) for hour in range(24 * 7)])


def points(staff: FlaskClient, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        staff.get(f"/admin/access/series.json?{query}").text
    )
    return found


@pytest.mark.parametrize(
    "days",
    [
        "from=2024-02-26&to=2024-03-04",
        "from=2024-02-29&to=2024-03-01",
        "from=2024-02-29&to=2024-02-29",
        "from=2024-01-01&to=2024-04-30",
    ],
)
def test_rows_and_roll_ups_have_the_same_days(staff: FlaskClient, days: str) -> None:
    whole, counted = points(staff, days), points(staff, f"{days}&is=method:GET")
    named = [[(one["start"], one["requests"]) for one in some] for some in (whole, counted)]
    assert named[0] == named[1]
    assert sum(one["requests"] for one in counted) > 0


def test_the_longer_day_has_an_hour_more(staff: FlaskClient) -> None:
    days = "from=2024-02-26&to=2024-03-04&is=method:GET"
    found = {one["start"][:10]: one for one in points(staff, days)}
    assert found["2024-02-28"]["requests"] == found["2024-03-01"]["requests"] == 24
    assert found["2024-02-29"]["requests"] == 25
    assert {one["visitors"] for one in found.values()} == {1}


@pytest.mark.parametrize("filters", ["", "&is=method:GET"])
def test_an_hour_that_comes_twice_is_two(staff: FlaskClient, filters: str) -> None:
    found = points(staff, f"from=2024-02-29&to=2024-02-29{filters}")
    assert {(one["requests"], one["visitors"], one["people"]) for one in found} == {
        (1, 1, 1)
    }
    assert Counter(one["start"][:13] for one in found)["2024-02-29T23"] == 2


@pytest.mark.parametrize("filters", ["", "&is=method:GET"])
def test_an_hour_that_is_left_out_has_no_visitors(
    load: Callable[..., None], staff: FlaskClient, filters: str
) -> None:
    """On 28 March 2004 three o'clock followed after one."""
    before = datetime(2004, 3, 27, 12, 30, tzinfo=UTC)
    load([entry(before + timedelta(hours=hour)) for hour in range(24)])
    found = points(staff, f"from=2004-03-27&to=2004-03-28{filters}")
    visited = {one["start"][8:13] for one in found if one["visitors"]}
    assert visited == {one["start"][8:13] for one in found if one["requests"]}
    assert "28T01" in visited
    assert "28T02" not in visited
    assert "28T03" in visited


@pytest.mark.parametrize("filters", ["", "&is=method:GET"])
def test_an_hour_of_the_week_that_comes_twice_is_no_busier(
    at: Clock, staff: FlaskClient, filters: str
) -> None:
    at(BEGAN + timedelta(days=7))
    page = staff.get(f"/admin/access/?from=2024-02-26&to=2024-03-04{filters}").text
    week = page.partition('id="week"')[2].partition("</table>")[0]
    shades = Counter(re.findall(r"<td([^>]*)>([^<]*)<", week))
    # All hours but Monday's at 17: the first is the one at 18, the last that at 16.
    assert shades == {(' class="s4"', "1"): 167, ("", "0"): 1}


@pytest.mark.parametrize("zone", ["Asia/Almaty", "Asia/Qostanay"])
def test_a_report_adds_the_visitors_of_both(
    command: Callable[..., Result], zone: str
) -> None:
    """The second zone is counted from rows, and has had the same hours."""
    days = ("--from", "2024-02-26", "--to", "2024-03-04", "--tz", zone, "--json")
    hours = json.loads(command("report", *days).stdout)["by_hour"]
    assert hours["23"] == {"requests": 8, "visitors": 8}
    assert hours["22"] == {"requests": 7, "visitors": 7}


def test_an_imported_hour_that_comes_twice_is_two(
    at: Clock, command: Callable[..., Result], staff: FlaskClient, tmp_path: Path
) -> None:
    at(BEGAN + timedelta(days=8))
    log = tmp_path / "access.log"
    log.write_text(
        "".join(
            f"198.51.100.{ip} - - [29/Feb/2024:23:{minute} {zone}] "
            '"GET /a HTTP/1.1" 200 1 "-" "Mozilla/5.0 (X11)"\n'
            for ip, minute, zone in (
                (1, "10:00", "+0600"), (2, "50:00", "+0600"), (2, "05:00", "+0500"),
                (3, "20:00", "+0500"), (4, "59:59", "+0500"),
            )
        )
    )  # fmt: skip
    assert "imported   5" in command("import", log).output
    for filters in ("", "&is=path:/a"):
        found = points(staff, f"from=2024-02-29&to=2024-02-29{filters}")
        extra = 0 if filters else 1  # of the week of the fixture
        assert [one["visitors"] - extra for one in found[-2:]] == [2, 3]


def test_the_offsets_say_when_they_changed() -> None:
    hour = calendar.HOUR
    change = round(CHANGE.timestamp() * 1000)
    [before, after] = calendar.utc_offsets(date(2024, 2, 1), date(2024, 4, 1))
    assert (before[1], after) == (6 * hour, (change, 5 * hour))
    assert len(calendar.utc_offsets(date(2024, 3, 1), date(2026, 3, 1))) == 1
    assert len(calendar.utc_offsets(date(2024, 2, 1), date(2024, 2, 28))) == 1
