from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from neupusti.core.data.database import db
from neupusti.core.proofs import results, whole
from neupusti.core.proofs.models import HEAD, RUNS, ProofResult, ProofRun, digest
from neupusti.core.proofs.proof import State
from neupusti.core.proofs.whole import About
from neupusti.core.records.head import BrokenChainError
from tests.core.proofs.examples import CHECK

ABOUT = About(whole=True, edition=date(2026, 11, 1), edition_sha256="0" * 64)
ODD = replace(CHECK, items=lambda _looking: [1, 2])
OTHER = replace(CHECK, name="other")
NOON = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


def test_a_run_keeps_what_it_found(app: Flask) -> None:
    run = whole.keep(whole.run([ODD, OTHER]), ABOUT)
    assert (run.broken, run.holds, run.blind, run.unfinished, run.empty) == (1, 1, 0, 0, 0)
    rows = db.session.scalars(select(ProofResult).order_by(ProofResult.id)).all()
    assert [(row.name, row.state, row.looked, row.wrong) for row in rows] == [
        ("even", "broken", 2, 1),
        ("other", "holds", 2, 0),
    ]
    assert all(row.caught and row.passed for row in rows)
    assert run.results_sha256 == digest(rows)


def test_what_does_not_fit_into_the_time_is_unfinished(app: Flask) -> None:
    found = whole.run([CHECK, OTHER], seconds=0)
    assert [one.state for one in found] == [State.UNFINISHED] * 2


def test_runs_are_chained(app: Flask) -> None:
    first, second = (whole.keep(whole.run([CHECK]), ABOUT) for _ in range(2))
    assert second.chain == RUNS.link(first.chain, second)
    assert [sound for _row, sound in RUNS.rows(db.session())] == [True, True]
    kept = HEAD.kept()
    assert kept is not None
    assert (kept.id, kept.chain) == (second.id, second.chain)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE proof_run SET broken = 0",
        "DELETE FROM proof_run",
        "UPDATE proof_result SET wrong = 0",
    ],
)
def test_what_was_found_cannot_be_changed(app: Flask, change: str) -> None:
    whole.keep(whole.run([ODD]), ABOUT)
    with pytest.raises(DBAPIError, match="never changes"):
        db.session.execute(text(change))


def test_a_cut_chain_takes_no_further_run(app: Flask) -> None:
    """The end of a chain can be cut off without a trace in it: the head outside knows."""
    whole.keep(whole.run([CHECK]), ABOUT)
    HEAD.keep(2, "f" * 64)
    with pytest.raises(BrokenChainError):
        whole.keep(whole.run([CHECK]), ABOUT)
    assert db.session.scalar(select(func.count(ProofRun.id))) == 1


@pytest.mark.parametrize("looks", [(3,), (0, 3), (0, 1, 2, 3)])
def test_the_state_lasts_since_the_first_run_that_found_it(
    app: Flask, at: Callable[[datetime], None], looks: tuple[int, ...]
) -> None:
    for hours, proof in enumerate((ODD, CHECK, ODD, ODD)):
        at(NOON + timedelta(hours=hours))
        whole.keep(whole.run([proof]), ABOUT)
        if hours in looks:
            results.invalidate()
            known = results.known()
    standing = known.standings["even"]
    assert (standing.state, standing.wrong) == (State.BROKEN, 1)
    assert standing.since == NOON + timedelta(hours=2)
    assert standing.at == NOON + timedelta(hours=3) == known.at
    third, fourth = db.session.scalars(select(ProofRun.chain).order_by(ProofRun.id)).all()[
        2:
    ]
    assert (known.previous, known.chain) == (third, fourth)


def test_a_day_of_the_history_is_as_bad_as_its_worst_run(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    for moment, proof in (
        (NOON - timedelta(days=90), ODD),
        (NOON - timedelta(days=89), CHECK),
        (NOON - timedelta(days=1), ODD),
        (NOON - timedelta(days=1), CHECK),
        (NOON, CHECK),
    ):
        at(moment)
        whole.keep(whole.run([proof]), ABOUT)
    assert results.history() == {
        "even": {
            date(2026, 8, 25): State.HOLDS,
            date(2026, 11, 21): State.BROKEN,
            date(2026, 11, 22): State.HOLDS,
        }
    }
