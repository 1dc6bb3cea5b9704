"""What the tests of accounts share."""

import pytest

from neupusti.accounts.views import blueprint


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers are not held back to an even time, but in the test of that very thing."""
    monkeypatch.setattr(blueprint, "PADDING_SECONDS", 0)
