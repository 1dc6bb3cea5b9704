"""Destroy again, in a restored database, whom it has brought back (6.1.3)."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core.blocking import blocks
from neupusti.core.blocking.conditions import CONTESTABLE
from neupusti.core.data.finding import Whose
from neupusti.core.deadlines import register
from neupusti.core.records.decision_file import DecisionLine
from neupusti.core.records.journal import SYSTEM
from neupusti.core.text.languages import Language
from neupusti.erasure.models import Erasure, ErasureStep, State
from neupusti.erasure.service import sealing
from neupusti.erasure.service.destroying import carry_out_all
from neupusti.erasure.service.fates import fated
from neupusti.policy.service.edition_store import current_store
from neupusti.rights.models import (
    Channel,
    Correction,
    DataRequest,
    Decision,
    RequestKind,
)
from neupusti.rights.service import correcting, requests
from neupusti.rights.service.correcting import Verdict


def again(session: Session, line: DecisionLine) -> int:
    """Carry out the decision of `line`; return how many rows went or were emptied.

    The job then goes on as after the first time: files, copies, the search. Nobody is
    told again. Where the backup has the erasure as done, nothing changes; nor where it was
    interrupted: what is still confirmed is due in the job, which asks again what is against
    it.
    """
    if line.whose == Whose():
        return 0
    blocks.wait_for_writers(session)
    request = session.scalar(select(DataRequest).filter_by(number=line.ref))
    request = request or _request(session, line)
    erasure = session.scalar(select(Erasure).filter_by(request=request.id))
    if erasure and (line.is_interrupted or erasure.destroyed_at is not None):
        return 0
    erasure = erasure or _erasure(session, request, line)
    _end_checks(session, line.whose)
    carry_out_all(session, erasure, request, line.whose, at=line.at)
    known = sealing.unseal(erasure.kept_secret)
    known = replace(known, email=known.email or line.email_key or "", is_told=True)
    erasure.kept_secret = sealing.seal(known)
    session.flush()
    steps = select(ErasureStep).filter_by(erasure=erasure.id)
    return sum(step.gone + step.kept for step in session.scalars(steps))


def _end_checks(session: Session, whose: Whose) -> None:
    """End the checks of contested values: they had ended when it was destroyed first."""
    for one in fated(whose):
        if CONTESTABLE in one.table.info:
            found = select(Correction).where(
                Correction.model == one.table.name,
                Correction.row.in_(select(one.table.c.id).where(one.own)),
                Correction.decided_at.is_(None),
            )
            for correction in session.scalars(found).all():
                correcting.lift(session, correction, Decision.WRONG, SYSTEM)
                correcting.decide(session, correction, Verdict(Decision.WRONG), SYSTEM, "")
    session.flush()


def _request(session: Session, line: DecisionLine) -> DataRequest:
    """Store the request that the backup does not have, without who asked."""
    row = DataRequest(
        number=line.ref,
        code_digest="",
        kind=RequestKind.DESTROY.value,
        channel=Channel.SITE.value,
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
    terms = requests.TERMS[RequestKind.DESTROY]
    register.open_deadline(session, requests.DEADLINE, row.number, terms, line.at)
    return row


def _erasure(session: Session, request: DataRequest, line: DecisionLine) -> Erasure:
    row = Erasure(
        request=request.id,
        state=State.CONFIRMED.value,
        kept_secret="",
        fingerprint="",
        run_at=line.at,
        left=0,
    )
    session.add(row)
    session.flush()
    return row
