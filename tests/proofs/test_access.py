from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from neupusti.access.models import Address, Finding, Record, Sweep
from neupusti.core.proofs.proof import State
from tests.proofs.planting import all_turn_red, states
from tests.proofs.rows import NOW, OLD, logged, row

PLANTS = {
    "log-addresses": logged(row(Record, ip="192.0.2.1, 198.51.100.7")),
    "log-referrers": logged(row(Record, referrer="https://example.kz/?q=name")),
    "log-cookies": logged(row(Record, cookies="session=abc")),
    "log-visitors": logged(row(Record, visitor="a", granted="preferences")),
    "log-countries": logged(row(Record, country="KZ")),
    "day-addresses": logged(row(Address, ip="a visitor")),
    "findings-masked": logged(row(Finding, network="192.0.2.1")),
    "log-destroyed-whole": logged(row(Sweep, at=OLD)),
}


def test_a_complete_sweep_is_looked_at(app: Flask) -> None:
    with logged(row(Sweep, at=OLD, complete=True))() as looking:
        assert states(looking)["log-destroyed-whole"] is State.HOLDS


def test_sweeps_that_stay_incomplete_for_hours_are_a_breach(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    """The last one is never old: each hour there is another."""
    at(NOW)
    hours = (f"2026-11-22 0{hour}:30:00" for hour in (3, 4, 5, 6))
    with logged(*(row(Sweep, at=hour) for hour in hours))() as looking:
        assert states(looking)["log-destroyed-whole"] is State.BROKEN


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)
