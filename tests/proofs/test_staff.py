from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from neupusti.accounts.models import SecondFactor, SignIn
from neupusti.core.records.journal import log_staff_action
from neupusti.core.security.grants import StaffGrant
from neupusti.staff.queries import OPENED
from tests.proofs.planting import all_turn_red, sql
from tests.proofs.rows import NOW, SOON, row, written

GRANT = row(StaffGrant, person=1, permission="orders")

PLANTS = {
    "people-opened-for-a-reason": written(
        lambda session: log_staff_action(session, staff=1, action=OPENED, person=2)
    ),
    "staff-with-a-code": sql(
        GRANT,
        row(SecondFactor, person=1, confirmed_at=SOON),
        row(SignIn, person=1, completed_at=SOON),
    ),
    "staff-not-remembered": sql(
        GRANT, row(SignIn, person=1, completed_at=SOON, remember_digest="x")
    ),
}


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)
