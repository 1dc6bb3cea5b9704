from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from neupusti.core.data.database import ACCESS, db
from neupusti.core.proofs.proof import AnyProof, Finding, Looking, Proof, State
from neupusti.core.proofs.running import TIME_UP, run_one
from tests.core.proofs.examples import (
    CHECK,
    EAGER,
    LIDLESS,
    PROOF,
    SURE,
    kettles,
)

LONG = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
    " SELECT count(*) FROM n"
)
"""Long enough for SQLite to ask whether to go on."""


@pytest.fixture
def looking(app: Flask) -> Iterator[Looking]:
    """Both databases; what a test writes is rolled back."""
    with db.engine.connect() as main, db.engines[ACCESS].connect() as access:
        yield Looking(main, access)


def state(proof: AnyProof, looking: Looking) -> State:
    return run_one(proof, looking).state


def test_rows_that_are_right_hold(looking: Looking) -> None:
    kettles(looking.main, "iron", "clay")
    found = run_one(PROOF, looking)
    assert (found.state, found.finding, found.error) == (State.HOLDS, Finding(2, 0), "")


def test_a_wrong_row_breaks_it(looking: Looking) -> None:
    kettles(looking.main, "iron", None)
    found = run_one(PROOF, looking)
    assert (found.state, found.finding) == (State.BROKEN, Finding(2, 1))


@pytest.mark.situation(38, of="rights")
def test_an_empty_table_is_nothing_to_look_at(looking: Looking) -> None:
    kettles(looking.main)
    assert state(PROOF, looking) is State.NOTHING


@pytest.mark.situation(39, of="rights")
@pytest.mark.parametrize("lids", [(), ("iron",), (None,)], ids=["empty", "right", "wrong"])
@pytest.mark.parametrize("proof", [SURE, EAGER], ids=["never", "always"])
def test_a_predicate_that_cannot_tell_is_blind(
    looking: Looking, proof: Proof, lids: tuple[str | None, ...]
) -> None:
    kettles(looking.main, *lids)
    assert state(proof, looking) is State.BLIND


def test_a_refused_select_is_unfinished_and_the_next_proof_runs(looking: Looking) -> None:
    kettles(looking.main, "iron")
    found = run_one(LIDLESS, looking)
    assert found.state is State.UNFINISHED
    assert found.error in {"OperationalError", "ProgrammingError"}
    assert found.finding == Finding(0, 0)
    assert state(PROOF, looking) is State.HOLDS


def test_a_runaway_is_stopped_and_leaves_no_limit_behind(looking: Looking) -> None:
    kettles(looking.main, "iron")
    many = select(func.max(text("i"))).select_from(
        text("(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
             " SELECT i FROM n) AS every")
    )  # fmt: skip
    endless = replace(PROOF, wrong=lambda _rows: many.scalar_subquery() == 0, seconds=0.05)
    found = run_one(endless, looking)
    assert (found.state, found.error) == (State.UNFINISHED, TIME_UP)
    assert looking.main.scalar(LONG) == 100_000
    assert state(PROOF, looking) is State.HOLDS


def test_a_check_is_judged_like_a_proof(looking: Looking) -> None:
    assert state(CHECK, looking) is State.HOLDS
    assert state(replace(CHECK, items=lambda _: [2, 3]), looking) is State.BROKEN
    assert state(replace(CHECK, items=lambda _: []), looking) is State.NOTHING
    assert state(replace(CHECK, wrong=lambda _: False), looking) is State.BLIND
    assert state(replace(CHECK, wrong=lambda _: True), looking) is State.BLIND


def test_a_check_that_fails_tells_no_words_of_the_error(looking: Looking) -> None:
    found = run_one(replace(CHECK, items=lambda _: map(int, ["2", "aigerim"])), looking)
    assert (found.state, found.error) == (State.UNFINISHED, "ValueError")


def test_a_check_without_time_is_unfinished(looking: Looking) -> None:
    found = run_one(CHECK, looking, seconds=0)
    assert (found.state, found.error) == (State.UNFINISHED, TIME_UP)


def test_a_column_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(ValueError, match="spout"):
        replace(PROOF, forged={"spout": 1})
