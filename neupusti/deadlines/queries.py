"""What is open, and how much of it is pressing."""

from sqlalchemy import func, select

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.deadlines.models import Deadline


def count_pressing() -> int:
    """Return how many open deadlines end today or have ended."""
    rows = select(func.count()).where(
        Deadline.met_at.is_(None), Deadline.due <= clock.today()
    )
    return db.session.scalar(rows) or 0


def count_late() -> int:
    """Return how many deadlines were ever missed, met since or not."""
    rows = select(func.count()).where(Deadline.late.is_(True))
    return db.session.scalar(rows) or 0
