"""Proofs about the sweep; each retention rule has one of its own (`core.term_proofs`)."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, not_, select

from neupusti.core import background, clock
from neupusti.core.data.beats import JobBeat
from neupusti.core.proofs.proof import AnyProof, Check, Looking, Proof
from neupusti.core.term_proofs import GRACE
from neupusti.retention.models import RetentionRun

OLD = datetime(2026, 1, 1, tzinfo=UTC)


class Run(NamedTuple):
    """When a job last ran, whether it ended well, and how long it may pause."""

    at: datetime | None
    ok: bool
    pause: timedelta


def _runs(looking: Looking) -> Iterator[Run]:
    beats = looking.main.execute(select(JobBeat.name, JobBeat.at, JobBeat.ok))
    found = {name: (at, ok) for name, at, ok in beats}
    for job in background.jobs():
        at, ok = found.get(job.name, (None, False))
        yield Run(at, ok, job.longest_pause)


ALL: tuple[AnyProof, ...] = (
    Check(
        clauses=("5.6",),
        name="sweeps-run",
        says=_("Each job of the site, those that destroy above all, ran when it had to."),
        items=_runs,
        wrong=lambda run: not (run.at and run.ok and clock.now() - run.at <= run.pause),
        forged=lambda: Run(OLD, ok=True, pause=GRACE),
        right=lambda: Run(clock.now(), ok=True, pause=GRACE),
    ),
    Proof(
        clauses=("5.1",),
        name="destroyed-whole",
        says=_("Of what was destroyed no copy is left in the files of the database."),
        rows=RetentionRun,
        wrong=lambda rows: and_(not_(rows.c.complete), rows.c.at < clock.now() - GRACE),
        forged={"at": OLD, "complete": False},
        right={"at": OLD, "complete": True},
    ),
)
