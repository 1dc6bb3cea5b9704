"""Staff are reminded of what is due, and find it on the board."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.deadlines import register
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.registry import Registry, registry
from neupusti.core.rules import Permission
from neupusti.deadlines.service import reminding
from neupusti.retention.service import sweeps as retention
from tests import desk
from tests.conftest import SQLITE
from tests.people import AIGERIM, BOLAT, DANA
from tests.site.test_server import eventually
from tests.times import Clock

FRIDAY = datetime(2026, 11, 27, 7, tzinfo=UTC)
"""Noon in Almaty."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 30, 19, tzinfo=UTC)
NUMBER = "ZP-2026-000123-7"


@pytest.fixture(autouse=True)
def friday(at: Clock) -> None:
    at(FRIDAY)


def promise(number: str = NUMBER, code: str = "RIGHTS_FIX") -> None:
    with writing() as session:
        register.open_deadline(session, "test", number, [code], FRIDAY)


def run() -> None:
    (job,) = (one for one in registry().jobs if one.name == "deadlines")
    job.run()


def emails() -> list[OutboxEmail]:
    db.session.rollback()
    query = select(OutboxEmail).where(OutboxEmail.kind == reminding.REMINDER.name)
    return list(db.session.scalars(query.order_by(OutboxEmail.id)))


@pytest.mark.clause("8.3")
@pytest.mark.manifest(field="emails")
@pytest.mark.manifest(field="jobs")
def test_staff_are_reminded_until_it_is_answered(app: Flask, at: Clock) -> None:
    dana = desk.member(DANA, Permission.PRIVACY)
    desk.member(BOLAT, Permission.ORDERS)
    promise()
    sent: list[int] = []
    for hours in range(24 * 5):
        at(FRIDAY + hours * HOUR)
        run()
        if len(emails()) > len(sent):
            sent.append(hours)
    # At 16:00 on Friday, at 9:00 on Monday, then every morning.
    assert sent == [4, 69, 93, 117]
    assert {(one.person, one.recipient) for one in emails()} == {(dana, DANA.email)}
    first, late = emails()[0], emails()[-1]
    assert NUMBER in first.text
    assert NUMBER not in first.subject
    assert "30 ноября 2026" in first.text
    assert "/admin/deadlines/" in first.text
    assert "Срок прошёл" in late.text
    assert "Срок прошёл" not in first.text
    with writing() as session:
        register.meet(session, "test", NUMBER)
    at(FRIDAY + 10 * DAY)
    run()
    assert len(emails()) == len(sent)


@SQLITE
def test_one_email_tells_all_that_is_due(app: Flask, at: Clock) -> None:
    desk.member(DANA, Permission.PRIVACY)
    promise("one")
    promise("two")
    promise("three", "CLAIM_OTHER")
    at(FRIDAY + 4 * HOUR)
    run()
    run()
    (email,) = emails()
    assert "one:" in email.text
    assert "two:" in email.text
    assert "three" not in email.text


@SQLITE
def test_without_a_holder_those_who_give_permissions_are_told(
    app: Flask, at: Clock
) -> None:
    promise()
    at(FRIDAY + 4 * HOUR)
    run()
    assert emails() == []
    desk.member(AIGERIM, Permission.STAFF)
    at(MIDNIGHT)
    run()
    assert [one.recipient for one in emails()] == [AIGERIM.email]


@pytest.mark.clause("8.3")
def test_what_nobody_answered_is_late_for_good(app: Flask, at: Clock) -> None:
    promise()
    at(MIDNIGHT)
    run()
    with writing() as session:
        assert register.meet(session, "test", NUMBER).late


@SQLITE
@pytest.mark.manifest(field="duties")
def test_the_board_counts_what_is_due_today(app: Flask, at: Clock) -> None:
    (duty,) = (d for d in registry().duties if d.endpoint == "deadlines.board")
    promise()
    at(FRIDAY + 2 * DAY)
    assert duty.open() == 0
    at(MIDNIGHT - DAY)
    assert duty.open() == 1
    with writing() as session:
        register.meet(session, "test", NUMBER)
    assert duty.open() == 0


@pytest.fixture
def linked(app: Flask) -> Iterator[None]:
    """A kind whose page a manifest names."""
    known = registry()
    last = replace(known.features[-1], deadlines={"test": "contact.desk"})
    app.extensions["neupusti.registry"] = Registry((*known.features[:-1], last))
    yield
    app.extensions["neupusti.registry"] = known


@SQLITE
@pytest.mark.usefixtures("linked")
def test_the_page_lists_what_is_due_and_leads_there(app: Flask, at: Clock) -> None:
    promise()
    dana = desk.member(DANA, Permission.PRIVACY)
    browser = desk.signed_in(app, dana)
    page = browser.get("/admin/deadlines/").text
    assert f"/admin/contact/{NUMBER}" in page
    assert "2026-11-30" in page
    assert "в срок" in page
    at(MIDNIGHT)
    run()
    desk.sign_in(browser, dana)
    page = browser.get("/admin/deadlines/").text
    assert "срок прошёл" in page
    assert "в срок" not in page


@SQLITE
def test_a_stranger_does_not_see_what_is_due(app: Flask) -> None:
    browser = desk.signed_in(app, desk.member(BOLAT, Permission.ORDERS))
    assert browser.get("/admin/deadlines/").status_code == 403
    assert app.test_client().get("/admin/deadlines/").status_code == 303


@SQLITE
def test_a_kind_without_a_page_has_no_link(app: Flask) -> None:
    promise()
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    page = browser.get("/admin/deadlines/").text
    assert NUMBER in page
    assert f"/{NUMBER}" not in page


@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="retention")
def test_an_answered_one_goes_after_three_years(app: Flask, at: Clock) -> None:
    promise("answered")
    promise("open")
    with writing() as session:
        register.meet(session, "test", "answered")
    at(FRIDAY + 3 * 366 * DAY - HOUR)
    retention.sweep(registry().retention)
    assert register.deadline_of(db.session(), "test", "answered").met_at == FRIDAY
    db.session.rollback()
    at(FRIDAY + 3 * 366 * DAY)
    retention.sweep(registry().retention)
    db.session.rollback()
    assert [row.subject for row in register.open_deadlines(db.session())] == ["open"]


@pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True)
def test_two_machines_remind_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one waits for what the first has written, or comes too late."""
    desk.member(DANA, Permission.PRIVACY)
    promise()
    moments = count()
    monkeypatch.setattr(
        clock, "now", lambda: FRIDAY + 4 * HOUR + timedelta(microseconds=next(moments))
    )
    remind = reminding._remind  # noqa: SLF001 - between its look and its e-mail

    def run_elsewhere() -> None:
        with app.app_context():
            run()
            db.session.remove()

    other = Thread(target=run_elsewhere)

    def meanwhile(*arguments: Any) -> None:
        monkeypatch.setattr(reminding, "_remind", remind)
        other.start()
        eventually(lambda: not other.is_alive() or waits())
        remind(*arguments)

    monkeypatch.setattr(reminding, "_remind", meanwhile)
    run()
    other.join()
    assert len(emails()) == 1


def waits() -> bool:
    """Return whether some connection waits for a lock."""
    waiting = text("SELECT 1 FROM pg_locks WHERE NOT granted")
    with db.engine.connect() as connection:
        return connection.scalar(waiting) is not None
