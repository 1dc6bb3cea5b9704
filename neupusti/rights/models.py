"""Requests about one's own data, and what follows from them (6.1.2, 6.1.3)."""

from enum import StrEnum
from typing import Annotated

from sqlalchemy import ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core.data.classification import (
    ActorNumber,
    Day,
    Digest,
    Email,
    EmailKey,
    Id,
    Label,
    Moment,
    PersonalText,
    PersonNumber,
    Purpose,
    TokenDigest,
    impersonal,
    personal,
    secret,
)
from neupusti.core.data.database import Base, one_of

PREFIX, CYRILLIC = "NZ", "НЗ"
"""What the numbers of requests begin with, in either script."""
RequestForeignKey = Annotated[
    int,
    mapped_column(
        ForeignKey("data_request.id", ondelete="CASCADE"), index=True, info=impersonal()
    ),
]
OPEN_EXPORT = "kind = 'access' AND channel = 'site' AND closed_at IS NULL"
OF_ACCOUNT = text(f"{OPEN_EXPORT} AND person IS NOT NULL")
OF_GUEST = text(f"{OPEN_EXPORT} AND person IS NULL")
UNDECIDED = text("decided_at IS NULL")


class RequestKind(StrEnum):
    """What is asked."""

    ACCESS = "access"
    CORRECT = "correct"
    BLOCK = "block"
    DESTROY = "destroy"


class Channel(StrEnum):
    """How a request reached the operator."""

    SITE = "site"
    LETTER = "letter"
    PAPER = "paper"
    PHONE = "phone"


class Outcome(StrEnum):
    """How a request ended: fulfilled, or not and on which ground."""

    GIVEN = "given"
    CORRECTED = "corrected"
    PARTLY = "partly"
    """Some of it was set, or otherwise than it was asked."""
    NOTHING = "nothing"
    """There is nothing of the kind."""
    UNFOUNDED = "unfounded"
    """What is kept is right."""
    IDENTITY = "identity"
    """Nobody could tell that it is the person's own request."""
    LAW = "law"
    """A law forbids it."""
    EXCESSIVE = "excessive"
    WITHDRAWN = "withdrawn"
    """Its person took it back."""
    DESTROYED = "destroyed"


OUTCOMES = {
    RequestKind.ACCESS: (Outcome.GIVEN, Outcome.NOTHING),
    RequestKind.CORRECT: (
        *(Outcome.CORRECTED, Outcome.PARTLY, Outcome.UNFOUNDED, Outcome.NOTHING),
    ),
    RequestKind.BLOCK: (
        *(Outcome.UNFOUNDED, Outcome.CORRECTED, Outcome.WITHDRAWN, Outcome.NOTHING),
    ),
    RequestKind.DESTROY: (Outcome.WITHDRAWN, Outcome.NOTHING),
}
"""How staff may end a request of a kind, besides on the grounds of `GROUNDS`.

That data are destroyed says only their destruction."""
GROUNDS = (Outcome.IDENTITY, Outcome.LAW, Outcome.EXCESSIVE)


class Decision(StrEnum):
    """What staff found of one contested value."""

    RIGHT = "right"
    """What its person wrote is set."""
    WRONG = "wrong"
    PARTLY = "partly"
    """Another value is set than its person wrote."""


class Step(StrEnum):
    """What happened to a request."""

    RECEIVED = "received"
    TAKEN = "taken"
    READY = "ready"
    FAILED = "failed"
    TOLD = "told"
    """A recipient was told of a correction or a destruction."""
    ANSWERED = "answered"


