"""Proofs about backups, and about the file of decisions that outlives them."""

from collections.abc import Iterator

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.backup.service import naming
from neupusti.config.settings import settings
from neupusti.core.proofs.proof import AnyProof, Check, Looking
from neupusti.core.records import decisions
from neupusti.core.records.decisions import State

SECONDS = 10.0


def _overdue(_looking: Looking) -> Iterator[bool]:
    if folder := settings().backups:
        yield naming.overdue(folder)


def _state(looking: Looking) -> Iterator[State]:
    with Session(looking.main) as session:
        found = decisions.standing(session)
    if found.lines or found.lost:
        yield found.state


ALL: tuple[AnyProof, ...] = (
    Check(
        clauses=("5.4",),
        name="backup-fresh",
        says=_("The newest backup is encrypted, and not older than a day."),
        items=_overdue,
        wrong=bool,
        forged=lambda: True,
        right=lambda: False,
    ),
    Check(
        clauses=("6.1.1", "6.1.3"),
        name="decisions-known",
        says=_(
            "Everything that people decided is known here, and its record outside the "
            "database was not changed."
        ),
        items=_state,
        wrong=lambda state: state is not State.CURRENT,
        forged=lambda: State.TAMPERED,
        right=lambda: State.CURRENT,
        seconds=SECONDS,
    ),
)
