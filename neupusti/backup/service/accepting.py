"""Go on with a file of decisions that is lost or was tampered with, for a reason."""

from flask_babel import lazy_gettext as _
from sqlalchemy import select

from neupusti.core.data import machine
from neupusti.core.data.database import db, writing
from neupusti.core.records import decision_file, decisions
from neupusti.core.records.chain import START
from neupusti.core.records.decisions import DecisionHead, State
from neupusti.core.records.journal import StaffActionType, log_staff_action

ACCEPT = StaffActionType("decisions.accepted", _("Accepted the file of decisions"))


class NothingToAcceptError(RuntimeError):
    """File and database agree, or a replay brings them together."""


def accept(reason: str) -> State:
    """Let the site go on after what is wrong now, and journal why; return what it was.

    What is missing stays missing. Raise NothingToAcceptError, UnrecordedError.
    """
    found = decisions.standing(db.session())
    state = found.state
    if state not in {State.LOST, State.TAMPERED}:
        raise NothingToAcceptError
    rows = select(DecisionHead.n, DecisionHead.chain).filter_by(machine=machine.name())
    known = db.session.execute(rows.order_by(DecisionHead.n.desc()).limit(1)).first()
    n, chain = max(found.last, (known.n, known.chain) if known else (0, START))
    decision_file.accept(n, chain, {"state": state.value})
    with writing() as session:
        log_staff_action(
            session, staff=None, action=ACCEPT, what=state.value, reason=reason
        )
    return state
