"""What was done with personal data, by whom, about whom and why (1.1.1, 1.1.3, 5.4).

`ProcessingEvent` holds what the site did, `StaffAction` what a member of staff did; both
are append-only: triggers of both databases refuse every change. They hold numbers of
people, never names. `SecurityEvent` is what a person sees on their own activity page; it
is deleted with the account.
"""

import json
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import LazyString
from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, mapped_column

from neupusti.core import clock
from neupusti.core.data.classification import (
    ActorNumber,
    Device,
    Digest,
    Id,
    Label,
    Moment,
    PersonalText,
    PersonNumber,
    Purpose,
    impersonal,
)
from neupusti.core.data.database import Base
from neupusti.core.records.chain import Chain
from neupusti.core.records.head import HeadFile

LOCK = 0x6E6575706F6A6F75


class Operation(StrEnum):
    """The operations that clause 1.1.3 names, in its order; there are no others."""

    COLLECTION = "collection"
    RECORDING = "recording"
    SYSTEMATISATION = "systematisation"
    ACCUMULATION = "accumulation"
    STORAGE = "storage"
    UPDATING = "updating"
    ALTERATION = "alteration"
    RETRIEVAL = "retrieval"
    USE = "use"
    DISSEMINATION = "dissemination"
    PROVISION = "provision"
    ACCESS = "access"
    DEPERSONALISATION = "depersonalisation"
    BLOCKING = "blocking"
    DELETION = "deletion"
    DESTRUCTION = "destruction"


class ActorKind(StrEnum):
    """On whose behalf something was done."""

    PERSON = "person"
    STAFF = "staff"
    SYSTEM = "system"
    OPERATOR = "operator"
    """A command on the server."""
    COURIER = "courier"
    """Whoever has the link of a hand-over (5.2)."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it; `number` is that of a person or a member of staff."""

    kind: ActorKind
    number: int | None = None


SYSTEM = Actor(ActorKind.SYSTEM)
OPERATOR = Actor(ActorKind.OPERATOR)


class ProcessingEvent(Base):
    """One operation of the site on the data of one person."""

    __tablename__ = "processing_event"

    id: Mapped[Id]
    at: Mapped[Moment] = mapped_column(index=True)
    operation: Mapped[str] = mapped_column(String(20), info=impersonal())
    actor_kind: Mapped[str] = mapped_column(String(10), info=impersonal())
    actor: Mapped[ActorNumber | None]
    person: Mapped[PersonNumber | None]
    what: Mapped[Label]
    why: Mapped[str] = mapped_column(String(10), info=impersonal())
    """The clause of the purpose."""


@dataclass(frozen=True, slots=True)
class StaffActionType:
    """One type of staff action, listed in a manifest so that the journal can label it."""

    code: str
    """The value stored in the journal; it may never change."""
    label: LazyString


class StaffAction(Base):
    """One action of a member of staff, chained to the one before it."""

    __tablename__ = "staff_action"

    id: Mapped[Id]
    at: Mapped[Moment] = mapped_column(index=True)
    staff: Mapped[ActorNumber | None] = mapped_column(index=True)
    """The number of the person who acted; None: by a command on the server."""
    action: Mapped[str] = mapped_column(String(60), index=True, info=impersonal())
    operation: Mapped[str | None] = mapped_column(String(20), info=impersonal())
    person: Mapped[PersonNumber | None]
    what: Mapped[Label]
    reason: Mapped[PersonalText]
    chain: Mapped[Digest]

    @property
    def fields(self) -> dict[str, object]:
        """The hashed values: every column except `id` and `chain`."""
        names = ("staff", "action", "operation", "person", "what", "reason")
        return {"at": self.at.isoformat(), **{name: getattr(self, name) for name in names}}


ACTIONS = Chain(
    StaffAction,
    LOCK,
    lambda row: json.dumps(row.fields, ensure_ascii=False, sort_keys=True),
)
HEAD = HeadFile("journal-head")


class SecurityEvent(Base):
    """One event that concerns the security of a person's account."""

    __tablename__ = "security_event"

    id: Mapped[Id]
    at: Mapped[Moment] = mapped_column(index=True)
    person: Mapped[PersonNumber]
    kind: Mapped[str] = mapped_column(String(40), info=impersonal())
    device: Mapped[Device]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingRecord:
    """One operation on the data of one person, and the purpose it served."""

    operation: Operation
    what: str
    why: Purpose
    person: int | None
    actor: Actor = SYSTEM


def log_processing(session: Session, record: ProcessingRecord) -> None:
    """Log one operation on personal data, in the transaction that carries it out."""
    session.add(
        ProcessingEvent(
            at=clock.now(),
            operation=record.operation.value,
            actor_kind=record.actor.kind.value,
            actor=record.actor.number,
            person=record.person,
            what=record.what,
            why=record.why.value,
        )
    )


def log_staff_action(  # noqa: PLR0913 - a row of the journal is all of these
    session: Session,
    *,
    staff: int | None,
    action: StaffActionType,
    operation: Operation | None = None,
    person: int | None = None,
    what: str = "",
    reason: str = "",
) -> StaffAction:
    """Append an action of staff in the open write transaction; return its row.

    `staff` None is a command on the server.
    """
    row = StaffAction(
        at=clock.now(),
        staff=staff,
        action=action.code,
        operation=operation and operation.value,
        person=person,
        what=what,
        reason=reason,
    )
    ACTIONS.append(session, row)
    return row


def broken(session: Session, newest: int | None = None) -> int | None:
    """Return the number of the first action whose chain value is wrong, or None.

    With `newest` only that many of the last actions are checked.
    """
    rows = ACTIONS.rows(session, newest)
    return next((row.id for row, sound in rows if not sound), None)


def log_security_event(session: Session, person: int, kind: StrEnum, device: str) -> None:
    """Log a security event of `person`; `kind` is one of the feature's enumeration."""
    session.add(
        SecurityEvent(at=clock.now(), person=person, kind=kind.value, device=device)
    )
