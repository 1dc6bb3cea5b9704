from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from neupusti.core.records.journal import log_staff_action
from neupusti.statistics.service import UNMASKED
from tests.proofs.planting import all_turn_red
from tests.proofs.rows import NOW, written

PLANTS = {
    "addresses-seen-for-a-reason": written(
        lambda session: log_staff_action(session, staff=1, action=UNMASKED)
    ),
}


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)
