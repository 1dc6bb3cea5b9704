"""What is no page for visitors: staff's own, files, open sockets."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from neupusti.access.models import Latency, Rollup
from neupusti.access.recording.line import STATIC_ROUTE
from tests.access.conftest import NOW, entry
from tests.conftest import SQLITE
from tests.times import Clock


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    at(NOW)


@SQLITE
def test_an_entry_page_is_a_page_for_visitors(
    load: Callable[..., None], engine: Engine
) -> None:
    at = NOW - timedelta(hours=3)
    batches = [
        [entry(at, path="/app.css", route=STATIC_ROUTE), entry(at, path="/catalog/")],
        [entry(at, path="/kk/admin/", ip="203.0.113.9"), entry(at, path="/cart/")],
        [entry(at, path="/socket", ip="203.0.113.10", status=101)],
        [entry(at, ip="203.0.113.8", path="/administration/")],
    ]
    for batch in batches:
        load(batch)
    with engine.connect() as connection:
        found = connection.execute(
            select(Rollup.value, Rollup.visitors).where(Rollup.dimension == "entry")
        )
        assert sorted(map(tuple, found)) == [("/administration/", 1)]


@SQLITE
def test_an_open_socket_is_not_a_slow_page(
    load: Callable[..., None], engine: Engine
) -> None:
    at = NOW - timedelta(hours=3)
    hour = 3_600_000_000
    load([
        entry(at, route="/live", status=101, duration_us=hour),
        entry(at, route="/live", method="CONNECT", duration_us=hour),
        entry(at, route="/live", duration_us=1000),
    ])  # fmt: skip
    with engine.connect() as connection:
        counted = connection.execute(select(Latency.requests)).scalars().all()
    assert counted == [1]
