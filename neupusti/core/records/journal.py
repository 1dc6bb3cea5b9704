"""What was done with personal data, by whom, about whom and why (1.1.1, 1.1.3, 5.4).

`ProcessingEvent` holds what the site did, `StaffAction` what a member of staff did; both
are append-only: triggers of both databases refuse every change. They hold numbers of
people, never names; the words of staff are apart, since they have an end. `SecurityEvent`
is what a person sees on their own activity page; it is deleted with the account.
"""

import json
import secrets
from dataclasses import dataclass
from enum import StrEnum

from flask_babel import LazyString
from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from neupusti.core import clock
from neupusti.core.data.classification import (
    ActorNumber,
    Device,
    Digest,
    Id,
    Label,
    Moment,
    Nonce,
    PersonalText,
    PersonNumber,
    Purpose,
    impersonal,
)
from neupusti.core.data.database import Base, db
from neupusti.core.records import sealed
from neupusti.core.records.chain import START
from neupusti.core.records.head import HeadFile
from neupusti.core.records.sealed import SealedChain

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
    """One action of a member of staff, chained to the one before it.

    Why it was done is in `ActWords`, which can be destroyed.
    """

    __tablename__ = "staff_action"

    id: Mapped[Id]
    at: Mapped[Moment] = mapped_column(index=True)
    staff: Mapped[ActorNumber | None]
    """The number of the person who acted; None: by a command on the server."""
    action: Mapped[str] = mapped_column(String(60), index=True, info=impersonal())
    operation: Mapped[str | None] = mapped_column(String(20), info=impersonal())
    person: Mapped[PersonNumber | None]
    what: Mapped[Label]
    former_reason: Mapped[PersonalText] = mapped_column("reason", default="")
    """Empty, but in a row of an earlier version that was broken when it was upgraded."""
    sealed: Mapped[Digest | None]
    """The commitment to the words (`records.sealed`); empty: there were none."""
    voucher: Mapped[Digest | None]
    """What stands for the chain value of a row from before there were commitments."""
    chain: Mapped[Digest]
    words: Mapped["ActWords | None"] = relationship(lazy="joined")

    @property
    def reason(self) -> str:
        """Why it was done; empty where nobody said, or the words are destroyed."""
        return self.words.words if self.words else self.former_reason

    @property
    def words_hold(self) -> bool:
        """Whether the words are those of the commitment, or destroyed."""
        same = self.words is None or self.words.commitment == self.sealed
        return same and not self.former_reason

    @property
    def reason_is_destroyed(self) -> bool:
        """Whether there were words that are destroyed by now."""
        return bool(self.sealed) and self.words is None

    def encoded(self, *last: str) -> str:
        """Return the text that is chained: the columns of every version, and `last`."""
        names = ("staff", "action", "operation", "person", "what", *last)
        fields = {name: getattr(self, name) for name in names}
        return json.dumps(
            {"at": self.at.isoformat(), **fields}, ensure_ascii=False, sort_keys=True
        )


class ActWords(Base):
    """Why a member of staff did something, in their words: may name people (3.4).

    Never changed, but destroyed in time: the chain vouches for the commitment only.
    """

    __tablename__ = "act_words"

    act: Mapped[int] = mapped_column(
        Integer, ForeignKey("staff_action.id"), primary_key=True, info=impersonal()
    )
    at: Mapped[Moment] = mapped_column(index=True)
    salt: Mapped[Nonce]
    words: Mapped[PersonalText]

    @property
    def commitment(self) -> str:
        """The commitment to the words."""
        return sealed.commitment(self.salt, self.words)


ACTIONS = SealedChain(
    StaffAction,
    LOCK,
    lambda row: row.encoded("sealed"),
    lambda row: row.encoded("reason"),
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
    now, words = clock.now(), None
    if reason:
        words = ActWords(at=now, salt=secrets.token_hex(32), words=reason)
    row = StaffAction(
        at=now,
        staff=staff,
        action=action.code,
        operation=operation and operation.value,
        person=person,
        what=what,
        words=words,
        sealed=words.commitment if words else sealed.EMPTY,
    )
    ACTIONS.append(session, row)
    return row


def broken(session: Session, newest: int | None = None) -> int | None:
    """Return the number of the first action whose chain value is wrong, or None.

    With `newest` only that many of the last actions are checked.
    """
    start = (0, START) if newest is None else ACTIONS.before_newest(session, newest)
    rows = ACTIONS.rows(session, start)
    return next((row.id for row, sound in rows if not sound), None)


def keep_head() -> None:
    """Run the hourly job: move the kept head on. Raise BrokenChainError."""
    HEAD.advance(db.session(), ACTIONS)


def log_security_event(session: Session, person: int, kind: StrEnum, device: str) -> None:
    """Log a security event of `person`; `kind` is one of the feature's enumeration."""
    session.add(
        SecurityEvent(at=clock.now(), person=person, kind=kind.value, device=device)
    )
