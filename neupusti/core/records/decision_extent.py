"""How far the decisions have grown: what was compared once is not compared again."""

from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from neupusti.core.data import machine
from neupusti.core.records import decision_file, decisions
from neupusti.core.records.decision_file import DecisionLine
from neupusti.core.records.decisions import DecisionHead, State

WHOLE = "neupusti.decisions.whole"
"""What an app knows: the `extent` at which no decision was interrupted."""


def extent(session: Session) -> tuple[int, int]:
    """Return the bytes of the file and the number of its rows: `standing` goes by them."""
    file = decision_file.path()
    own = select(func.count()).select_from(DecisionHead).filter_by(machine=machine.name())
    rows = session.scalar(own) or 0
    return file.stat().st_size if file.exists() else 0, rows


def interrupted(session: Session) -> list[DecisionLine]:
    """Return the decisions that were interrupted, and that no process is at work on.

    Where nothing came since there was none, the file is not read again. Raise OSError.
    """
    now, seen = extent(session), current_app.extensions
    if seen.get(WHOLE) == now:
        return []
    found = decisions.standing(session)
    if not found.interrupted:
        seen[WHOLE] = now
    return found.ended if found.state is State.CURRENT else []
