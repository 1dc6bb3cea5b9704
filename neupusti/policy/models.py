"""An edition of the policy: one text, in one language, from one source (9.1-9.4)."""

from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.database import Base
from neupusti.core.personal import Day, Digest, Id, Label, Moment, Prose, impersonal


class Source(StrEnum):
    """Whose words an edition holds."""

    OPERATOR = "operator"
    RESTATEMENT = "restatement"


class Kind(StrEnum):
    """What a change means for the people concerned (9.1)."""

    EDITORIAL = "editorial"
    MATERIAL = "material"
    NEW_PURPOSE = "new purpose"


class State(StrEnum):
    """How far an edition has come."""

    DRAFT = "draft"
    APPROVED = "approved"
    PUBLISHED = "published"


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Edition(Base):
    """A row never changes again once `published_at` is set: database triggers see to it."""

    __tablename__ = "policy_edition"
    __table_args__ = (
        UniqueConstraint("date", "language", "source"),
        _one_of("source", Source),
        _one_of("kind", Kind),
    )

    id: Mapped[Id]
    date: Mapped[Day]
    language: Mapped[str] = mapped_column(String(2), info=impersonal())
    source: Mapped[str] = mapped_column(String(16), info=impersonal())
    text: Mapped[Prose]
    sha256: Mapped[Digest]
    kind: Mapped[str] = mapped_column(String(16), info=impersonal())
    note: Mapped[Prose]
    effective_from: Mapped[Moment]
    created_at: Mapped[Moment]
    approved_at: Mapped[Moment | None]
    approved_by: Mapped[Label | None]
    published_at: Mapped[Moment | None]

    @property
    def state(self) -> State:
        """Derived from the two moments: there is no flag that could disagree with them."""
        if self.published_at:
            return State.PUBLISHED
        return State.APPROVED if self.approved_at else State.DRAFT

    def approve(self, by: str, at: datetime) -> None:
        """Record whose decision this text is (an office, never a person's name)."""
        self.approved_by, self.approved_at = by, at

    def publish(self, at: datetime) -> None:
        """Make it public and, from the commit on, immutable."""
        self.published_at = at


def digest(text: str) -> str:
    """Return the SHA-256 of `text` in UTF-8, as 64 hexadecimal digits."""
    return sha256(text.encode()).hexdigest()
