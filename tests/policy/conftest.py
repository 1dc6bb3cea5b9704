from datetime import UTC, datetime

import pytest

from tests.times import Clock


@pytest.fixture(autouse=True)
def today(at: Clock) -> datetime:
    """Set the clock to noon in Almaty of the day on which tests publish."""
    moment = datetime(2026, 12, 1, 7, 0, tzinfo=UTC)
    at(moment)
    return moment
