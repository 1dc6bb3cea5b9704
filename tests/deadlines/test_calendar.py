"""Days off that staff enter, confirm and import, each with a source."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from neupusti.core.data.database import db, writing
from neupusti.core.deadlines import counting, register
from neupusti.core.deadlines.models import CalendarDay
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.deadlines.service import calendar
from tests import desk
from tests.conftest import SQLITE
from tests.people import BOLAT, DANA
from tests.times import Clock

OCTOBER = datetime(2026, 10, 26, 7, tzinfo=UTC)
PAGE = "/admin/deadlines/calendar"
ORDER = "Приказ № 109 от 4 сентября 2026 г."


@pytest.fixture(autouse=True)
def october(at: Clock) -> None:
    at(OCTOBER)


def days() -> list[CalendarDay]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(CalendarDay).order_by(CalendarDay.day)))


def due(received: str) -> date:
    db.session.rollback()
    moment = datetime.fromisoformat(received)
    return counting.due("RIGHTS_FIX", moment, register.calendar(db.session())).day


def duty() -> int:
    (found,) = (d for d in registry().duties if d.endpoint == "deadlines.days")
    return found.open()


@pytest.mark.clause("8.3")
@pytest.mark.manifest(field="staff_actions")
def test_staff_enter_a_day_with_its_source(app: Flask) -> None:
    dana = desk.member(DANA, Permission.PRIVACY)
    browser = desk.signed_in(app, dana)
    sent = desk.form(app, day="2027-01-06", kind="off", source=ORDER)
    answer = browser.post(PAGE, data=sent)
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?done=saved")
    (row,) = days()
    assert (row.day, row.working, row.confirmed) == (date(2027, 1, 6), False, True)
    assert (row.source, row.staff) == (ORDER, dana)
    assert due("2027-01-05T12:00+05:00") == date(2027, 1, 8)
    page = browser.get(answer.location).text
    assert ORDER in page
    assert "Сохранено" in page
    (act,) = desk.staff_actions("calendar.entered")
    assert (act.staff, act.what) == (dana, "2027-01-06 off")


@SQLITE
@pytest.mark.parametrize(
    ("field", "answer"),
    [
        ("day", ""),
        ("day", "2026-02-29"),
        ("day", "9999-12-31"),
        ("day", "2019-12-31"),
        ("kind", "holiday"),
        ("source", ""),
        ("source", "да"),
        ("source", "я" * 301),
    ],
)
def test_what_is_no_day_or_no_source_is_told(app: Flask, field: str, answer: str) -> None:
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    good = {"day": "2027-01-06", "kind": "off", "source": ORDER}
    page = browser.post(PAGE, data=desk.form(app, **{**good, field: answer}))
    assert page.status_code == 422
    assert f'id="{field}-error"' in page.text
    assert days() == []


@SQLITE
def test_a_stranger_is_refused(app: Flask) -> None:
    browser = desk.signed_in(app, desk.member(BOLAT, Permission.ORDERS))
    assert browser.get(PAGE).status_code == 403
    sent = desk.form(app, day="2027-01-06", kind="off", source=ORDER)
    assert browser.post(PAGE, data=sent).status_code == 403
    assert browser.put(PAGE).status_code == 405
    assert days() == []


def test_a_day_that_is_entered_moves_what_is_open_at_once(app: Flask) -> None:
    friday = datetime(2026, 10, 30, 7, tzinfo=UTC)
    with writing() as session:
        register.open_deadline(session, "test", "1", ["RIGHTS_FIX"], friday)
    entry = calendar.Entry(date(2026, 10, 31), working=True, source=ORDER)
    calendar.enter(entry, staff=None)
    (row,) = register.open_deadlines(db.session())
    assert (row.due, row.promised) == (date(2026, 10, 31), date(2026, 11, 2))


GOOD = (
    "2027-01-08,off,Приказ № 109\n"
    "2027-01-09,worked,Приказ № 109\n"
    "2027-05-16,off,https://muftyat.kz/\n"
)
BAD = {
    "2026-02-29,off,Приказ": "Line 2: there is no such day.",
    "2027-01-08,worked,Приказ": "Line 2: the day is there twice.",
    "9999-01-01,off,Приказ": "Line 2: the day is not between 2020-01-01 and 2028-12-31.",
    "2027-01-10,off,": "Line 2: it names no source.",
    "2027-01-10,off": "Line 2: it needs a day, off or worked, and a source.",
    "2027-01-10,holiday,Приказ": "Line 2: the day is neither off nor worked.",
}


def imported(app: Flask, folder: Path, text: str | bytes) -> Result:
    file = folder / "days.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return app.test_cli_runner().invoke(args=["calendar", "import", str(file)])


def test_a_file_is_imported_and_its_days_off_wait(app: Flask, tmp_path: Path) -> None:
    before = due("2027-01-07T12:00+05:00")
    result = imported(app, tmp_path, GOOD)
    assert (result.exit_code, result.output) == (0, "Days entered: 3.\n")
    assert [row.confirmed for row in days()] == [False] * 3
    assert due("2027-01-07T12:00+05:00") == before == date(2027, 1, 8)
    assert due("2027-01-08T12:00+05:00") == date(2027, 1, 9), "worked counts at once"
    again = imported(app, tmp_path, GOOD + "2027-07-05,off,Приказ № 109\n")
    assert again.output == "Days entered: 1.\n"


@pytest.mark.parametrize("line", BAD)
def test_one_wrong_line_keeps_the_whole_file_out(
    app: Flask, tmp_path: Path, line: str
) -> None:
    result = imported(app, tmp_path, GOOD.splitlines()[0] + f"\n{line}\n")
    assert result.exit_code == 1
    assert result.output == f"{BAD[line]}\nError: Nothing was imported.\n"
    assert days() == []


@SQLITE
@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b'"2027-01-08,off'])
def test_what_is_no_table_is_refused(app: Flask, tmp_path: Path, body: bytes) -> None:
    result = imported(app, tmp_path, body)
    assert result.exit_code == 1
    assert result.output.endswith("Error: Nothing was imported.\n")


@SQLITE
def test_a_file_does_not_undo_what_staff_know(app: Flask, tmp_path: Path) -> None:
    day = date(2027, 1, 8)
    calendar.enter(calendar.Entry(day, working=False, source=ORDER), staff=None)
    other = imported(app, tmp_path, "2027-01-08,worked,Приказ\n")
    assert other.output.startswith("Line 1: the day is entered otherwise.\n")
    assert imported(app, tmp_path, "2027-01-08,off,Приказ\n").output == "Days entered: 0.\n"
    (row,) = days()
    assert (row.source, row.confirmed) == (ORDER, True)


def confirmed(app: Flask, day: str, source: str = ORDER) -> Result:
    args = ["calendar", "confirm", day, "--source", source]
    return app.test_cli_runner().invoke(args=args)


def test_a_command_confirms_a_day_off(app: Flask, tmp_path: Path) -> None:
    imported(app, tmp_path, "2027-01-08,off,Приказ\n")
    result = confirmed(app, "2027-01-08")
    assert result.output == "2027-01-08 counts as a day off.\n"
    assert due("2027-01-07T12:00+05:00") == date(2027, 1, 11)
    (row,) = days()
    assert (row.source, row.confirmed, row.staff) == (ORDER, True, None)


@SQLITE
def test_a_command_wants_a_near_day_and_a_source(app: Flask) -> None:
    last = confirmed(app, "2029-01-01").output
    assert last == "Error: The day is not between 2020-01-01 and 2028-12-31.\n"
    assert confirmed(app, "2027-01-08", "да").output == "Error: This names no source.\n"
    assert days() == []


@pytest.fixture
def before_kurban_ait(at: Clock) -> None:
    """Sixty days before Kurban Ait of 2028 is expected."""
    at(datetime(2028, 3, 6, 7, tzinfo=UTC))


@SQLITE
@pytest.mark.usefixtures("before_kurban_ait", "seasons")
@pytest.mark.manifest(field="duties")
def test_staff_are_asked_for_the_date_of_an_estimated_holiday(app: Flask) -> None:
    expected = date(2028, 5, 5)
    assert calendar.to_confirm(expected) == [expected]
    assert duty() == 1
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    assert "5 мая 2028" in browser.get(PAGE).text
    confirmed(app, "2028-05-05")
    assert duty() == 0


@SQLITE
@pytest.mark.usefixtures("seasons")
@pytest.mark.manifest(field="duties")
def test_staff_are_asked_in_november_for_next_years_days_off(app: Flask, at: Clock) -> None:
    assert not calendar.lacks_order()
    at(datetime(2026, 10, 31, 19, tzinfo=UTC))
    assert duty() == 1
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    assert "2027" in browser.get(PAGE).text
    confirmed(app, "2027-01-01")
    assert duty() == 0
    at(datetime(2027, 11, 1, 7, tzinfo=UTC))
    assert duty() == 1
