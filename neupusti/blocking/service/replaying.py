"""Block and unblock again in a restored database, with the request of the block (6.2.4)."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import Result
from neupusti.core.deadlines import register
from neupusti.core.records.decision_file import DecisionLine
from neupusti.core.text.languages import Language
from neupusti.policy.service.edition_store import current_store
from neupusti.rights.models import Channel, DataRequest, Outcome, RequestKind
from neupusti.rights.service import requests

OUTCOMES = {
    Result.CORRECTED: Outcome.CORRECTED,
    Result.DESTROY: Outcome.DESTROYED,
    Result.UNFOUNDED: Outcome.UNFOUNDED,
    Result.WITHDRAWN: Outcome.WITHDRAWN,
}


def block(session: Session, line: DecisionLine) -> int:
    """Block again what a decision is about, and store the request that ends it.

    Without one nobody could: staff answer requests.
    """
    opened = blocks.block_again(session, line)
    if opened and line.ref and _request(session, line) is None:
        _store(session, line)
    return opened


def lift(session: Session, line: DecisionLine) -> int:
    """End the block that a decision is about, and close its request."""
    ended = blocks.lift_again(session, line)
    request = _request(session, line)
    if ended and request is not None and request.closed_at is None:
        requests.close(session, request, OUTCOMES[Result(line.values["outcome"])], "")
        request.closed_at = line.at
    return ended


def _request(session: Session, line: DecisionLine) -> DataRequest | None:
    return session.scalar(select(DataRequest).filter_by(number=line.ref))


def _store(session: Session, line: DecisionLine) -> None:
    """Store the request that the backup does not have; nobody is told again."""
    row = DataRequest(
        number=line.ref,
        code_digest="",
        kind=RequestKind.BLOCK.value,
        channel=Channel.SITE.value,
        person=line.person,
        email_key=None if line.person else line.email_key,
        language=Language.RU.value,
        about="",
        agent="",
        assurance=0,
        received_at=line.at,
        answer="",
        edition=current_store().in_force(),
    )
    session.add(row)
    session.flush()
    terms = requests.TERMS[RequestKind.BLOCK]
    register.open_deadline(session, requests.DEADLINE, row.number, terms, line.at)
