from collections.abc import Callable
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from neupusti.consent.models import ConsentDeclarations, ConsentRecord, UndeclaredCookie
from neupusti.consent.service.records import CHAIN, HEAD
from tests.proofs.planting import all_turn_red, sql
from tests.proofs.rows import NOW, disarmed, kept, row, written


def granting_refusal(session: Session) -> None:
    names = ("public_id", "language", "wording", "declarations", "edition", "refused")
    values = {"granted": "statistics", "source": "signal", "at": NOW}
    CHAIN.append(session, ConsentRecord(**dict.fromkeys(names, ""), **values))


PLANTS = {
    "no-undeclared-cookie": sql(row(UndeclaredCookie)),
    "refusals-grant-nothing": written(granting_refusal),
    "choices-unchanged": sql(row(ConsentRecord, chain="x")),
    "choices-not-cut": kept(HEAD),
    "choices-kept": disarmed("consent_wording", "consent_immutable"),
    "questions-unchanged": sql(row(ConsentDeclarations, sha256="x", canonical="{}")),
}


@pytest.mark.slow
def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)
