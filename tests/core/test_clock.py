from datetime import UTC, date, datetime, timedelta

import pytest

from neupusti.core import clock
from tests.times import Clock


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 22, 18, 59, 59, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 22, 19, 0, 0, tzinfo=UTC), date(2026, 11, 23)),
        # The clock that night went back from midnight to eleven.
        (datetime(2024, 2, 29, 18, 30, tzinfo=UTC), date(2024, 2, 29)),
        (datetime(2026, 12, 31, 19, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_today_is_the_day_in_almaty(at: Clock, moment: datetime, day: date) -> None:
    at(moment)
    assert clock.today() == day


@pytest.mark.parametrize(
    ("day", "moment"),
    [
        (date(2022, 8, 4), datetime(2022, 8, 3, 18, tzinfo=UTC)),
        (date(2024, 2, 29), datetime(2024, 2, 28, 18, tzinfo=UTC)),
        (date(2024, 3, 1), datetime(2024, 2, 29, 19, tzinfo=UTC)),
        (date(2026, 11, 22), datetime(2026, 11, 21, 19, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_midnight_in_almaty(day: date, moment: datetime) -> None:
    assert clock.midnight(day) == moment
    assert clock.midnight(day).utcoffset() == timedelta(0)
