"""What a visitor decided, in which words it was asked, and how many decided what.

No column here says anything about a person: no address, no browser, no name. The three
tables of proof only ever grow: triggers of both databases refuse every change.
"""

from enum import StrEnum

from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import (
    Day,
    Digest,
    Id,
    Label,
    Moment,
    Prose,
    impersonal,
)
from neupusti.core.data.database import Base


class ChoiceSource(StrEnum):
    """How a record came about."""

    BANNER = "banner"
    PAGE = "page"
    SIGNAL = "signal"
    """A refusal confirmed by a visitor whose browser sends `Sec-GPC: 1`."""
    WITHDRAWAL = "withdrawal"
    EXPIRY = "expiry"
    """The end of an earlier choice, written when its visitor chooses anew."""


class ChoiceOutcome(StrEnum):
    """What is counted, by day and category."""

    SHOWN = "shown"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    PARTLY = "partly"
    WITHDRAWN = "withdrawn"


ALL = "all"
"""The category of a count that is about the whole choice."""


class ConsentDeclarations(Base):
    """Everything the site declared about its cookies at one time, in its canonical form."""

    __tablename__ = "consent_declarations"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True, info=impersonal())
    canonical: Mapped[Prose]
    at: Mapped[Moment]


class ConsentWording(Base):
    """The exact words one visitor or more were asked in."""

    __tablename__ = "consent_wording"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True, info=impersonal())
    surface: Mapped[str] = mapped_column(String(16), info=impersonal())
    language: Mapped[str] = mapped_column(String(2), info=impersonal())
    declarations: Mapped[str] = mapped_column(
        ForeignKey("consent_declarations.sha256"), info=impersonal()
    )
    text: Mapped[Prose]
    at: Mapped[Moment]


class ConsentRecord(Base):
    """One decision. `chain` binds it to the record before it, whoever made that one."""

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
        """What the chain vouches for: every column but its own number and itself."""
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
    """How often something happened on one day: a number, and nobody in it."""

    __tablename__ = "consent_count"

    day: Mapped[Day] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(String(16), primary_key=True, info=impersonal())
    outcome: Mapped[str] = mapped_column(String(16), primary_key=True, info=impersonal())
    number: Mapped[int] = mapped_column(Integer, info=impersonal())


class UndeclaredCookie(Base):
    """A cookie our own code tried to set without declaring it, and how often."""

    __tablename__ = "consent_stray"

    name: Mapped[str] = mapped_column(String(120), primary_key=True, info=impersonal())
    number: Mapped[int] = mapped_column(Integer, info=impersonal())
    last_at: Mapped[Moment]
