from collections.abc import Callable
from datetime import UTC, datetime

import pytest


@pytest.fixture(autouse=True)
def today(at: Callable[[datetime], None]) -> datetime:
    """The noon, in Almaty, of the day on which whatever a test publishes is published."""
    moment = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
    at(moment)
    return moment
