"""What the tests of accounts share."""

import pytest

from neupusti.accounts.views import blueprint


@pytest.fixture(autouse=True)
def _no_padding(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn off the padding of response times, except in its own tests."""
    monkeypatch.setattr(blueprint, "PADDING_SECONDS", 0)
