"""The beats of background jobs: when each last ran, also where there was nothing to do.

So a sweep that had nothing to destroy can be told from one that never ran (5.6).
"""

from sqlalchemy import Boolean, Integer, String, select
from sqlalchemy.orm import Mapped, mapped_column

from neupusti.core import clock
from neupusti.core.data.classification import Moment, impersonal
from neupusti.core.data.database import Base, db, insert, writing


class JobBeat(Base):
    """The last run of one background job."""

    __tablename__ = "job_beat"

    name: Mapped[str] = mapped_column(String(40), primary_key=True, info=impersonal())
    at: Mapped[Moment]
    milliseconds: Mapped[int] = mapped_column(Integer, info=impersonal())
    ok: Mapped[bool] = mapped_column(Boolean, info=impersonal())
    """Whether it ended without an error."""


def record(name: str, *, ok: bool, milliseconds: int) -> None:
    """Store that the job `name` has run, in a transaction of its own."""
    values = {"at": clock.now(), "milliseconds": milliseconds, "ok": ok}
    with writing() as session:
        row = insert(session, JobBeat).values(name=name, **values)
        session.execute(row.on_conflict_do_update(index_elements=["name"], set_=values))


def recorded() -> dict[str, JobBeat]:
    """Return the last beat of each job, by its name."""
    return {beat.name: beat for beat in db.session.scalars(select(JobBeat))}
