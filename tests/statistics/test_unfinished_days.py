"""An unfinished day is compared with the same hours; without data nothing is."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from neupusti.access.recording.line import Entry
from neupusti.access.retention import sweep
from neupusti.access.retention.terms import RetentionCutoffs
from neupusti.core.clock import ALMATY
from neupusti.statistics.queries.period import Period, presets
from tests.access.conftest import entry
from tests.conftest import SQLITE
from tests.times import Clock

pytestmark = pytest.mark.slow
DAY = datetime(2026, 11, 25, tzinfo=ALMATY)
CLOCKS = {"half past midnight": 0.5, "noon": 12.0, "quarter to one": 12.75, "end": 23.99}
UNCHANGED = "about as many people as before."
QUARTER = timedelta(minutes=15)


def flat(now: datetime, days: float = 16) -> Iterator[Entry]:
    """Yield a request every quarter of an hour until now, each by another visitor."""
    at = now.replace(hour=0, minute=7, second=0) - timedelta(days=days)
    while at < now:
        yield entry(at, ip=f"203.0.{at.hour}.{at.minute}")
        at += QUARTER


def hour(hours: float) -> datetime:
    """Return a moment of the day in Almaty."""
    return DAY + timedelta(hours=hours)


def summary(page: str) -> str:
    """Return the summary of the page."""
    found = re.search(r'<ul class="saying.*?</ul>', page, re.DOTALL)
    assert found is not None
    return re.sub(r"<[^>]+>", " ", found[0])


def changes(page: str) -> set[str]:
    """Return the changes next to the headline figures."""
    return set(re.findall(r'class="change">([^<]*)<', page))


@pytest.fixture
def opened(at: Clock, staff: FlaskClient) -> Callable[[datetime, str], str]:
    """Open the overview at a moment."""

    def open_(now: datetime, query: str) -> str:
        at(now)
        return staff.get(f"/en/admin/access/?{query}").text

    return open_


Opened = Callable[[datetime, str], str]
Load = Callable[..., None]


@pytest.mark.parametrize("hours", CLOCKS.values(), ids=CLOCKS)
@pytest.mark.parametrize("filters", ["", "&is=method:GET"])
def test_a_flat_site_is_flat_at_any_time(
    opened: Opened, load: Load, hours: float, filters: str
) -> None:
    now = hour(hours)
    load(flat(now))
    for period in ("today", "yesterday", "7d", "from=2026-11-24&to=2026-11-30"):
        query = period if "=" in period else f"period={period}"
        page = opened(now, query + filters)
        assert changes(page) <= {"as before"}, period
        assert "fewer" not in page
        assert "more people than" not in page
        if (period, hours) != ("today", 0.5):
            assert UNCHANGED in summary(page), period
            assert "as before" in changes(page)


@SQLITE
def test_a_page_says_which_hours_it_compares(opened: Opened, load: Load) -> None:
    load(flat(hour(12.75)))
    noted = "Changes are in whole hours: "
    page = opened(hour(12.75), "period=today")
    assert (
        noted + "25 November 2026 until 12:00 against 24 November 2026 until 12:00." in page
    )
    assert "Today so far: " + UNCHANGED in page
    assert (
        noted + "19 November 2026 – 25 November 2026 until 12:00"
        " against 12 November 2026 – 18 November 2026 until 12:00."
    ) in opened(hour(12.75), "")
    assert (
        noted + "19 November 2026 – 24 November 2026"
        " against 12 November 2026 – 17 November 2026."
    ) in opened(hour(0.5), "")
    assert "Changes are against 23 November 2026." in opened(
        hour(12.75), "period=yesterday"
    )


@SQLITE
def test_before_the_first_whole_hour_nothing_is_compared(
    opened: Opened, load: Load
) -> None:
    load(flat(hour(0.5)))
    load([entry(hour(0.25), path=f"/{at}") for at in range(40)])
    page = opened(hour(0.5), "period=today")
    assert "Today so far: 3 people. Its first hour is not over" in summary(page)
    assert "Changes are" not in page
    assert changes(page) == set()


@SQLITE
def test_a_fall_within_the_same_hours_is_reported(opened: Opened, load: Load) -> None:
    load(
        one for number, one in enumerate(flat(hour(12))) if number % 2 or one.at < _ms(DAY)
    )
    page = opened(hour(12.4), "period=today")
    assert "Today so far: 50\xa0% fewer people than before." in page
    assert "−50\xa0%" in changes(page)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@SQLITE
@pytest.mark.parametrize("filters", ["", "&is=method:GET"])
def test_the_first_days_of_a_site_have_no_percent(
    opened: Opened, load: Load, filters: str
) -> None:
    """It was opened yesterday at three in the afternoon."""
    load(one for one in flat(hour(20)) if one.at >= _ms(hour(-9)))
    for period in ("today", "yesterday", "7d"):
        page = opened(hour(20), f"period={period}{filters}")
        assert "does not reach back far enough" in summary(page), period
        assert changes(page) == set()
        assert "Changes are" not in page


@SQLITE
def test_the_second_whole_day_of_a_site_is_compared(opened: Opened, load: Load) -> None:
    load(one for one in flat(hour(20)) if one.at >= _ms(hour(-33)))
    assert UNCHANGED in summary(opened(hour(20), "period=today"))


def faults(since: datetime, number: int) -> list[Entry]:
    """Return server errors in the minutes after a moment."""
    return [entry(since + timedelta(minutes=at), status=500) for at in range(number)]


def test_server_errors_of_the_current_hour_are_reported(opened: Opened, load: Load) -> None:
    load(flat(hour(12.75)))
    load([*faults(hour(12.1), 30), *faults(hour(12 - 24.5), 1)])
    page = opened(hour(12.75), "period=today")
    assert "Faults on our side rose from 1 to 30." in summary(page)
    assert "−100\xa0%" not in changes(page)


@SQLITE
@pytest.mark.parametrize("hours", [12.75, 13.5])
def test_what_comes_every_day_at_this_hour_is_no_rise(
    opened: Opened, load: Load, hours: float
) -> None:
    load(flat(hour(hours)))
    load([*faults(hour(12.1), 30), *faults(hour(12.1 - 24), 30)])
    assert "Faults on our side" not in summary(opened(hour(hours), "period=today"))


@SQLITE
def test_a_quiet_day_before_is_no_beginning(opened: Opened, load: Load) -> None:
    load(one for one in flat(hour(12)) if not _ms(hour(-24)) <= one.at < _ms(DAY))
    page = opened(hour(12), "period=today")
    assert "Today so far: 48 people; before: 0." in summary(page)
    assert changes(page) == set()


@pytest.mark.parametrize(
    ("now", "compared"),
    [
        (
            datetime(2024, 2, 29, 23, 30, tzinfo=ALMATY),
            ("29", "until 23:00", "28", "until 23:00"),
        ),
        (
            datetime(2024, 2, 29, 23, 30, fold=1, tzinfo=ALMATY),
            ("29", "until 23:00", "28", ""),
        ),
        (datetime(2024, 3, 1, 0, 30, tzinfo=ALMATY), ()),
        (
            datetime(2024, 3, 1, 23, 59, tzinfo=ALMATY),
            ("1", "until 23:00", "29", "until 23:00"),
        ),
    ],
)
def test_the_day_of_25_hours_is_compared_hour_by_hour(
    at: Clock,
    opened: Opened,
    load: Load,
    now: datetime,
    compared: tuple[str, ...],
) -> None:
    at(now)
    began = datetime(2024, 2, 10, tzinfo=ALMATY).timestamp()
    steps = range(round((now.timestamp() - began) / 900))
    load(
        entry(
            datetime.fromtimestamp(began + 900 * step + 60, ALMATY),
            ip=f"203.0.113.{step % 4}",
        )
        for step in steps
    )
    for query in ("period=today", "period=today&is=method:GET"):
        page = opened(now, query)
        assert changes(page) <= {"as before"}
        assert "fewer" not in page
    today = opened(now, "period=today")
    if not compared:
        assert "Changes are" not in today
        return
    assert UNCHANGED in summary(today)
    note = re.search(r"Changes are in whole hours: (.*?)\.\s*<", today)
    assert note is not None
    assert re.fullmatch(
        "{} \\w+ 2024 ?{} against {} \\w+ 2024 ?{}".format(*compared), note[1]
    )


def test_in_its_25th_hour_a_day_is_not_compared_with_itself(
    at: Clock, opened: Opened, load: Load
) -> None:
    now = datetime(2024, 2, 29, 23, 30, fold=1, tzinfo=ALMATY)
    at(now)
    load(flat(now))
    load(faults(now.replace(hour=0, minute=5, fold=0), 30))
    assert "Faults on our side rose from 0 to 30." in summary(opened(now, "period=today"))


@pytest.mark.parametrize("hours", CLOCKS.values(), ids=CLOCKS)
def test_what_is_compared_has_the_same_hours(at: Clock, hours: float) -> None:
    at(hour(hours))
    for period in (*presets().values(), Period(DAY.date(), date(2026, 12, 3))):
        over = period.so_far
        assert over.end <= hour(hours)
        assert over.end > min(period.end, hour(hours)) - timedelta(hours=1)
        assert over.end - over.start == over.before.end - over.before.start
        assert over.before.end <= over.start


def test_people_of_masked_days_are_compared_with_nobody(
    opened: Opened, load: Load, engine: Engine, at: Clock
) -> None:
    """Without its addresses a network is one person: the fall would be ours."""
    now = hour(12)
    at(now)
    load(
        entry(now - timedelta(days=day, hours=1), ip=f"203.0.113.{one}")
        for day in range(70)
        for one in range(10)
    )
    sweep.sweep(engine, RetentionCutoffs(ip_days=30, days=90))
    query = "period=30d"
    assert UNCHANGED in summary(opened(now, query))
    page = opened(now, f"{query}&is=method:GET")
    assert "more people than" not in page
    assert "does not reach back far enough" in summary(page)
    assert "are shortened" not in page
    for query in ("period=90d&is=method:GET", "period=90d"):
        assert ("all people of one network" in opened(now, query)) == ("is=" in query)
