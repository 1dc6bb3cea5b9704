"""What was decided about people, so that a restored backup cannot undo it (6.1.3).

`decide` writes a line of `decision_file` before the transaction commits, and a row with
its number in the transaction. What became of the transaction is written after it. So three
cases can be told apart: a line that is done but has no row shows that the database is
older than the file; one of which nothing is known was interrupted, or its commit had no
answer; one that is void was rolled back.

Each machine has a file of its own, and numbers its lines itself: of the rows of others it
knows only that they are not its own.
"""

import errno
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from sqlalchemy import String, event, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from neupusti.core import clock
from neupusti.core.data import machine
from neupusti.core.data.classification import Digest, impersonal
from neupusti.core.data.database import Base
from neupusti.core.records import decision_file
from neupusti.core.records.chain import START
from neupusti.core.records.decision_file import (
    ACCEPTED,
    REPAIRED,
    VOUCHED,
    DecisionLine,
    Read,
    UnrecordedError,
)

logger = logging.getLogger(__name__)
DONE, VOID = "done", "void"
"""The transaction of the line `ref` was committed, or rolled back."""
OWN = frozenset({DONE, VOID, REPAIRED, VOUCHED, ACCEPTED})
"""Lines about the file itself; all others are decisions."""
INTERRUPTED = timedelta(minutes=10)
"""After this time a transaction of which nothing is known has ended."""
OPEN, CARRYING_OUT = "decisions.open", "decisions.carrying out"
"""What a session knows: the lines of its transaction; whether it repeats old ones."""
COMMITTING = "decisions.committing"
"""Whether its transaction may be committed already."""
NOTHING: Mapping[str, str] = MappingProxyType({})


class Decision(StrEnum):
    """What can be decided about a person; a stored value may never change."""

    WITHDRAWN = "withdrawn"
    """A consent was withdrawn; `ref` is its number."""
    UNSUBSCRIBED = "unsubscribed"
    """From the news, or with the value `only` from their advertising alone."""
    EMAIL_CHANGED = "email-changed"
    """The hash is that of the former address."""
    SECURED = "secured"
    """What was done in an account since `since` was undone: it was not its owner."""
    BLOCKED = "blocked"
    LIFTED = "lifted"
    ERASED = "erased"
    UNDONE = "undone"
    """An erasure that had not begun was undone, or staff answered its request."""
    HELD = "held"
    RELEASED = "released"


class State(StrEnum):
    """How file and database stand to each other."""

    CURRENT = "current"
    BEHIND = "behind"
    """The database is older than the file: a backup was restored."""
    LOST = "lost"
    """The file is older than the database, or is not there."""
    TAMPERED = "tampered"
    """A line was changed, added, moved or taken out."""


class DecisionHead(Base):
    """The line that one transaction wrote."""

    __tablename__ = "decision_head"

    machine: Mapped[str] = mapped_column(
        String(16), primary_key=True, server_default="", info=impersonal()
    )
    """Whose file it is in (`core.data.machine`)."""
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, info=impersonal())
    chain: Mapped[Digest]
    """The SHA-256 of the line's body."""


@dataclass(slots=True)
class Standing:
    """What a look at file and database found."""

    lines: int = 0
    wrong: list[int] = field(default_factory=list)
    """Which lines of the file are not what was written, counted from 1."""
    lost: int = 0
    """Rows whose line is not in the file."""
    behind: list[DecisionLine] = field(default_factory=list)
    """Decisions that were done, and are not in this database."""
    interrupted: list[DecisionLine] = field(default_factory=list)
    """Decisions of whose transaction nothing is known."""
    last: tuple[int, str] = 0, START
    """Number and chain of the last line that is signed."""
    half: int = 0
    """Bytes of half a line at the end; the next decision cuts them off."""

    @property
    def ended(self) -> list[DecisionLine]:
        """The interrupted ones that no process is at work on any more."""
        before = clock.now() - INTERRUPTED
        return [line for line in self.interrupted if line.at < before]

    @property
    def state(self) -> State:
        """The gravest of what was found."""
        if self.wrong:
            return State.TAMPERED
        if self.lost:
            return State.LOST
        return State.BEHIND if self.behind else State.CURRENT


def decide(  # noqa: PLR0913 - a line is all of these
    session: Session,
    kind: Decision,
    *,
    person: int | None = None,
    email_key: str | None = None,
    ref: str = "",
    values: Mapping[str, str] = NOTHING,
) -> None:
    """Record a decision in the open write transaction, before it commits.

    Raise UnrecordedError where the file cannot be written to: then nothing may be done.
    """
    if session.info.get(CARRYING_OUT):
        return
    own = machine.name()
    newest = session.scalar(select(func.max(DecisionHead.n)).filter_by(machine=own)) or 0
    if newest > decision_file.end().n:
        message = "decisions are missing from the file"
        raise UnrecordedError(errno.EIO, message, str(decision_file.path()))
    line = decision_file.append(
        kind.value, email_key=email_key, person=person, ref=ref, values=values
    )
    session.info.setdefault(OPEN, []).append(line.n)
    session.add(DecisionHead(machine=own, n=line.n, chain=line.chain))
    session.flush()


