"""Proofs about promises: none is later than the law, none is missed in silence."""

from collections.abc import Iterator
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.deadlines import counting, register
from neupusti.core.deadlines.models import Deadline
from neupusti.core.proofs import triggers
from neupusti.core.proofs.models import ProofRun
from neupusti.core.proofs.proof import EARLIER, LATER, AnyProof, Check, Looking
from neupusti.core.records.chain import BATCH
from neupusti.core.term_proofs import GRACE
from neupusti.deadlines.service import calendar

AHEAD = timedelta(days=12)
"""Before a year begins its days off have to be known: from 20 December on."""


class Promise(NamedTuple):
    """The last day that was promised, and the one that is counted now."""

    due: date
    counted: date


class Answer(NamedTuple):
    """When an answer was due, when it was given, and whether it is marked as late."""

    due_at: datetime
    met_at: datetime | None
    late: bool


class Year(NamedTuple):
    """A year that has to be known by now, and in which one this site began."""

    number: int
    began: int
    known: bool
    """Whether staff have looked for the order on its days off."""


def _promises(looking: Looking) -> Iterator[Promise]:
    """Yield what is open; what another calendar counted waits for the job (5.6)."""
    with Session(looking.main) as session:
        days = register.calendar(session)
        rows = register.open_deadlines(session)
        for row in rows:
            if row.calendar == days.digest:
                counted = counting.due(row.code, row.received_at, days)
                yield Promise(row.due, counted.day)


def _answers(looking: Looking) -> Iterator[Answer]:
    rows = select(Deadline.due, Deadline.met_at, Deadline.late)
    for row in looking.main.execute(rows.execution_options(yield_per=BATCH)):
        yield Answer(counting.end_of(row.due), row.met_at, row.late)


def _is_concealed(answer: Answer) -> bool:
    """Return whether nothing says that an answer is late, or was."""
    late = (answer.met_at or clock.now() - GRACE) >= answer.due_at
    return late and not answer.late


def _years(looking: Looking) -> Iterator[Year]:
    number = (clock.today() + AHEAD).year
    first = looking.main.scalar(select(func.min(ProofRun.at))) or clock.now()
    began = first.astimezone(clock.ALMATY).year
    with Session(looking.main) as session:
        yield Year(number, began, calendar.has_order(session, number))


ALL: tuple[AnyProof, ...] = (
    Check(
        clauses=("8.3",),
        name="promises-by-the-law",
        says=_("No answer is promised for a later day than the term ends on."),
        items=_promises,
        wrong=lambda promise: promise.due > promise.counted,
        forged=lambda: Promise(LATER.date(), EARLIER.date()),
        right=lambda: Promise(EARLIER.date(), EARLIER.date()),
        seconds=10.0,
    ),
    Check(
        clauses=("8.3",),
        name="late-answers-marked",
        says=_("Each answer that was late, or still is, is marked as such."),
        items=_answers,
        wrong=_is_concealed,
        forged=lambda: Answer(EARLIER, EARLIER, late=False),
        right=lambda: Answer(EARLIER, EARLIER, late=True),
        seconds=10.0,
    ),
    Check(
        clauses=("8.3",),
        name="days-off-known",
        says=_(
            "The days off of a year are looked up in the orders of the government by 20 "
            "December of the year before."
        ),
        items=_years,
        wrong=lambda year: year.began < year.number and not year.known,
        forged=lambda: Year(MAXYEAR, MINYEAR, known=False),
        right=lambda: Year(MAXYEAR, MINYEAR, known=True),
    ),
    triggers.kept_check(
        ("deadline",),
        clauses=("8.3",),
        name="promises-kept",
        says=_("The database itself refuses to move a promise to a later day."),
    ),
)
