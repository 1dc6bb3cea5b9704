"""An edition of the policy: one text, in one language, from one source (9.1-9.4)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import (
    Day,
    Digest,
    Id,
    Label,
    LongText,
    Moment,
    impersonal,
)
from neupusti.core.data.database import Base, one_of
from neupusti.core.text.dates import short


class EditionSource(StrEnum):
    """Who wrote the text of an edition."""

    OPERATOR = "operator"
    RESTATEMENT = "restatement"


class EditionKind(StrEnum):
    """What a change means for the people concerned, the most serious last (9.1)."""

    EDITORIAL = "editorial"
    MATERIAL = "material"
    NEW_PURPOSE = "new purpose"


class EditionState(StrEnum):
    """The stage of publication of an edition."""

    DRAFT = "draft"
    APPROVED = "approved"
    PUBLISHED = "published"


class Edition(Base):
    """A text of the policy. Database triggers reject changes once `published_at` is set."""

    __tablename__ = "policy_edition"
    __table_args__ = (
        UniqueConstraint("date", "language", "source"),
        one_of("source", EditionSource),
        one_of("kind", EditionKind),
    )

    id: Mapped[Id]
    date: Mapped[Day]
    language: Mapped[str] = mapped_column(String(2), info=impersonal())
    source: Mapped[str] = mapped_column(String(16), info=impersonal())
    text: Mapped[LongText]
    sha256: Mapped[Digest]
    kind: Mapped[str] = mapped_column(String(16), info=impersonal())
    note: Mapped[LongText]
    effective_from: Mapped[Moment]
    created_at: Mapped[Moment]
    approved_at: Mapped[Moment | None]
    approved_by: Mapped[Label | None]
    published_at: Mapped[Moment | None]

    @property
    def state(self) -> EditionState:
        """Derived from the two timestamps, so that it cannot contradict them."""
        if self.published_at:
            return EditionState.PUBLISHED
        return EditionState.APPROVED if self.approved_at else EditionState.DRAFT

    def revise(self, values: Mapping[str, object], at: datetime) -> bool:
        """Update a draft and void its approval; return whether anything changed."""
        changed = {name: v for name, v in values.items() if getattr(self, name) != v}
        for name, value in changed.items():
            setattr(self, name, value)
        if changed:
            self.created_at, self.approved_at, self.approved_by = at, None, None
        return bool(changed)

    def approve(self, by: str, at: datetime) -> None:
        """Record who approved this text (an office, never a person's name)."""
        self.approved_by, self.approved_at = by, at

    def publish(self, at: datetime) -> None:
        """Publish the text; it is immutable from the commit on."""
        self.published_at = at


class ClauseAssessment(Base):
    """A wording that was bound by hand to an entry of the ledger; the last row counts."""

    __tablename__ = "policy_assessment"

    id: Mapped[Id]
    wording: Mapped[Digest]
    """That of `service.words.fingerprint`."""
    entry: Mapped[str] = mapped_column(String(20), info=impersonal())
    """The clause number of the entry; empty if none speaks of this wording."""
    at: Mapped[Moment]


@dataclass(frozen=True, slots=True)
class Terms:
    """What all language versions of one date and source have in common."""

    kind: EditionKind
    effective_from: datetime

    def __str__(self) -> str:
        return f"{self.kind}, from {short(self.effective_from)} Almaty time"


class Part(Protocol):
    """The fields of one language version that the terms are derived from."""

    kind: str
    effective_from: datetime


def terms(parts: Iterable[Part]) -> Terms:
    """Return the terms of an edition from `parts`, its texts (at least one).

    Imports and publications make the parts agree. Texts published before that rule may
    differ: the earliest moment and the most serious kind apply.
    """
    rows = list(parts)
    return Terms(
        kind=max((EditionKind(part.kind) for part in rows), key=list(EditionKind).index),
        effective_from=min(part.effective_from for part in rows),
    )


def digest(text: str) -> str:
    """Return the SHA-256 of `text` in UTF-8, as 64 hexadecimal digits."""
    return sha256(text.encode()).hexdigest()
