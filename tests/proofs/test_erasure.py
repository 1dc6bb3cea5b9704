from collections.abc import Callable
from datetime import datetime

from flask import Flask

from neupusti.core.blocking.models import Tombstone
from neupusti.core.records.journal import SecurityEvent
from neupusti.erasure.models import Erasure
from tests.proofs.planting import all_turn_red, sql
from tests.proofs.rows import NOW, row

PLANTS = {
    "nobody-has-risen": sql(
        row(Tombstone, person=4100, scope="all"), row(SecurityEvent, person=4100, at=NOW)
    ),
    "destroyed-wholly": sql(row(Erasure, state="done", left=1)),
}


def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)
