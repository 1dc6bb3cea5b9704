import pytest

from neupusti.core.security import throttle
from neupusti.core.security.throttle import ProcessLimit


def test_the_limit_is_enforced(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("neupusti.core.security.throttle.time.monotonic", lambda: now)
    limit = ProcessLimit(times=2, seconds=100)
    assert [limit.take("a") for _ in range(3)] == [0, 0, 101]
    assert limit.take("b") == 0
    now = 1100.0
    assert limit.take("a") == 0


def test_the_number_of_keys_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MAX_KEYS", 3)
    limit = ProcessLimit(times=1, seconds=100)
    for name in "abcd":
        limit.take(name)
    assert [name for name, _ in limit.counts] == ["b", "c", "d"]
