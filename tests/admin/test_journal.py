"""The journals: filters, pages, hash chain, logged exports."""

import csv
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from neupusti.admin import service
from neupusti.core import clock
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.records import journal
from neupusti.core.records.head import BrokenChainError
from neupusti.core.records.journal import (
    Actor,
    ActorKind,
    Operation,
    ProcessingRecord,
    StaffAction,
    log_processing,
    log_staff_action,
)
from neupusti.core.registry import registry
from neupusti.core.text.csv import csv_text, plain
from neupusti.staff.queries import OPENED
from neupusti.staff.service.access_audit import SEARCHED
from tests import desk

PAGE = "/en/admin/journal/"
WHY = "For the yearly check"
ROWS = re.compile(r'<tr>\s*<td class="number">(\d+)</td>')
OFF = {
    "sqlite": "DROP TRIGGER staff_action_no_update",
    "postgresql": "ALTER TABLE staff_action DISABLE TRIGGER USER",
}


def acted(staff: int | None = 1, person: int | None = 7, **more: object) -> None:
    values = {"action": OPENED, "operation": Operation.ACCESS, "reason": WHY}
    with writing() as session:
        log_staff_action(session, staff=staff, person=person, **{**values, **more})  # type: ignore[arg-type]


def count(browser: FlaskClient, query: str) -> int:
    return len(ROWS.findall(browser.get(f"{PAGE}?{query}").text))


def test_the_journal_says_who_what_whom_and_why(browser: FlaskClient, dana: int) -> None:
    acted(staff=dana)
    page = browser.get(PAGE).text
    assert "Пример Дана" in page
    assert "Opened a person" in page
    assert 'href="/en/admin/people/7"' in page
    assert WHY in page
    assert "is sound" in page


def test_the_filters_narrow_it(browser: FlaskClient, dana: int) -> None:
    for person in (7, 7, 8):
        acted(staff=dana, person=person)
    acted(staff=None, action=SEARCHED, person=None)
    assert count(browser, f"who={dana}") == 3
    assert count(browser, "whom=8") == 1
    assert count(browser, "what=people.searched") == 1
    assert count(browser, f"who={dana}&whom=7&what=people.opened") == 2
    assert count(browser, "who=12345678901234&whom=x&since=never") == len(
        desk.staff_actions()
    )


def test_a_filter_that_names_nothing_filters_nothing(browser: FlaskClient) -> None:
    acted()
    every = count(browser, "")
    for query in ("until=9999-12-31", "since=0001-01-01", "until=2026-02-30"):
        assert count(browser, query) == every


def test_an_export_of_what_no_row_can_hold_is_empty(
    app: Flask, browser: FlaskClient
) -> None:
    answer = browser.post(
        f"{PAGE}export", data=desk.form(app, reason=WHY, what="people.\0none")
    )
    assert answer.status_code == 200
    assert len(answer.text.splitlines()) == 1


def test_days_begin_at_midnight_in_almaty(
    browser: FlaskClient, at: object, dana: int
) -> None:
    today, late = clock.now(), datetime(2026, 11, 10, 18, 59, tzinfo=UTC)
    for moment in (late, late + timedelta(minutes=1)):
        at(moment)  # type: ignore[operator]
        acted(action=SEARCHED, person=None)
    at(today)  # type: ignore[operator]
    asked = "what=people.searched"
    assert count(browser, f"{asked}&since=2026-11-11") == 1
    assert count(browser, f"{asked}&until=2026-11-10") == 1
    assert count(browser, f"{asked}&since=2026-11-10&until=2026-11-11") == 2


def test_what_the_site_did_is_the_other_journal(browser: FlaskClient) -> None:
    with writing() as session:
        for person in (7, 8):
            record = ProcessingRecord(
                operation=Operation.COLLECTION,
                what="registration",
                why=Purpose.ACCOUNT,
                person=person,
                actor=Actor(ActorKind.PERSON, person),
            )
            log_processing(session, record)
    page = browser.get(f"{PAGE}?book=site&whom=8").text
    assert len(ROWS.findall(page)) == 1
    assert "the person" in page
    assert "#c4.1.6" in page


def test_long_journals_come_in_pages(browser: FlaskClient, dana: int) -> None:
    for _ in range(55):
        acted(staff=dana)
    asked = "what=people.opened"
    assert count(browser, asked) == 50
    assert count(browser, f"{asked}&page=2") == count(browser, f"{asked}&page=99") == 5


def forge(reason: str) -> None:
    with writing() as session:
        session.execute(text(OFF[db.engine.dialect.name]))
        change = text(
            "UPDATE staff_action SET reason = :reason WHERE action = 'people.opened'"
        )
        session.execute(change, {"reason": reason})


@pytest.mark.manifest(field="duties")
def test_a_forged_row_is_seen_at_once(app: Flask, browser: FlaskClient) -> None:
    acted()
    assert app.test_cli_runner().invoke(args=["journal", "verify"]).exit_code == 0
    forge("another reason")
    assert "The chain is broken" in browser.get(PAGE).text
    assert "1 item is open" in browser.get("/en/admin/").text
    answer = app.test_cli_runner().invoke(args=["journal", "verify"])
    assert answer.exit_code == 1
    assert "act" in answer.output


