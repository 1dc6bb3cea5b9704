"""Lists of requests, their steps, and what of them is open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, case, func, or_, select

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.deadlines.models import Deadline
from neupusti.core.web.pagination import Page, paginate
from neupusti.delivery.models import Disclosure
from neupusti.orders.models.order import ShopOrder
from neupusti.orders.models.recipient import RecipientVersion
from neupusti.rights.models import (
    DataRequest,
    Export,
    ExportState,
    RecipientNotice,
    RequestEvent,
)

SIZE = 50
MINE = 20
KIND = "rights"
"""The kind of the deadlines of requests."""
UNTOLD = RecipientNotice.told_at.is_(None)


@dataclass(frozen=True, slots=True)
class Notice:
    """A recipient who has to be told, or was."""

    row: RecipientNotice
    order: str
    recipient: RecipientVersion
    """As it was at the hand-over."""


def board(*, everything: bool, page: int) -> Page[DataRequest]:
    """Return the open requests, the most urgent first; `everything`: then the closed.

    Also those of which a recipient is still to be told.
    """
    due = select(Deadline.due).where(
        Deadline.kind == KIND, Deadline.subject == DataRequest.number
    )
    is_open = DataRequest.closed_at.is_(None)
    rows = select(DataRequest)
    if not everything:
        untold = select(RecipientNotice.request).where(UNTOLD)
        rows = rows.where(or_(is_open, DataRequest.id.in_(untold)))
    order = (
        is_open.desc(),
        case((is_open, due.scalar_subquery())),
        DataRequest.received_at.desc(),
        DataRequest.id,
    )
    return paginate(rows.order_by(*order), page, size=SIZE)


def dues(requests: Sequence[DataRequest]) -> dict[str, Deadline]:
    """Return the deadlines of requests by their numbers."""
    numbers = [request.number for request in requests]
    rows = select(Deadline).where(Deadline.kind == KIND, Deadline.subject.in_(numbers))
    return {row.subject: row for row in db.session.scalars(rows)}


def due(request: DataRequest) -> Deadline | None:
    """Return the deadline of a request; None where a hold kept only the request."""
    return dues([request]).get(request.number)


def of_person(person: int | None, email_key: str) -> list[DataRequest]:
    """Return the newest requests of a person, or of an address without an account."""
    rows = select(DataRequest)
    if person is not None:
        rows = rows.filter_by(person=person)
    else:
        rows = rows.filter_by(person=None, email_key=email_key)
    return list(db.session.scalars(rows.order_by(DataRequest.id.desc()).limit(MINE)))


def steps(request: int) -> list[RequestEvent]:
    """Return the steps of a request, the oldest first."""
    rows = select(RequestEvent).filter_by(request=request).order_by(RequestEvent.id)
    return list(db.session.scalars(rows))


def notices(request: int) -> list[Notice]:
    """Return the recipients to be told of a correction or a destruction."""
    rows = db.session.execute(
        select(RecipientNotice, ShopOrder.number, RecipientVersion)
        .join(Disclosure, Disclosure.id == RecipientNotice.disclosure)
        .join(ShopOrder, ShopOrder.id == Disclosure.order)
        .join(RecipientVersion, RecipientVersion.id == Disclosure.recipient)
        .where(RecipientNotice.request == request)
        .order_by(RecipientNotice.id)
    )
    return [Notice(row, order, version) for row, order, version in rows]


def untold(requests: Sequence[DataRequest]) -> set[int]:
    """Return the numbers of the rows of which a recipient is still to be told."""
    numbers = [request.id for request in requests]
    rows = select(RecipientNotice.request).where(UNTOLD)
    return set(db.session.scalars(rows.where(RecipientNotice.request.in_(numbers))))


def count_open() -> int:
    """Return how many requests wait for an answer of staff."""
    site_made = select(Export.request).where(
        Export.state.in_((ExportState.WAITING.value, ExportState.RUNNING.value))
    )
    return _count(
        select(DataRequest.id).where(
            DataRequest.closed_at.is_(None), DataRequest.id.not_in(site_made)
        )
    )


def count_untold() -> int:
    """Return how many recipients have to be told of a correction or a destruction."""
    return _count(select(RecipientNotice.id).where(UNTOLD))


def is_late(deadline: Deadline, today: date | None = None) -> bool:
    """Return whether a deadline is past its day and not met."""
    return deadline.met_at is None and deadline.due < (today or clock.today())


def _count(rows: Select[Any]) -> int:
    found = select(func.count()).select_from(rows.subquery())
    return db.session.scalar(found) or 0
