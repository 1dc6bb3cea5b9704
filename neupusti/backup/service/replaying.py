"""Carry out again what people decided after a backup was made (6.1.1, 6.1.3)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.backup.service import numbers, owners
from neupusti.core import clock
from neupusti.core.data import machine
from neupusti.core.data.database import db, insert, writing
from neupusti.core.feature import Together
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.records import decision_extent, decisions, restore_mark
from neupusti.core.records.decision_file import DecisionLine
from neupusti.core.records.decisions import DecisionHead, State
from neupusti.core.registry import registry

BATCH = 500
"""Decisions of one transaction."""
OPEN = (OutboxState.QUEUED.value, OutboxState.HANDING.value)
RESTORED = "restored"
"""Why an email is unsure: it waited in the backup, and was most likely sent since."""


class ReplayError(RuntimeError):
    """The decisions cannot be carried out again; the message says why."""


def missing(file: Path | None = None) -> list[DecisionLine]:
    """Return the decisions of the file or a copy that this database lacks, in order.

    Raise ReplayError where the file cannot be trusted, or the database is not whole.
    """
    if restore_mark.is_unfinished():
        raise ReplayError(
            "A restore is not finished: empty the databases, then restore again."
        )
    found = decisions.standing(db.session(), file)
    if found.state in {State.TAMPERED, State.LOST}:
        raise ReplayError(
            f"The file of decisions is {found.state}: look at `flask decisions verify`, "
            "then accept it with a reason, or put a whole copy in its place."
        )
    return sorted([*found.behind, *found.interrupted], key=lambda line: line.n)


def replay(lines: Sequence[DecisionLine]) -> Counter[str]:
    """Carry out `lines` again; return how many rows changed, by kind of decision.

    Repeatable: after an error it goes on where it stopped. Raise ReplayError.
    """
    if unknown := {line.kind for line in lines} - registry().replays.keys():
        raise ReplayError(f"No feature carries out: {', '.join(sorted(unknown))}.")
    changed: Counter[str] = Counter()
    known = owners.find(db.session(), {line.hash for line in lines if line.hash})
    for first in range(0, len(lines), BATCH):
        batch = lines[first : first + BATCH]
        with writing() as session, decisions.carrying_out(session):
            changed.update(_carry_out(session, [_owned(line, known) for line in batch]))
            _note(session, batch)
    return changed


def _carry_out(session: Session, lines: Sequence[DecisionLine]) -> Counter[str]:
    """Carry out a batch: first what can be done together, then the rest in order.

    Where order matters, what was interrupted is not done over what was decided after it.
    """
    changed: Counter[str] = Counter()
    for kind, replay_one in registry().replays.items():
        those = [line for line in lines if line.kind == kind]
        if those and isinstance(replay_one, Together):
            changed[kind] = replay_one.many(session, those)
    for line in lines:
        replay_one = registry().replays[line.kind]
        if not isinstance(replay_one, Together) and not line.is_overtaken:
            changed[line.kind] += replay_one(session, line)
    return changed


def _owned(line: DecisionLine, known: Mapping[str, str]) -> DecisionLine:
    return replace(line, email_key=known.get(line.hash))


def finish_interrupted() -> None:
    """Run the job: carry out what was decided when a process was killed."""
    replay(decision_extent.interrupted(db.session()))


def stop_mail(before: datetime) -> int:
    """Give up the emails that waited when the backup was made; return how many.

    Nobody may get an email twice.
    """
    waiting = select(OutboxEmail).where(
        OutboxEmail.state.in_(OPEN), OutboxEmail.created_at < before
    )
    with writing() as session:
        emails = session.scalars(waiting).all()
        for email in emails:
            email.end(OutboxState.UNSURE, clock.now(), RESTORED)
    return len(emails)


def _note(session: Session, lines: Iterable[DecisionLine]) -> None:
    own = machine.name()
    rows = [{"machine": own, "n": line.n, "chain": line.chain} for line in lines]
    session.execute(insert(session, DecisionHead).on_conflict_do_nothing(), rows)
    if last := max(line.person or 0 for line in lines):
        numbers.use_up(session, last)
