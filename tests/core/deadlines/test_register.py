"""What is promised stays: only earlier, met once, late for good."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError, NoResultFound

from neupusti.core.data.database import db, writing
from neupusti.core.deadlines import register, terms
from neupusti.core.deadlines.models import CalendarDay, Deadline
from neupusti.core.deadlines.terms import UnknownTermError
from tests.times import Clock

FRIDAY = datetime(2026, 11, 27, 7, tzinfo=UTC)
"""Noon of a Friday in Almaty."""
MONDAY, TUESDAY, THURSDAY = (date(2026, 11, 30) + timedelta(n) for n in (0, 1, 3))
SATURDAY = date(2026, 11, 28)
KIND, NUMBER = "test", "ЗП-2026-000123-7"
BREAKS = (
    "promised = '2026-12-03'",
    "due = '2026-12-01'",
    "received_at = '2026-11-28 07:00:00'",
    "start = '2026-11-28'",
    "code = 'CLAIM_OTHER'",
    "version = 'longer'",
    "subject = 'another'",
    "kind = 'other'",
    "id = id + 1",
)


@pytest.fixture(autouse=True)
def friday(at: Clock) -> None:
    at(FRIDAY)


def opened(*codes: str, received_at: datetime = FRIDAY) -> Deadline:
    given = codes or ["RIGHTS_FIX"]
    with writing() as session:
        row = register.open_deadline(session, KIND, NUMBER, given, received_at)
        assert row.subject == NUMBER
    return stored()


def stored() -> Deadline:
    db.session.rollback()
    db.session.expire_all()
    return register.deadline_of(db.session(), KIND, NUMBER)


def met(moment: datetime | None = None) -> Deadline:
    with writing() as session:
        assert register.meet(session, KIND, NUMBER, moment).met_at
    return stored()


def known(day: date, *, working: bool = False, confirmed: bool = True) -> None:
    """Let staff know a day, in place of what they knew of it."""
    values = {"working": working, "confirmed": confirmed, "source": "Приказ", "at": FRIDAY}
    with writing() as session:
        session.merge(CalendarDay(day=day, **values))


def counted_again() -> int:
    with writing() as session:
        return register.count_again(session)


@pytest.mark.clause("8.3")
def test_a_deadline_is_stored_with_what_it_was_counted_by(app: Flask) -> None:
    row = opened("RIGHTS_ANSWER", "RIGHTS_FIX")
    assert (row.code, row.version) == ("RIGHTS_FIX", "1 working day from receipt")
    assert (row.start, row.due, row.promised) == (FRIDAY.date(), MONDAY, MONDAY)
    assert row.due_at == datetime(2026, 11, 30, 19, tzinfo=UTC)
    assert row.target_at == FRIDAY + (row.due_at - FRIDAY) / 2
    assert row.calendar == register.calendar(db.session()).digest
    assert (row.met_at, row.late) == (None, False)


def test_the_first_deadline_of_a_subject_stays(app: Flask) -> None:
    first = opened().id
    again = opened("CLAIM_OTHER", received_at=FRIDAY + timedelta(days=3))
    assert (again.id, again.code, again.received_at) == (first, "RIGHTS_FIX", FRIDAY)
    assert [row.id for row in register.open_deadlines(db.session())] == [first]


def test_an_unknown_term_or_subject_is_an_error(app: Flask) -> None:
    with pytest.raises(UnknownTermError):
        opened("NOTHING")
    with pytest.raises(NoResultFound):
        met()


def test_only_the_first_answer_counts(app: Flask, at: Clock) -> None:
    opened()
    at(FRIDAY + timedelta(hours=1))
    assert met().met_at == FRIDAY + timedelta(hours=1)
    at(FRIDAY + timedelta(days=30))
    assert met().met_at == FRIDAY + timedelta(hours=1)
    assert not stored().late
    assert counted_again() == 0
    assert register.open_deadlines(db.session()) == []


@pytest.mark.parametrize(("seconds", "late"), [(-1, False), (0, True)])
def test_an_answer_is_late_from_midnight_on(app: Flask, seconds: int, late: bool) -> None:  # noqa: FBT001 - a value of the table
    due_at = opened().due_at
    assert met(due_at + timedelta(seconds=seconds)).late is late


def test_what_is_late_stays_late(app: Flask, at: Clock) -> None:
    due_at = opened().due_at
    at(due_at - timedelta(seconds=1))
    counted_again()
    assert not stored().late
    at(due_at)
    counted_again()
    assert stored().late
    assert met(due_at - timedelta(hours=1)).late


def test_what_came_long_ago_is_late_at_once(app: Flask, at: Clock) -> None:
    at(datetime(2026, 11, 30, 19, tzinfo=UTC))
    row = opened()
    assert row.late
    assert row.remind_at == datetime(2026, 12, 1, 4, tzinfo=UTC), "9:00 in Almaty"


@pytest.mark.clause("8.3")
def test_a_worked_day_moves_what_is_open_and_a_day_off_does_not(app: Flask) -> None:
    assert opened().due == MONDAY
    known(MONDAY)
    assert counted_again() == 0
    assert stored().due == MONDAY, "a later day is never taken"
    known(SATURDAY, working=True, confirmed=False)
    assert counted_again() == 1
    row = stored()
    assert (row.due, row.promised) == (SATURDAY, MONDAY)
    assert row.target_at == FRIDAY + (row.due_at - FRIDAY) / 2
    assert row.calendar == register.calendar(db.session()).digest
    known(SATURDAY, working=False)
    assert counted_again() == 0
    assert stored().due == SATURDAY


def test_what_moves_earlier_is_reminded_of_earlier(app: Flask) -> None:
    before = opened("RIGHTS_ANSWER")
    half = FRIDAY + (before.due_at - FRIDAY) / 2
    assert before.remind_at == half
    known(SATURDAY, working=True)
    assert counted_again() == 1
    assert stored().remind_at == half - timedelta(hours=12)


@pytest.mark.parametrize(("amount", "moved"), [(1, 1), (5, 0)])
def test_a_stricter_law_moves_what_is_open_and_a_laxer_one_does_not(
    app: Flask, monkeypatch: pytest.MonkeyPatch, amount: int, moved: int
) -> None:
    code = "RIGHTS_ANSWER"
    due = opened(code).due
    changed = replace(terms.term(code), amount=amount)
    monkeypatch.setitem(terms.terms(), code, changed)
    assert counted_again() == moved
    assert stored().due == (MONDAY if moved else due)
    assert stored().version == "3 working day from receipt"


def test_a_day_off_counts_for_what_comes_once_it_is_confirmed(app: Flask) -> None:
    known(MONDAY, confirmed=False)
    assert opened().due == MONDAY
    known(MONDAY)
    with writing() as session:
        row = register.open_deadline(session, KIND, "second", ["RIGHTS_FIX"], FRIDAY)
        assert row.due == TUESDAY


@pytest.mark.clause("8.3")
@pytest.mark.parametrize("change", BREAKS)
def test_the_database_keeps_a_promise(app: Flask, change: str) -> None:
    opened()
    with pytest.raises(DatabaseError, match=r"later day|promised"), writing() as session:
        session.execute(text(f"UPDATE deadline SET {change}"))  # noqa: S608 - our own
    assert stored().due == MONDAY


def test_the_database_lets_it_move_earlier_and_be_met_once(app: Flask) -> None:
    opened()
    with writing() as session:
        session.execute(text("UPDATE deadline SET due = '2026-11-28'"))
    with pytest.raises(DatabaseError, match="later day"), writing() as session:
        session.execute(text("UPDATE deadline SET due = '2026-11-29'"))
    with pytest.raises(DatabaseError, match="later day"), writing() as session:
        session.execute(text("DELETE FROM deadline"))
    met(FRIDAY + timedelta(days=30))
    for change in ("met_at = NULL", "met_at = '2026-11-27 08:00:00'", "late = false"):
        with pytest.raises(DatabaseError, match="later day"), writing() as session:
            session.execute(text(f"UPDATE deadline SET {change}"))  # noqa: S608 - our own
    with writing() as session:
        session.execute(text("DELETE FROM deadline"))


def test_a_row_that_is_due_later_than_promised_is_refused(app: Flask) -> None:
    row = opened()
    values = {c.key: getattr(row, c.key) for c in Deadline.__table__.columns}
    values |= {"id": row.id + 1, "subject": "second", "due": THURSDAY}
    with pytest.raises(DatabaseError, match="promised"), writing() as session:
        session.add(Deadline(**values))
