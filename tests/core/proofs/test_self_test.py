from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import insert, select

from neupusti.core.data.database import db, writing
from neupusti.core.proofs import self_test
from neupusti.core.proofs.proof import AnyProof, Proof
from neupusti.core.records.journal import Operation, ProcessingEvent
from tests.core.proofs.examples import CHECK
from tests.proofs import planting

SALE = {
    "at": datetime(2026, 11, 22, tzinfo=UTC),
    "operation": "sale",
    "actor_kind": "system",
    "what": "",
    "why": "4.1.7",
}
GOOD = Proof(
    clauses=("1.1.3",),
    name="sales",
    says="Nothing is sold.",
    rows=ProcessingEvent,
    wrong=lambda rows: rows.c.operation == "sale",
    forged={"operation": "sale"},
    right={"operation": Operation.USE.value},
)


def test_every_proof_of_the_site_can_fail(app: Flask) -> None:
    before = db.session.scalar(select(ProcessingEvent.id).limit(1))
    assert self_test.faults(planting.proofs()) == []
    assert db.session.scalar(select(ProcessingEvent.id).limit(1)) == before


def test_rows_of_the_live_table_are_not_seen(app: Flask) -> None:
    with writing() as session:
        session.execute(insert(ProcessingEvent).values(SALE))
    assert self_test.faults([GOOD, replace(GOOD, name="again"), CHECK]) == []


@pytest.mark.parametrize(
    ("proof", "fault"),
    [
        (replace(GOOD, wrong=lambda rows: rows.c.id == -1), "sales: blind on empty"),
        (replace(CHECK, wrong=lambda _number: False), "even: blind"),
    ],
)
def test_a_proof_that_cannot_fail_is_named(app: Flask, proof: AnyProof, fault: str) -> None:
    assert self_test.faults([proof])[0].startswith(fault)