@pytest.mark.manifest(field="jobs")
def test_the_site_moves_the_head_of_the_journal_by_itself(app: Flask) -> None:
    """No operator has to verify the journal before its end can be missed."""
    (job,) = [job for job in registry().jobs if job.name == "journal-head"]
    for reason in ("first", "the newest"):
        acted(reason=reason)
        job.run()
    db.session.rollback()
    cut_end()
    with pytest.raises(BrokenChainError, match="is gone or another"):
        job.run()
    answer = app.test_cli_runner().invoke(args=["journal", "verify"])
    assert (answer.exit_code, "is gone or another" in answer.output) == (1, True)


def test_the_head_does_not_move_over_a_forged_row(app: Flask) -> None:
    journal.keep_head()
    acted()
    forge("another reason")
    with pytest.raises(BrokenChainError, match="not what was chained"):
        journal.keep_head()
    kept = journal.HEAD.kept()
    assert kept is not None
    assert kept.id == 0


def cut_end(where: str = "WHERE id = (SELECT max(id) FROM staff_action)") -> None:
    """Delete the newest act, or others, past the triggers."""
    off = OFF[db.engine.dialect.name].replace("no_update", "no_delete")
    with writing() as session:
        session.execute(text(off))
        for table, key in (("act_words", "act"), ("staff_action", "id")):
            gone = where.replace("id =", f"{key} =")
            session.execute(text(f"DELETE FROM {table} {gone}"))  # noqa: S608 - ours


@pytest.mark.parametrize("cut", [cut_end, lambda: cut_end("")], ids=["end", "all"])
def test_a_journal_whose_end_was_cut_off_is_seen(
    app: Flask, browser: FlaskClient, cut: Callable[[], None]
) -> None:
    acted()
    acted(reason="the newest")
    db.session.rollback()
    assert app.test_cli_runner().invoke(args=["journal", "verify"]).exit_code == 0
    cut()
    answer = app.test_cli_runner().invoke(args=["journal", "verify"])
    assert answer.exit_code == 1
    assert "is gone or another" in answer.output
    assert "The chain is broken" in browser.get(PAGE).text


def export(app: Flask, browser: FlaskClient, **fields: object) -> list[list[str]]:
    answer = browser.post(f"{PAGE}export", data=desk.form(app, reason=WHY, **fields))
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "text/csv"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return [*csv.reader(StringIO(answer.text.removeprefix("\ufeff")))]


def test_an_export_is_on_the_record(app: Flask, browser: FlaskClient, dana: int) -> None:
    for person in (7, 8):
        acted(staff=dana, person=person)
    table = export(app, browser, whom="8")
    assert table[0] == [*service.COLUMNS[StaffAction]]
    assert len(table) == 2
    assert WHY in table[1]
    (taken,) = desk.staff_actions("journal.exported")
    assert (taken.staff, taken.what, taken.reason) == (dana, "1 rows", WHY)
    assert len(export(app, browser, book="site")) == 1


def test_no_cell_of_an_export_is_a_formula(app: Flask, browser: FlaskClient) -> None:
    hostile = [
        "=1+1",
        "+7",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "＝1",
        '=HYPERLINK("x","y")',
    ]
    for reason in hostile:
        acted(reason=reason)
    cells = [row[7] for row in export(app, browser, what="people.opened")[1:]]
    assert len(cells) == len(hostile)
    assert all(cell.startswith("'") for cell in cells)


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t1", "\r1", "\0=1", "\n=1"])
def test_what_a_program_would_calculate_is_text(cell: str) -> None:
    assert plain(cell).startswith("'")
    assert "\0" not in plain(cell)


def test_other_cells_stay_as_they_are() -> None:
    exported = csv_text(["a", "b"], [[1, None], ['x"y', "а,б\nв"]])
    assert exported == '\ufeffa,b\r\n1,\r\n"x""y","а,б\nв"\r\n'


def test_an_export_asks_for_the_password_again(app: Flask, dana: int) -> None:
    browser = desk.signed_in(app, dana, recent=False)
    assert "Confirm that it is you" in browser.get(PAGE).text
    answer = browser.post(f"{PAGE}export", data=desk.form(app, reason=WHY))
    assert answer.status_code == 303
    assert "/account/reauthenticate" in answer.headers["Location"]
    assert desk.staff_actions("journal.exported") == []


def test_an_export_wants_a_reason(app: Flask, browser: FlaskClient) -> None:
    answer = browser.post(f"{PAGE}export", data=desk.form(app))
    assert answer.status_code == 422
    assert desk.staff_actions("journal.exported") == []


def test_nobody_takes_everything_at_once(
    app: Flask, browser: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MAX_EXPORT_ROWS", 2)
    for _ in range(3):
        acted()
    form = desk.form(app, reason=WHY, what="people.opened")
    answer = browser.post(f"{PAGE}export", data=form)
    assert answer.status_code == 422
    assert "narrow the dates" in answer.text
    assert desk.staff_actions("journal.exported") == []


def test_the_journal_shows_the_time_zone_of_the_site(
    browser: FlaskClient, at: object
) -> None:
    moment = clock.now() - timedelta(minutes=2)
    at(moment)  # type: ignore[operator]
    acted()
    local = moment.astimezone(clock.ALMATY)
    assert f"{local:%Y-%m-%d %H:%M}" in browser.get(PAGE).text
