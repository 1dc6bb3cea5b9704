"""Sweeps that would have destroyed so much that staff are asked before (5.1)."""

from sqlalchemy import Index, Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import Id, Label, Moment, impersonal
from neupusti.core.data.database import Base

OPEN = text("allowed_at IS NULL AND over_at IS NULL")


class SweepStop(Base):
    """A rule at which the sweep has stopped; who allowed it is in the journal of staff."""

    __tablename__ = "sweep_stop"
    __table_args__ = (
        Index(
            "uq_sweep_stop_open",
            "rule",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
    )

    id: Mapped[Id]
    rule: Mapped[Label]
    at: Mapped[Moment]
    due: Mapped[int] = mapped_column(Integer, info=impersonal())
    """How many rows it would have destroyed, of how many."""
    rows: Mapped[int] = mapped_column(Integer, info=impersonal())
    told_at: Mapped[Moment | None]
    """When those who hold the permission for privacy got an e-mail."""
    allowed_at: Mapped[Moment | None]
    over_at: Mapped[Moment | None]
    """When there was no longer so much to destroy."""
