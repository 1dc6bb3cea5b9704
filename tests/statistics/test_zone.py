"""Days and hours around 1 March 2024, when Almaty's clocks were put back by an hour."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
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


def test_an_hour_that_comes_twice_is_two(staff: FlaskClient) -> None:
    found = points(staff, "from=2024-02-29&to=2024-02-29&is=method:GET")
    assert {one["requests"] for one in found} == {1}
    assert Counter(one["start"][:13] for one in found)["2024-02-29T23"] == 2


def test_the_offsets_say_when_they_changed() -> None:
    hour = calendar.HOUR
    change = round(CHANGE.timestamp() * 1000)
    [before, after] = calendar.utc_offsets(date(2024, 2, 1), date(2024, 4, 1))
    assert (before[1], after) == (6 * hour, (change, 5 * hour))
    assert len(calendar.utc_offsets(date(2024, 3, 1), date(2026, 3, 1))) == 1
    assert len(calendar.utc_offsets(date(2024, 2, 1), date(2024, 2, 28))) == 1