@contextmanager
def carrying_out(session: Session) -> Iterator[None]:
    """Let the block repeat old decisions without recording them as new ones."""
    session.info[CARRYING_OUT] = True
    try:
        yield
    finally:
        del session.info[CARRYING_OUT]


def standing(session: Session, file: Path | None = None) -> Standing:
    """Compare the file, or a copy of it, with the rows. Raise OSError."""
    rows = select(DecisionHead.chain, DecisionHead.machine, DecisionHead.n)
    comparison = _Comparison(
        {chain: (whose, n) for chain, whose, n in session.execute(rows)}, machine.name()
    )
    for read in decision_file.read(file):
        comparison.take(read)
    found = comparison.result()
    if found.behind:
        known = _known_now(session, found.behind[0].n)
        found.behind = [line for line in found.behind if line.chain not in known]
    found.half = decision_file.half(file)
    return found


def _known_now(session: Session, first: int) -> set[str]:
    """Return the chain values of the rows from `first` on, as others see them now.

    What was committed after the transaction of `session` began is done in the file.
    """
    with session.get_bind().engine.connect() as connection:
        return set(
            connection.scalars(select(DecisionHead.chain).where(DecisionHead.n >= first))
        )


class _Comparison:
    """A look at the lines one by one; it keeps only those that have no row.

    `rows` are those of all machines: chain value -> (machine, number). A folder that was
    put together again may have another name than its rows.
    """

    def __init__(self, rows: dict[str, tuple[str, int]], own: str) -> None:
        self.rows, self.found = rows, Standing()
        self.own = {n: chain for chain, (whose, n) in rows.items() if whose == own}
        self.without_row: dict[str, DecisionLine] = {}
        self.done: set[str] = set()
        self.newest: dict[int | str, int] = {}
        """Person, or else hash -> the number of the last decision that was done."""
        self.unvouched: list[int] = []
        self.accepted = 0

    def take(self, read: Read) -> None:
        """Look at the next line."""
        self.found.lines += 1
        if read.signed is None:
            self.unvouched.append(self.found.lines)
        elif read.signed:
            self.unvouched.clear()
        line, is_sound = read.line, read.signed is not False and read.follows
        if line is not None and read.signed is not False:
            is_sound &= self.own.pop(line.n, read.chain) == read.chain
            self.found.last = max(self.found.last, (line.n, read.chain))
            self._note(line, has_row=read.chain in self.rows)
        if line is not None and line.kind == ACCEPTED and read.signed:
            self.accepted = line.n
            self.found.wrong.clear()
        elif not is_sound:
            self.found.wrong.append(self.found.lines)

    def _note(self, line: DecisionLine, *, has_row: bool) -> None:
        if line.kind == DONE:
            self.done.add(line.ref)
            if (decided := self.without_row.get(line.ref)) is not None:
                self._know(decided)
        elif line.kind == VOID:
            self.without_row.pop(line.ref, None)
        elif line.kind not in OWN and has_row:
            self._know(line)
        elif line.kind not in OWN:
            self.without_row[str(line.n)] = line

    def _know(self, line: DecisionLine) -> None:
        """Note that a decision was done."""
        who = line.person or line.hash
        self.newest[who] = max(self.newest.get(who, 0), line.n)

    def _interrupted(self, line: DecisionLine) -> DecisionLine:
        who = line.person or line.hash
        later = bool(who) and self.newest.get(who, 0) > line.n
        return replace(line, is_interrupted=True, is_overtaken=later)

    def result(self) -> Standing:
        """Return what was found."""
        self.found.wrong.extend(self.unvouched)
        self.found.lost = sum(n > self.accepted for n in self.own)
        for n, line in self.without_row.items():
            if n in self.done:
                self.found.behind.append(line)
            else:
                self.found.interrupted.append(self._interrupted(line))
        return self.found


def _mark(session: Session, kind: str) -> None:
    """Write what became of the transaction; SAVEPOINTs inside it do not count."""
    if OPEN not in session.info or session.in_nested_transaction():
        return
    for n in session.info.pop(OPEN):
        try:
            decision_file.append(kind, ref=str(n))
        except OSError:
            # Without it the line counts as interrupted, and is carried out again.
            logger.exception("decision not marked", extra={"fields": {"kind": kind}})


@event.listens_for(Session, "before_commit")
def _committing(session: Session) -> None:
    """Store what the database may still refuse: after this its answer can be lost."""
    if OPEN in session.info and not session.in_nested_transaction():
        session.flush()
        session.info[COMMITTING] = True


@event.listens_for(Session, "after_commit")
def _committed(session: Session) -> None:
    session.info.pop(COMMITTING, None)
    _mark(session, DONE)


@event.listens_for(Session, "after_rollback")
def _rolled_back(session: Session) -> None:
    if session.info.pop(COMMITTING, False):
        session.info.pop(OPEN)
    _mark(session, VOID)
