"""Run many proofs within a time, and keep what they found."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from time import monotonic

from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.proofs import reading
from neupusti.core.proofs.models import HEAD, RUNS, ProofResult, ProofRun, digest
from neupusti.core.proofs.proof import AnyProof, Finding, State
from neupusti.core.proofs.running import TIME_UP, Control, Result, run_one

SECONDS = 60.0
"""The time of a whole run."""
PACKAGE = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a run is about, besides the proofs."""

    whole: bool
    """Whether every proof is looked at."""
    edition: date | None
    edition_sha256: str | None


@cache
def revision() -> str:
    """Return the digest of the code of this process: of what it proves, and how."""
    found = sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        found.update(f"{path.relative_to(PACKAGE)}\n".encode() + path.read_bytes())
    return found.hexdigest()


def run(proofs: Iterable[AnyProof], seconds: float = SECONDS) -> list[Result]:
    """Run `proofs` one after another, each in a read transaction of its own.

    What does not fit into `seconds` is unfinished. Raise WritableError, or DBAPIError
    where a database does not answer.
    """
    end, found = monotonic() + seconds, []
    for proof in proofs:
        left = end - monotonic()
        if left <= 0:
            found.append(
                Result(proof, State.UNFINISHED, Finding(0, 0), Control(), 0, TIME_UP)
            )
            continue
        with reading.looking() as looking:
            found.append(run_one(proof, looking, left))
    return found


def keep(
    results: Sequence[Result],
    about: About,
    *,
    began: datetime | None = None,
    tell: Callable[[Session, ProofRun], None] = lambda _session, _run: None,
) -> ProofRun:
    """Store a run and its results in a transaction of its own; move the kept head on.

    `began` is now where it is not given; `tell` writes what goes with the run, or neither
    is stored. Raise BrokenChainError where the runs before it are not what was kept.
    """
    at, states = began or clock.now(), Counter(result.state for result in results)
    rows = [_row(result) for result in results]
    with writing() as session:
        RUNS.lock(session)
        HEAD.advance(session, RUNS)
        made = ProofRun(
            at=at,
            whole=about.whole,
            edition=about.edition,
            edition_sha256=about.edition_sha256,
            revision=revision(),
            milliseconds=sum(result.milliseconds for result in results),
            results_sha256=digest(rows),
            holds=states[State.HOLDS],
            broken=states[State.BROKEN],
            blind=states[State.BLIND],
            unfinished=states[State.UNFINISHED],
            empty=states[State.NOTHING],
        )
        RUNS.append(session, made)
        for row in rows:
            row.run, row.at = made.id, at
        session.add_all(rows)
        tell(session, made)
        session.flush()
        session.expunge_all()
    HEAD.keep(made.id, made.chain)
    return made


def _row(result: Result) -> ProofResult:
    return ProofResult(
        name=result.proof.name,
        state=result.state.value,
        looked=result.finding.looked,
        wrong=result.finding.wrong,
        milliseconds=result.milliseconds,
        caught=result.control.caught,
        passed=result.control.passed,
        error=result.error,
    )
