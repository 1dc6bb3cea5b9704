"""The outbox: one row a letter, from the deed that caused it until its end."""

import json
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import (
    Email,
    Id,
    Label,
    Moment,
    PersonNumber,
    Prose,
    Words,
    impersonal,
)
from neupusti.core.data.database import Base


class OutboxState(StrEnum):
    """How far a letter has come."""

    QUEUED = "queued"
    HANDING = "handing"
    """The server said it takes the letter, and has not said that it has it."""
    SENT = "sent"
    KEPT = "kept"
    """No server is set: the letter stays here, and staff and `flask mail list` read it."""
    REFUSED = "refused"
    """The server will never take it, or too many tries went wrong; `reason` says why."""
    UNSURE = "unsure"
    """The process ended while handing it over. It is not sent again by itself: the server
    most likely has it, and nobody gets a letter twice."""


class OutboxEmail(Base):
    """One letter to one person. `key` names the deed: there is one letter for it, ever."""

    __tablename__ = "letter"
    __table_args__ = (
        CheckConstraint(
            "state IN ({})".format(", ".join(f"'{state}'" for state in OutboxState)),
            name="state",
        ),
        Index(None, "state", "next_at"),
    )

    id: Mapped[Id]
    key: Mapped[Label] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(String(60), info=impersonal())
    person: Mapped[PersonNumber | None]
    recipient: Mapped[Email] = mapped_column(index=True)
    language: Mapped[str] = mapped_column(String(2), info=impersonal())
    subject: Mapped[Label]
    """Says what it is about and never whom: subjects show on locked screens (1.1.4)."""
    text: Mapped[Words]
    html: Mapped[Words]
    headers: Mapped[Words]
    """Further headers as JSON."""
    state: Mapped[str] = mapped_column(String(10), info=impersonal())
    attempts: Mapped[int] = mapped_column(Integer, info=impersonal())
    created_at: Mapped[Moment] = mapped_column(index=True)
    next_at: Mapped[Moment]
    """When to try, or to try again."""
    done_at: Mapped[Moment | None]
    reason: Mapped[Prose]
    """What the server said last, without the address."""

    @property
    def further_headers(self) -> dict[str, str]:
        """The headers beyond those every letter has."""
        found: dict[str, str] = json.loads(self.headers)
        return found

    def sent(self, at: datetime) -> None:
        """Note that the server has it."""
        self.state, self.done_at, self.reason = OutboxState.SENT.value, at, ""

    def refused(self, at: datetime, reason: str) -> None:
        """Give up: it will not be tried again."""
        self.state, self.done_at, self.reason = OutboxState.REFUSED.value, at, reason
