from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask

from neupusti.core.records.consents import FormConsent
from tests.proofs.planting import all_turn_red, sql
from tests.proofs.rows import NOW, disarmed, row

PLANTS = {
    "consents-under-an-edition": sql(row(FormConsent, edition="1999-01-01")),
    "editions-unchanged": sql("UPDATE policy_edition SET text = text || '.'"),
    "editions-kept": disarmed("policy_edition", "policy_edition_immutable"),
    "changes-explained": sql("UPDATE policy_edition SET kind = 'material', note = ''"),
    "one-moment-for-all-languages": sql(
        "UPDATE policy_edition SET effective_from = '2100-01-01' WHERE language = 'kk'"
    ),
    "dates-as-stated": sql(
        "UPDATE policy_edition SET date = '1999-01-01' WHERE date = '2026-11-01'"
    ),
    "approved-before-published": sql("UPDATE policy_edition SET approved_at = NULL"),
}


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)
