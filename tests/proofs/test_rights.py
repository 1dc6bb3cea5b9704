from collections.abc import Callable
from datetime import datetime

from flask import Flask

from neupusti.accounts.models import SignIn
from neupusti.core.records.journal import SecurityEvent
from tests.proofs.planting import all_turn_red, sql
from tests.proofs.rows import NOW, SOON, row

EARLY = "2026-11-22 06:00:00"
PLANTS = {
    "shut-where-broken-into": sql(
        row(SecurityEvent, person=1, kind="broken into", at=SOON),
        row(SignIn, person=1, created_at=EARLY, completed_at=SOON),
    ),
}


def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)
