"""The tests of staff management use the fixtures of the staff area."""

from tests.admin.conftest import browser, dana

__all__ = ["browser", "dana"]
