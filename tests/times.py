"""The moment at which most tests happen, and the type of the fixture `at`."""

from collections.abc import Callable
from datetime import UTC, datetime

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
Clock = Callable[[datetime], None]
