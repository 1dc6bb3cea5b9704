"""Workers killed at any moment: nothing is lost, duplicated or inconsistent.

Counted by the clients of the served site.
"""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine

from neupusti.config.settings import Settings
from neupusti.core.registry import registry
from tests.access.conftest import rows
from tests.access.crash import CrashTest


@pytest.mark.slow
@pytest.mark.clause("3.3")
def test_kills_lose_and_duplicate_nothing(
    settings: Settings, engine: Engine, request: pytest.FixtureRequest
) -> None:
    crash = CrashTest(settings, engine)
    crash.run(request.config.getoption("--kills"))

    assert crash.lost == set()
    assert crash.duplicated == []
    assert crash.inconsistent == []
    # The aggregators worked between the kills, and not only after the last.
    assert crash.checked[-2]["rows"] > len(crash.received) / 2
    assert len({sums["rows"] for sums in crash.checked}) > 3


@pytest.mark.manifest(field="jobs")
def test_the_aggregator_is_a_job_of_the_site(
    app: Flask, engine: Engine, command: Callable[..., object]
) -> None:
    assert app.test_client().get("/healthz").data
    (job,) = [job for job in registry().jobs if job.name == "access"]
    assert job.every.total_seconds() <= 1
    job.run()
    assert [row.path for row in rows(engine)] == ["/healthz"]
