"""Proofs about the sweep; each retention rule has one of its own (`core.term_proofs`)."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, not_, select

from neupusti.core import background, clock
from neupusti.core.background import Job
from neupusti.core.data import beats
from neupusti.core.data.beats import JobBeat
from neupusti.core.proofs.proof import EARLIER, AnyProof, Check, Looking, Proof
from neupusti.core.term_proofs import GRACE
from neupusti.retention.models import RetentionRun


class Run(NamedTuple):
    """A job and when it last ran.

    One failed run is no breach: the next follows, and the admin board names the job.
    """

    job: Job
    at: datetime | None


def _runs(looking: Looking) -> Iterator[Run]:
    found = looking.main.execute(select(JobBeat.name, JobBeat.at))
    last = beats.newest((beat.name, beat.at) for beat in found)
    for job in background.jobs():
        yield Run(job, last.get(job.name))


def _any_job() -> Job:
    return next(iter(background.jobs()))


ALL: tuple[AnyProof, ...] = (
    Check(
        clauses=("5.6",),
        name="sweeps-run",
        says=_("Each job of the site, those that destroy above all, ran when it had to."),
        items=_runs,
        wrong=lambda run: run.job.is_late(run.at, clock.now()),
        forged=lambda: Run(_any_job(), EARLIER),
        right=lambda: Run(_any_job(), clock.now()),
    ),
    Proof(
        clauses=("5.1",),
        name="destroyed-whole",
        says=_("Of what was destroyed no copy is left in the files of the database."),
        rows=RetentionRun,
        wrong=lambda rows: and_(not_(rows.c.complete), rows.c.at < clock.now() - GRACE),
        forged={"at": EARLIER, "complete": False},
        right={"at": EARLIER, "complete": True},
    ),
)
