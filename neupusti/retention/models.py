"""The record of retention sweeps."""

import json

from sqlalchemy import Boolean, Text
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import Id, Moment, impersonal
from neupusti.core.data.database import Base


class RetentionRun(Base):
    """One sweep that destroyed something: table -> how many rows."""

    __tablename__ = "retention_run"

    id: Mapped[Id]
    at: Mapped[Moment] = mapped_column(index=True)
    counts: Mapped[str] = mapped_column(Text, info=impersonal())
    complete: Mapped[bool] = mapped_column(Boolean, info=impersonal())
    """Whether the write-ahead log, too, is known to hold no copy any more."""

    @property
    def destroyed(self) -> dict[str, int]:
        """Table -> number of rows destroyed."""
        found: dict[str, int] = json.loads(self.counts)
        return found
