"""Proofs about backups, and about the file of decisions that outlives them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from neupusti.backup.service import naming
from neupusti.config.settings import settings
from neupusti.core import clock
from neupusti.core.proofs.proof import AnyProof, Check, Looking
from neupusti.core.records import decisions
from neupusti.core.records.decisions import State

OLDEST = timedelta(hours=26)
"""A day, and the time that a backup takes."""
NEVER = datetime(2000, 1, 1, tzinfo=UTC)
SECONDS = 10.0


class Newest(NamedTuple):
    """The newest backup of the folder, if one is set."""

    made_at: datetime
    sealed: bool


def _newest(_looking: Looking) -> Iterator[Newest]:
    if not (folder := settings().backups):
        return
    try:
        found = [Newest(one.made_at, one.sealed) for one in naming.found(Path(folder))]
    except OSError:
        found = []
    yield max(found, default=Newest(NEVER, sealed=False))


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
        items=_newest,
        wrong=lambda one: clock.now() - one.made_at > OLDEST or not one.sealed,
        forged=lambda: Newest(clock.now(), sealed=False),
        right=lambda: Newest(clock.now(), sealed=True),
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
