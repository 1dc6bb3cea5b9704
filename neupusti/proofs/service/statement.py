"""The outcome of the proofs as an in-toto Statement, so that other programs can read it.

The format is that of https://in-toto.io/Statement/v1. In OSCAL's terms `holds` is
"satisfied" and `broken` "not-satisfied", observed by the method TEST.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from neupusti.core.clock import ALMATY
from neupusti.core.proofs.proof import AnyProof, State
from neupusti.core.proofs.results import Known, SelfTest, Standing
from neupusti.core.proofs.running import Result
from neupusti.core.proofs.shown import FEW, rounded
from neupusti.core.proofs.whole import revision
from neupusti.policy.service import ledger
from neupusti.policy.service.edition_store import NotFoundError, current_store

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "https://neupusti.kz/policy/proof/v1"


def public(proofs: Iterable[AnyProof], known: Known) -> dict[str, Any]:
    """Return the last outcome of each of `proofs`, as everybody may see it."""
    declared = list(proofs)
    found = known.standings
    return _statement(
        at=known.at,
        chain={"chain": known.chain, "previous": known.previous},
        tested={"selfTest": _self_test(known.tested)},
        results=[_public(one, found[one.name]) for one in declared if one.name in found],
        clauses={clause for one in declared for clause in one.clauses},
    )


def exact(found: Iterable[Result], at: datetime, chain: str | None) -> dict[str, Any]:
    """Return the outcome of one run with its exact counts, for the operator.

    `chain` None: it was not kept.
    """
    results = list(found)
    return _statement(
        at=at,
        chain={"chain": chain},
        results=[_exact(one) for one in results],
        clauses={clause for one in results for clause in one.proof.clauses},
    )


def _statement(
    *,
    at: datetime | None,
    chain: Mapping[str, str | None],
    results: list[dict[str, Any]],
    clauses: set[str],
    tested: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    counts, entries = Counter(one["state"] for one in results), ledger.entries()
    proved = len(clauses & entries.keys())
    return {
        "_type": TYPE,
        "subject": [
            *_editions(),
            {"name": "code", "digest": {"sha256": revision()}},
        ],
        "predicateType": PREDICATE,
        "predicate": {
            "at": _written(at),
            **chain,
            "readOnly": "write refused",
            **(tested or {}),
            "results": results,
            "summary": {
                "clauses": len(entries),
                "proved": proved,
                "declared": len(entries) - proved,
                **{state.value: counts[state.value] for state in State},
            },
        },
    }


def _editions() -> list[dict[str, Any]]:
    """Return the texts of the edition in force."""
    store = current_store()
    try:
        day = store.in_force()
    except NotFoundError:
        return []
    return [
        {"name": f"policy {day} {one.language.value}", "digest": {"sha256": one.sha256}}
        for one in store.of_date(day)
        if not store.shadowed(one)
    ]


def _public(proof: AnyProof, found: Standing) -> dict[str, Any]:
    return {
        "clauses": [*proof.clauses],
        "name": proof.name,
        "state": found.state.value,
        "at": _written(found.at),
        "since": _written(found.since),
        "looked": _few(rounded(found.looked)),
        "wrong": _few(found.wrong),
        "ms": found.milliseconds,
        "control": _control(caught=found.caught, passed=found.passed),
        "lastSeenRed": _written(found.red_at),
    }


def _self_test(tested: SelfTest | None) -> dict[str, Any] | None:
    return {"at": _written(tested.at), "passed": tested.passed} if tested else None


def _exact(result: Result) -> dict[str, Any]:
    return {
        "clauses": [*result.proof.clauses],
        "name": result.proof.name,
        "state": result.state.value,
        "looked": result.finding.looked,
        "wrong": result.finding.wrong,
        "ms": result.milliseconds,
        "control": _control(caught=result.control.caught, passed=result.control.passed),
        **({"error": result.error} if result.error else {}),
    }


def _control(*, caught: bool, passed: bool) -> dict[str, str]:
    return {
        "forged": "caught" if caught else "missed",
        "right": "passed" if passed else "refused",
    }


def _few(count: int) -> int | str:
    return f"<{FEW}" if 0 < count < FEW else count


def _written(at: datetime | None) -> str | None:
    return at.astimezone(ALMATY).isoformat(timespec="seconds") if at else None
