from collections.abc import Callable
from datetime import datetime

from flask import Flask

from neupusti.accounts.models import Credential, SignIn
from neupusti.core.proofs.proof import State
from neupusti.core.records.journal import SecurityEvent
from tests.proofs.planting import all_turn_red, sql, states
from tests.proofs.rows import NOW, SOON, row

EARLY = "2026-11-22 06:00:00"
BROKEN_INTO = row(SecurityEvent, person=1, kind="broken into", at=SOON)
PLANTS = {
    "shut-where-broken-into": sql(
        BROKEN_INTO,
        row(SignIn, person=1, created_at=EARLY, completed_at=SOON),
    ),
}


def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)


def test_the_password_of_the_account_is_looked_at_and_no_other(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    for person, state in ((1, State.BROKEN), (2, State.HOLDS)):
        password = row(Credential, person=person, password_hash="x", changed_at=EARLY)
        with sql(BROKEN_INTO, password)() as looking:
            assert states(looking)["shut-where-broken-into"] is state
