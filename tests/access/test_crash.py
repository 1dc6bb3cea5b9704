"""Killed at any moment: nothing is lost, nothing counted twice, at no time a wrong sum.

Counted where it matters: at the clients of the served site.
"""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Engine

from neupusti.config.settings import Settings
from neupusti.core.registry import registry
from tests.access.conftest import rows
from tests.access.crash import Ordeal


@pytest.mark.clause("3.3")
def test_kills_lose_and_double_nothing(
    settings: Settings, engine: Engine, request: pytest.FixtureRequest
) -> None:
    ordeal = Ordeal(settings, engine)
    ordeal.run(request.config.getoption("--kills"))

    assert ordeal.lost == set()
    assert ordeal.doubled == []
    assert ordeal.apart == []
    # The aggregators did their work between the kills, and not only after the last.
    assert ordeal.checked[-2]["rows"] > len(ordeal.received) / 2
    assert len({sums["rows"] for sums in ordeal.checked}) > 3


@pytest.mark.manifest(field="jobs")
def test_the_aggregator_is_a_job_of_the_site(
    app: Flask, engine: Engine, command: Callable[..., object]
) -> None:
    assert app.test_client().get("/healthz").data
    (job,) = [job for job in registry().jobs if job.name == "access"]
    assert job.every.total_seconds() <= 1
    job.run()
    assert [row.path for row in rows(engine)] == ["/healthz"]
