"""What was done with personal data, by whom, about whom and why (1.1.1, 1.1.3, 5.4).

`ProcessingEvent` tells what the site did, `StaffAction` what a member of staff did; both
only grow: triggers of both databases refuse every change. They hold numbers of people,
never names. `SecurityEvent` is what a person sees on the own activity page; it belongs to
the person and goes with the account.
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
    PersonNumber,
    Purpose,
    Words,
    impersonal,
)
from neupusti.core.data.database import Base
from neupusti.core.records.chain import Chain

LOCK = 0x6E6575706F6A6F75


class Operation(StrEnum):
    """The operations that clause 1.1.3 names, in its order; the system knows no other."""

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
    """Whoever types commands on the server."""


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
    """One kind of action of staff; a manifest lists it, so that the journal can name it."""

    code: str
    """What stands in the journal, for good."""
    label: LazyString


class StaffAction(Base):
    """One act of a member of staff, chained to the one before it."""

    __tablename__ = "staff_action"

    id: Mapped[Id]
    at: Mapped[Moment] = mapped_column(index=True)
    staff: Mapped[ActorNumber | None] = mapped_column(index=True)
    """The number of the person who acted; None: by a command on the server."""
    action: Mapped[str] = mapped_column(String(60), index=True, info=impersonal())
    operation: Mapped[str | None] = mapped_column(String(20), info=impersonal())
    person: Mapped[PersonNumber | None]
    what: Mapped[Label]
    reason: Mapped[Words]
    chain: Mapped[Digest]

    @property
    def fields(self) -> dict[str, object]:
        """What the chain vouches for: every column but its own number and itself."""
        names = ("staff", "action", "operation", "person", "what", "reason")
        return {"at": self.at.isoformat(), **{name: getattr(self, name) for name in names}}


ACTIONS = Chain(
    StaffAction,
    LOCK,
    lambda row: json.dumps(row.fields, ensure_ascii=False, sort_keys=True),
)


class SecurityEvent(Base):
    """One thing that happened to the safety of a person's account."""

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


def log_processing(session: Session, deed: ProcessingRecord) -> None:
    """Note one operation on personal data, in the transaction that carries it out."""
    session.add(
        ProcessingEvent(
            at=clock.now(),
            operation=deed.operation.value,
            actor_kind=deed.actor.kind.value,
            actor=deed.actor.number,
            person=deed.person,
            what=deed.what,
            why=deed.why.value,
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
    """Return the number of the first action that the chain does not vouch for, or None.

    With `newest` only so many actions are looked at, from the end.
    """
    rows = ACTIONS.rows(session, newest)
    return next((row.id for row, sound in rows if not sound), None)


def log_security_event(session: Session, person: int, kind: StrEnum, device: str) -> None:
    """Note a security event of `person`; `kind` is of the room's closed list."""
    session.add(
        SecurityEvent(at=clock.now(), person=person, kind=kind.value, device=device)
    )
