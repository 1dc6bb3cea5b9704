"""What is blocked now."""

from collections.abc import Sequence

from sqlalchemy import func, select

from neupusti.core.blocking.models import DataBlock
from neupusti.core.data.database import db

IS_OPEN = DataBlock.lifted_at.is_(None)
MOST = 500


def open_blocks() -> Sequence[DataBlock]:
    """Return the open blocks, the most urgent first."""
    rows = select(DataBlock).where(IS_OPEN).order_by(DataBlock.due, DataBlock.id)
    return db.session.scalars(rows.limit(MOST)).all()


def count_open() -> int:
    """Return how many blocks wait for the end of their check."""
    return db.session.scalar(select(func.count(DataBlock.id)).where(IS_OPEN)) or 0
