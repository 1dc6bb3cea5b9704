"""The beats of background jobs: when each last ran, also where there was nothing to do.

So a sweep that had nothing to destroy can be told from one that never ran (5.6). A job
of each machine has a beat for each (`core.data.machine`); that of a machine which is taken
out of service goes a day later.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import Boolean, Integer, String, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core import clock
from neupusti.core.data.classification import Moment, impersonal
from neupusti.core.data.database import Base, db, insert, writing

OF_MACHINE = "@"
GONE = timedelta(days=1)


class JobBeat(Base):
    """The last run of one background job."""

    __tablename__ = "job_beat"

    name: Mapped[str] = mapped_column(String(40), primary_key=True, info=impersonal())
    """The job, and on which machine where each of them runs it."""
    at: Mapped[Moment]
    milliseconds: Mapped[int] = mapped_column(Integer, info=impersonal())
    ok: Mapped[bool] = mapped_column(Boolean, info=impersonal())
    """Whether it ended without an error."""


def name(job: str, machine: str = "") -> str:
    """Return the name of the beat of a job, on one machine where it is given."""
    return f"{job}{OF_MACHINE}{machine}" if machine else job


def record(job: str, *, ok: bool, milliseconds: int, machine: str = "") -> None:
    """Store that a job has run, in a transaction of its own."""
    values = {"at": clock.now(), "milliseconds": milliseconds, "ok": ok}
    with writing() as session:
        row = insert(session, JobBeat).values(name=name(job, machine), **values)
        session.execute(row.on_conflict_do_update(index_elements=["name"], set_=values))
        if machine:
            others = JobBeat.name.startswith(job + OF_MACHINE, autoescape=True)
            gone = others & (JobBeat.at < clock.now() - GONE)
            # That of the job alone is from before there were machines.
            session.execute(delete(JobBeat).where(or_(JobBeat.name == job, gone)))


def recorded() -> dict[str, JobBeat]:
    """Return the last beat of each job, on each machine, by its name."""
    return {beat.name: beat for beat in db.session.scalars(select(JobBeat))}


def of(job: str, found: Mapping[str, JobBeat]) -> list[JobBeat]:
    """Return the beats of one job, of each machine that has one."""
    return [beat for beat in found.values() if beat.name.split(OF_MACHINE)[0] == job]


def newest(found: Iterable[tuple[str, datetime]]) -> dict[str, datetime]:
    """Return when each job last ran, on whichever machine, of the names of beats."""
    last: dict[str, datetime] = {}
    for beat, at in found:
        job = beat.split(OF_MACHINE)[0]
        last[job] = max(at, last.get(job, at))
    return last