class ExportState(StrEnum):
    """How far an export is."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    INCOMPLETE = "incomplete"
    """Ready, but something that was found is missing; the archive says what."""
    FAILED = "failed"
    EXPIRED = "expired"


class DataRequest(Base):
    """A request whose sender is proved: by a link, a sign-in, or before staff."""

    __tablename__ = "data_request"
    __table_args__ = (
        one_of("kind", RequestKind),
        one_of("channel", Channel),
        Index(
            "uq_data_request_export_person",
            "person",
            unique=True,
            sqlite_where=OF_ACCOUNT,
            postgresql_where=OF_ACCOUNT,
        ),
        Index(
            "uq_data_request_export_email_key",
            "email_key",
            unique=True,
            sqlite_where=OF_GUEST,
            postgresql_where=OF_GUEST,
        ),
    )

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(String(20), unique=True, info=impersonal())
    code_digest: Mapped[str] = mapped_column(String(64), info=secret())
    """Keyed hash of the code that opens the status without a sign-in."""
    kind: Mapped[str] = mapped_column(String(10), info=impersonal())
    channel: Mapped[str] = mapped_column(String(10), info=impersonal())
    person: Mapped[PersonNumber | None]
    email: Mapped[Email | None]
    """Where answers go; None: to the present address of the account, or nowhere."""
    email_key: Mapped[EmailKey | None] = mapped_column(index=True)
    language: Mapped[str] = mapped_column(String(2), info=impersonal())
    about: Mapped[PersonalText] = mapped_column(default="")
    """What was asked, in words."""
    agent: Mapped[str] = mapped_column(
        String(200), default="", info=personal("3.2.1", Purpose.FEEDBACK)
    )
    """The paper that staff saw: kind, number, date; of a representative the name too."""
    assurance: Mapped[int] = mapped_column(Integer, info=impersonal())
    """1: the address is proved; 2: signed in; 3: a member of staff saw a paper."""
    received_at: Mapped[Moment] = mapped_column(index=True)
    closed_at: Mapped[Moment | None] = mapped_column(index=True)
    outcome: Mapped[str | None] = mapped_column(String(10), info=impersonal())
    answer: Mapped[PersonalText] = mapped_column(default="")
    """The reason of the outcome, in the words of staff."""
    staff: Mapped[ActorNumber | None]
    """Who has taken it."""
    edition: Mapped[Day]
    """The edition of the policy in force."""
    submission: Mapped[TokenDigest | None] = mapped_column(unique=True, index=True)
    """Of a form of staff: what is sent twice is one request."""


class RequestEvent(Base):
    """One step of a request. Rows never change."""

    __tablename__ = "request_event"
    __table_args__ = (one_of("step", Step),)

    id: Mapped[Id]
    request: Mapped[RequestForeignKey]
    at: Mapped[Moment]
    actor_kind: Mapped[str] = mapped_column(String(10), info=impersonal())
    actor: Mapped[ActorNumber | None]
    step: Mapped[str] = mapped_column(String(10), info=impersonal())


class RightsPass(Base):
    """An address that asked for a link; a pass once its button is pressed (`digest`)."""

    __tablename__ = "rights_pass"
    __table_args__ = (one_of("used_for", RequestKind),)

    id: Mapped[Id]
    digest: Mapped[TokenDigest | None] = mapped_column(unique=True)
    person: Mapped[PersonNumber | None]
    """Whose account the address was when it was asked for; None: nobody's."""
    email: Mapped[Email]
    email_key: Mapped[EmailKey] = mapped_column(index=True)
    used_for: Mapped[str] = mapped_column(String(10), info=impersonal())
    asked_at: Mapped[Moment]
    ends_at: Mapped[Moment] = mapped_column(index=True)


class Export(Base):
    """One archive of a person's data, made by a background job."""

    __tablename__ = "export"
    __table_args__ = (one_of("state", ExportState),)

    id: Mapped[Id]
    request: Mapped[RequestForeignKey]
    state: Mapped[str] = mapped_column(String(10), index=True, info=impersonal())
    attempts: Mapped[int] = mapped_column(Integer, info=impersonal())
    asked_at: Mapped[Moment] = mapped_column(index=True)
    rows: Mapped[int] = mapped_column(Integer, info=impersonal())
    name: Mapped[str | None] = mapped_column(
        String(32), unique=True, info=personal("3.4", Purpose.PERSONAL_PAGES)
    )
    """The random name of the file; None: there is no file."""
    bytes: Mapped[int] = mapped_column(Integer, info=impersonal())
    sha256: Mapped[Digest]
    root: Mapped[Digest]
    ready_at: Mapped[Moment | None]
    expires_at: Mapped[Moment | None] = mapped_column(index=True)


class Correction(Base):
    """One value that its person says is wrong."""

    __tablename__ = "correction"
    __table_args__ = (
        Index(
            "uq_correction_undecided",
            *("model", "row", "field"),
            unique=True,
            sqlite_where=UNDECIDED,
            postgresql_where=UNDECIDED,
        ),
        one_of("decision", Decision),
    )

    id: Mapped[Id]
    request: Mapped[RequestForeignKey]
    model: Mapped[Label]
    """The name of the table."""
    row: Mapped[int] = mapped_column(Integer, info=impersonal())
    field: Mapped[Label]
    proposed: Mapped[PersonalText | None]
    """The value that would be right; None once it is decided."""
    decided_at: Mapped[Moment | None]
    decision: Mapped[str | None] = mapped_column(String(10), info=impersonal())


class RecipientNotice(Base):
    """A recipient who got what was corrected or destroyed, and has to be told (5.2)."""

    __tablename__ = "recipient_notice"

    id: Mapped[Id]
    request: Mapped[RequestForeignKey]
    disclosure: Mapped[int] = mapped_column(
        ForeignKey("disclosure.id", ondelete="CASCADE"), index=True, info=impersonal()
    )
    told_at: Mapped[Moment | None] = mapped_column(index=True)
    told_by: Mapped[ActorNumber | None]
