"""Holds of the decisions file, placed and released again after a restore (5.1)."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core.records.decision_file import DecisionLine
from neupusti.core.records.holds import PlacedHold


def carry_out_held(session: Session, line: DecisionLine) -> int:
    """Place a hold of the decisions file again; return how many are new or changed."""
    hold = session.scalar(select(PlacedHold).filter_by(code=line.ref))
    second_ = line.values.get("second")
    if hold is not None:
        changed = bool(second_) and hold.second is None
        if changed:
            hold.second, hold.seconded_at = int(str(second_)), line.at
        return int(changed)
    given = line.values
    session.add(
        PlacedHold(
            code=line.ref,
            person=line.person,
            number=given.get("number"),
            law=given["law"],
            document=given["document"],
            reason="",
            silent="silent" in given,
            at=line.at,
            by=int(given["by"]) if "by" in given else None,
            needs_second="needs_second" in given,
            second=int(second_) if second_ else None,
            seconded_at=line.at if second_ else None,
            until=date.fromisoformat(given["until"]) if "until" in given else None,
            review=date.fromisoformat(given["review"]),
        )
    )
    session.flush()
    return 1


def carry_out_released(session: Session, line: DecisionLine) -> int:
    """Release a hold of the decisions file again."""
    hold = session.scalar(select(PlacedHold).filter_by(code=line.ref, released_at=None))
    if hold is None:
        return 0
    hold.released_at = line.at
    return 1
