"""End an erasure that has not begun: undone by its person, or answered by staff (6.1.3)."""

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from neupusti.accounts.service import people
from neupusti.accounts.service.signals import destruction_awaited, email_confirmed
from neupusti.core import clock
from neupusti.core.blocking import blocks
from neupusti.core.records.decision_file import DecisionLine
from neupusti.core.records.decisions import Decision, decide
from neupusti.erasure.models import Erasure, State
from neupusti.rights.models import DataRequest, Outcome, Step
from neupusti.rights.service import requests
from neupusti.rights.service.signals import request_answered

LINK = "erasure undo"
"""The purpose of the link that undoes it."""
CAN_BE_UNDONE = Erasure.state.in_((State.ASKED.value, State.CONFIRMED.value))


def end(
    session: Session, which: ColumnElement[bool], outcome: Outcome
) -> DataRequest | None:
    """End an erasure in the open write transaction; return its request.

    None: it has begun, or there is none. It keeps nobody's number or address: the next one
    would find them. Its link stays, and says what became of it.
    """
    blocks.keep_out(session)
    found = select(Erasure).where(which, CAN_BE_UNDONE).with_for_update()
    erasure = session.scalar(found, execution_options={"populate_existing": True})
    if erasure is None:
        return None
    request = session.get_one(DataRequest, erasure.request)
    decide(
        session,
        Decision.UNDONE,
        person=erasure.person,
        email_key=erasure.email_key,
        ref=request.number,
        values={"outcome": outcome.value},
    )
    key = erasure.email_key if erasure.person is None else None
    erasure.state, erasure.ended_at = State.UNDONE.value, clock.now()
    erasure.person, erasure.email_key, erasure.kept_secret = None, None, ""
    session.flush()
    if key is not None and (owner := people.confirmed(key, session)) is not None:
        # Who has confirmed the address meanwhile gets what was to be destroyed.
        email_confirmed.send(owner, session=session)
    return request


def end_again(session: Session, line: DecisionLine) -> int:
    """End in a restored database an erasure that is recorded as undone or answered."""
    numbers = select(DataRequest.id).where(DataRequest.number == line.ref)
    outcome = Outcome(line.values["outcome"])
    request = end(session, Erasure.request.in_(numbers), outcome)
    if request is None:
        return 0
    if request.closed_at is None:
        requests.close(session, request, outcome, "")
        requests.log_step(session, request.id, Step.ANSWERED)
    return 1


@request_answered.connect
def _answered(
    request: DataRequest, *, session: Session, outcome: Outcome, **_staff: Any
) -> None:
    """End the erasure of a request that staff answer with words instead."""
    end(session, Erasure.request == request.id, outcome)


@destruction_awaited.connect
def _awaits(email_key: str, *, session: Session) -> bool:
    open_ = select(Erasure.id).where(Erasure.person.is_(None), CAN_BE_UNDONE)
    return session.scalar(open_.filter_by(email_key=email_key)) is not None
