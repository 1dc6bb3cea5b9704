from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from neupusti.core.deadlines import register
from neupusti.core.deadlines.models import Deadline
from neupusti.core.proofs.models import ProofRun
from neupusti.core.proofs.proof import Looking, State
from neupusti.core.proofs.running import run_one
from neupusti.core.registry import registry
from neupusti.deadlines.service import calendar
from neupusti.deadlines.service.calendar import Entry
from tests.proofs.planting import Plant, all_turn_red, sql
from tests.proofs.rows import NOW, disarmed, row

OPEN = {
    "kind": "rights",
    "code": "RIGHTS_ANSWER",
    "received_at": NOW,
    "due": "2026-11-25",
    "promised": "2026-12-31",
}
"""Received on a Sunday, with three working days to answer."""


def deadline(**values: object) -> Plant:
    """Return the plant of an open deadline, as the calendar in use would count it."""

    def statement(connection: Connection) -> None:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            digest = register.calendar(session).digest
        connection.execute(text(row(Deadline, **{**OPEN, "calendar": digest, **values})))

    return sql(statement)


@contextmanager
def unknown_year() -> Iterator[Looking]:
    """Let nobody have looked for the order on the days off of a year of this site."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(calendar, "has_order", lambda _session, _year: False)
        with sql(row(ProofRun, at="2025-12-31 18:59:59"))() as looking:
            yield looking


PLANTS = {
    "promises-by-the-law": deadline(due="2026-11-26"),
    "late-answers-marked": deadline(due="2026-11-21"),
    "days-off-known": unknown_year,
    "promises-kept": disarmed("deadline", "deadline_promised"),
}


def test_each_plant_turns_exactly_its_proof_red(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    all_turn_red(PLANTS)


def state_of(name: str, plant: Plant) -> State:
    proof = next(one for one in registry().proofs if one.name == name)
    with plant() as looking:
        return run_one(proof, looking).state


def test_a_promise_of_another_calendar_waits_for_its_job(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(NOW)
    name = "promises-by-the-law"
    assert state_of(name, deadline()) is State.HOLDS
    other = deadline(due="2026-11-26", calendar="0" * 64)
    assert state_of(name, other) is State.NOTHING


END = datetime(2026, 11, 25, 19, tzinfo=UTC)
"""When the 25th ends in Almaty."""


@pytest.mark.parametrize(
    ("now", "values", "state"),
    [
        (END + timedelta(hours=2, seconds=-1), {}, State.HOLDS),
        (END + timedelta(hours=2), {}, State.BROKEN),
        (END + timedelta(hours=2), {"late": True}, State.HOLDS),
        (END + timedelta(days=9), {"met_at": END - timedelta(seconds=1)}, State.HOLDS),
        (END + timedelta(days=9), {"met_at": END}, State.BROKEN),
    ],
)
def test_what_is_late_is_marked_within_two_hours(
    app: Flask,
    at: Callable[[datetime], None],
    now: datetime,
    values: dict[str, object],
    state: State,
) -> None:
    at(now)
    assert state_of("late-answers-marked", deadline(**values)) is state


@pytest.mark.usefixtures("seasons")
def test_the_days_off_of_a_year_are_known_by_20_december(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    """The red stays over the turn of the year, until somebody has looked."""
    begun = sql(row(ProofRun, at="2026-11-22 07:00:00"))
    found = []
    for day in (date(2026, 12, 19), date(2026, 12, 20), date(2027, 1, 9)):
        at(datetime(day.year, day.month, day.day, 7, tzinfo=UTC))
        found.append(state_of("days-off-known", begun))
    assert found == [State.HOLDS, State.BROKEN, State.BROKEN]
    entry = Entry(date(2027, 1, 8), working=False, source="Order 1 of 1 December 2026")
    calendar.enter(entry, staff=None)
    assert state_of("days-off-known", begun) is State.HOLDS


@pytest.mark.usefixtures("seasons")
def test_a_site_answers_for_no_year_in_which_it_began(
    app: Flask, at: Callable[[datetime], None]
) -> None:
    at(datetime(2027, 1, 9, 7, tzinfo=UTC))
    assert state_of("days-off-known", sql(row(ProofRun, at="2027-01-01"))) is State.HOLDS
