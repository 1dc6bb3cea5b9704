"""Consent records, the wordings and declarations they refer to, and daily counts.

No column identifies a person: no address, no browser, no name. The three record tables
are append-only: triggers in both databases reject every change.
"""

from enum import StrEnum

from sqlalchemy import ForeignKey, Integer, String
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
from neupusti.core.data.database import Base


class ChoiceSource(StrEnum):
    """Where a decision came from."""

    BANNER = "banner"
    PAGE = "page"
    SIGNAL = "signal"
    """A refusal confirmed by a visitor whose browser sends `Sec-GPC: 1`."""
    WITHDRAWAL = "withdrawal"
    """Nothing is left of what was granted; a press that leaves some is not one."""
    EXPIRY = "expiry"
    """The end of an expired choice, written when its visitor chooses again."""


class ConsentEvent(StrEnum):
    """What one record changed for one category, against the record it replaces."""

    GIVEN = "given"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


class ChoiceOutcome(StrEnum):
    """What is counted, by day and category."""

    SHOWN = "shown"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PARTLY = "partly"
    WITHDRAWN = "withdrawn"


ALL = "all"
"""The category of a count of whole choices."""


class ConsentDeclarations(Base):
    """All cookie declarations of the site at one time, as canonical JSON."""

    __tablename__ = "consent_declarations"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True, info=impersonal())
    canonical: Mapped[LongText]
    at: Mapped[Moment]


class ConsentWording(Base):
    """The exact wording that visitors were asked in."""

    __tablename__ = "consent_wording"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True, info=impersonal())
    surface: Mapped[str] = mapped_column(String(16), info=impersonal())
    language: Mapped[str] = mapped_column(String(2), info=impersonal())
    declarations: Mapped[str] = mapped_column(
        ForeignKey("consent_declarations.sha256"), info=impersonal()
    )
    text: Mapped[LongText]
    at: Mapped[Moment]


class ConsentRecord(Base):
    """One decision. `chain` links it to the previous record, regardless of origin."""

    __tablename__ = "consent_record"

    id: Mapped[Id]
    public_id: Mapped[str] = mapped_column(String(16), unique=True, info=impersonal())
    at: Mapped[Moment]
    granted: Mapped[Label]
    refused: Mapped[Label]
    source: Mapped[str] = mapped_column(String(16), info=impersonal())
    language: Mapped[str] = mapped_column(String(2), info=impersonal())
    wording: Mapped[str] = mapped_column(
        ForeignKey("consent_wording.sha256"), info=impersonal()
    )
    declarations: Mapped[str] = mapped_column(
        ForeignKey("consent_declarations.sha256"), info=impersonal()
    )
    edition: Mapped[str] = mapped_column(String(10), info=impersonal())
    replaces: Mapped[str | None] = mapped_column(String(16), info=impersonal())
    chain: Mapped[Digest]

    @property
    def fields(self) -> dict[str, str | None]:
        """The columns covered by the hash chain: all but `id` and `chain`."""
        return {
            "public_id": self.public_id,
            "at": self.at.isoformat(),
            "granted": self.granted,
            "refused": self.refused,
            "source": self.source,
            "language": self.language,
            "wording": self.wording,
            "declarations": self.declarations,
            "edition": self.edition,
            "replaces": self.replaces,
        }


class ConsentCount(Base):
    """How often one outcome occurred on one day."""

    __tablename__ = "consent_count"

    day: Mapped[Day] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(String(16), primary_key=True, info=impersonal())
    outcome: Mapped[str] = mapped_column(String(16), primary_key=True, info=impersonal())
    number: Mapped[int] = mapped_column(Integer, info=impersonal())


class UndeclaredCookie(Base):
    """An undeclared cookie that our own code tried to set, and how often."""

    __tablename__ = "consent_stray"

    name: Mapped[str] = mapped_column(String(120), primary_key=True, info=impersonal())
    number: Mapped[int] = mapped_column(Integer, info=impersonal())
    last_at: Mapped[Moment]
