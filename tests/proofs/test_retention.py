from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from neupusti.app import FEATURES
from neupusti.core import term_proofs
from neupusti.core.keeping import Retention
from neupusti.core.proofs.proof import State
from neupusti.core.registry import Registry
from neupusti.core.security.grants import StaffGrant
from neupusti.retention.models import RetentionRun
from tests.proofs.planting import Plant, all_turn_red, sql, states
from tests.proofs.rows import NOW, OLD, logged, row

MASKED: dict[str, dict[str, object]] = {
    "access_record": {"at": 1790000000000, "user_agent": "Firefox"},
    "shop_order": {"ended_at": "2026-06-01", "phone": "+77010000009", "phone_end": "0009"},
}
"""Rows that are past the term of their masking, and not of their destruction."""
BESIDE: dict[str, dict[str, object]] = {
    "access_record": {"at": 0},
    "contact_request": {"state": "closed"},
    "person": {"id": 1},
    "shop_order": {"phone": None, "phone_end": None, "identity_ended_at": OLD},
    "token": {"created_at": "2019-01-01"},
}
"""What a row past its term needs, so that it is wrong in nothing else."""

INVITED = row(StaffGrant, person=1, permission="orders")


def kept_too_long(rule: Retention) -> Plant:
    column: Any = rule.starts_at
    table, start = rule.model.__tablename__, column.key
    wrong = MASKED[table] if rule.masked else {start: OLD, **BESIDE.get(table, {})}
    statement = row(rule.model, **rule.example, **wrong)
    return logged(statement) if rule.whole_days else sql(INVITED, statement)


PLANTS = {
    **{
        term_proofs.proof_of(rule).name: kept_too_long(rule)
        for rule in Registry(FEATURES).retention
    },
    "sweeps-run": sql(
        "UPDATE job_beat SET at = '2020-01-01 00:00:00' WHERE name = 'retention'"
    ),
    "destroyed-whole": sql(row(RetentionRun, at=OLD)),
}


def test_one_failed_run_of_a_job_breaches_nothing(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    """It runs again within a minute, and the board says that it failed."""
    at(NOW)
    with sql("UPDATE job_beat SET ok = FALSE WHERE name = 'retention'")() as looking:
        assert states(looking)["sweeps-run"] is State.HOLDS


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)
