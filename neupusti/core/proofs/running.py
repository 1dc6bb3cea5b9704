"""Run one proof over the live data, within its time, and control that it can fail."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, perf_counter
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, func, select, text

from neupusti.core.proofs.proof import (
    AnyProof,
    Check,
    Finding,
    Looking,
    Proof,
    State,
)

PROGRESS_STEPS = 20_000  # no mutation: any number will do
"""After so many steps of its virtual machine SQLite asks whether to go on."""
TIME_UP = "TimeUp"


@dataclass(frozen=True, slots=True)
class Control:
    """How a proof judged the two items whose answer is known."""

    caught: bool = False
    """Whether the forged item was found wrong."""
    passed: bool = False
    """Whether the right item was not."""


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one proof."""

    proof: AnyProof
    state: State
    finding: Finding
    control: Control
    milliseconds: int
    error: str = ""
    """The class of what stopped it: never its words, which may name people."""


def run_one(proof: AnyProof, looking: Looking, seconds: float | None = None) -> Result:
    """Run `proof` on the databases of `looking`, for at most `seconds` or its own time."""
    began, error = perf_counter(), ""
    finding, control = Finding(0, 0), Control()
    limit = proof.seconds if seconds is None else min(seconds, proof.seconds)
    deadline = monotonic() + limit
    try:
        if isinstance(proof, Proof):
            with limited(proof.connection(looking), limit) as connection:
                finding, control = _select(proof, connection)
        else:
            with limited(looking.main, limit), limited(looking.access, limit):
                finding, control = _iterate(proof, looking, deadline)
    except Exception as failure:  # noqa: BLE001 - whatever it was, the proof did not end
        late = monotonic() >= deadline  # no mutation: the clock never stands still
        error = TIME_UP if late else type(failure).__name__
    state = State.UNFINISHED if error else _state(finding, control)
    took = round((perf_counter() - began) * 1000)  # no mutation: no test measures time
    return Result(proof, state, finding, control, took, error)


def _state(finding: Finding, control: Control) -> State:
    if not (control.caught and control.passed):
        return State.BLIND
    if finding.wrong:
        return State.BROKEN
    return State.HOLDS if finding.looked else State.NOTHING


def _select(proof: Proof, connection: Connection) -> tuple[Finding, Control]:
    """Look by one statement, which is one state of the database and one timeout."""

    def number(rows: FromClause, *wrong: ColumnElement[bool]) -> ColumnElement[int]:
        return select(func.count()).select_from(rows).where(*wrong).scalar_subquery()

    def wrong(rows: FromClause) -> ColumnElement[int]:
        return number(rows, proof.wrong(rows))

    live = proof.live
    looked, found, forged, right = connection.execute(
        select(
            number(live),
            wrong(live),
            wrong(proof.single(proof.forged)),
            wrong(proof.single(proof.right)),
        )
    ).one()
    return Finding(looked, found), Control(forged == 1, right == 0)


def _iterate(
    check: Check[Any], looking: Looking, deadline: float
) -> tuple[Finding, Control]:
    looked = found = 0
    for item in check.items(looking):
        looked += 1
        found += check.wrong(item)
        if monotonic() >= deadline:  # no mutation: as above
            raise TimeoutError
    control = Control(check.wrong(check.forged()), not check.wrong(check.right()))
    return Finding(looked, found), control


@contextmanager
def limited(connection: Connection, seconds: float) -> Iterator[Connection]:
    """Stop every statement of the block after `seconds`; leave no limit behind.

    In a savepoint: after an error PostgreSQL would refuse the next proof.
    """
    with connection.begin_nested():
        if connection.dialect.name == "postgresql":
            milliseconds = max(1, round(seconds * 1000))  # no mutation: PostgreSQL's
            limit = f"SET LOCAL statement_timeout = {milliseconds}"
            connection.execute(text(limit))  # no mutation: PostgreSQL's
            yield connection
            no_limit = text("SET LOCAL statement_timeout = DEFAULT")
            connection.execute(no_limit)  # no mutation: PostgreSQL's
            return
        raw: Any = connection.connection.dbapi_connection
        deadline = monotonic() + seconds

        def is_late() -> bool:
            return monotonic() >= deadline  # no mutation: as above

        raw.set_progress_handler(is_late, PROGRESS_STEPS)
        try:
            yield connection
        finally:
            raw.set_progress_handler(None, 0)  # no mutation: the number is not read
