"""Lists of erasures, and what of them is open."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.web.pagination import Page, paginate
from neupusti.erasure.models import Erasure, ErasureKept, ErasureStep, State
from neupusti.rights.models import Channel, DataRequest, RequestKind

LATE = timedelta(hours=1)
"""How long after its moment an erasure that was not carried out is a duty of staff."""


def board(page: int) -> Page[DataRequest]:
    """Return the requests for destruction, the open ones first, then the newest."""
    rows = select(DataRequest).where(DataRequest.kind == RequestKind.DESTROY.value)
    order = (DataRequest.closed_at.is_not(None), DataRequest.id.desc())
    return paginate(rows.order_by(*order), page)


def of_requests(requests: Sequence[DataRequest]) -> dict[int, Erasure]:
    """Return the erasures of requests, by the numbers of their rows."""
    rows = select(Erasure).where(Erasure.request.in_([one.id for one in requests]))
    return {row.request: row for row in db.session.scalars(rows)}


def of_request(request: DataRequest) -> Erasure | None:
    """Return the erasure of a request, or None."""
    return of_requests([request]).get(request.id)


def steps(erasure: Erasure) -> list[ErasureStep]:
    """Return what became of each table and store, in the order in which it was done."""
    rows = select(ErasureStep).filter_by(erasure=erasure.id).order_by(ErasureStep.id)
    return list(db.session.scalars(rows))


def kept(erasure: Erasure) -> dict[str, int]:
    """Return the code of each hold that still keeps something -> how many rows."""
    rows = select(ErasureKept.hold, func.count()).filter_by(erasure=erasure.id)
    found = db.session.execute(rows.group_by(ErasureKept.hold))
    return {row[0]: row[1] for row in found}


def count_to_act() -> int:
    """Return how many destructions staff have to look at: papers, and what is stuck."""
    entered = select(Erasure.request)
    papers = select(func.count()).where(
        DataRequest.kind == RequestKind.DESTROY.value,
        DataRequest.channel != Channel.SITE.value,
        DataRequest.closed_at.is_(None),
        DataRequest.id.not_in(entered),
    )
    stuck = select(func.count()).select_from(Erasure).where(_stuck())
    return (db.session.scalar(papers) or 0) + (db.session.scalar(stuck) or 0)


def _stuck() -> ColumnElement[bool]:
    late = Erasure.run_at < clock.now() - LATE
    return or_(
        Erasure.state.in_((State.ASKED.value, State.INCOMPLETE.value)),
        and_(Erasure.state == State.CONFIRMED.value, late),
    )
