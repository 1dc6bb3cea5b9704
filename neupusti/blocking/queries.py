"""What is blocked now."""

from collections.abc import Sequence

from sqlalchemy import func, select

from neupusti.core.blocking.models import DataBlock
from neupusti.core.data.database import db
from neupusti.rights.models import DataRequest, RequestKind

IS_OPEN = DataBlock.lifted_at.is_(None)
MOST = 500


def open_blocks() -> Sequence[DataBlock]:
    """Return the open blocks, the most urgent first."""
    rows = select(DataBlock).where(IS_OPEN).order_by(DataBlock.due, DataBlock.id)
    return db.session.scalars(rows.limit(MOST)).all()


def taken_by(staff: int) -> set[str]:
    """Return the numbers of the open requests for blocking that a member of staff took."""
    taken = select(DataRequest.number).where(
        DataRequest.staff == staff,
        DataRequest.kind == RequestKind.BLOCK.value,
        DataRequest.closed_at.is_(None),
    )
    return set(db.session.scalars(taken))


def count_open() -> int:
    """Return how many blocks wait for the end of their check."""
    return db.session.scalar(select(func.count(DataBlock.id)).where(IS_OPEN)) or 0
