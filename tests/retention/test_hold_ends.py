"""How a hold that staff placed ends: with its day, unseconded, and during a block."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import Cause
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.data.halting import DESTROY
from neupusti.core.records.holds import WAIT, PlacedHold
from neupusti.core.rules import Permission
from neupusti.retention.service import hourly, placing
from neupusti.retention.service.errors import (
    ENDED,
    LAST_DAY,
    NO_DOCUMENT,
    NO_LAW,
    NO_REASON,
    REVIEW_LIMIT,
    SAME,
    HoldError,
)
from tests import desk
from tests.conftest import SQLITE
from tests.people import AIGERIM, DANA
from tests.retention.test_holds import DAY, REVIEW, asked_for_destruction, one, wish
from tests.times import NOON, Clock

LAST = date(2027, 1, 10)


@pytest.mark.clause("5.1")
def test_a_hold_is_released_a_week_after_its_last_day(app: Flask, at: Clock) -> None:
    at(NOON)
    placing.place(wish(person=desk.person(AIGERIM), until=LAST), 4)
    ended = NOON + 50 * DAY + placing.LATE
    at(ended - DAY)
    hourly.run()
    assert one().released_at is None
    at(ended)
    hourly.run()
    assert (one().released_at, one().released_by) == (ended, None)


def test_a_hold_that_nobody_seconded_is_over_and_released(app: Flask, at: Clock) -> None:
    at(NOON)
    person = desk.person(AIGERIM)
    asked_for_destruction(person)
    hold = placing.place(wish(person=person), 4)
    at(NOON + WAIT)
    with pytest.raises(HoldError) as refused:
        placing.second(hold.code, 5)
    assert refused.value.message == ENDED
    with pytest.raises(HoldError) as refused:
        placing.review(hold.code, 5, REVIEW, "Дело не закрыто")
    assert refused.value.message == ENDED
    hourly.run()
    assert one().released_at is None
    at(NOON + WAIT + placing.LATE)
    hourly.run()
    assert one().released_at == NOON + WAIT + placing.LATE


@SQLITE
def test_staff_are_not_asked_to_second_a_hold_that_is_over(app: Flask, at: Clock) -> None:
    at(NOON)
    person = desk.person(AIGERIM)
    asked_for_destruction(person)
    hold = placing.place(wish(person=person), 4)
    staff, page = desk.member(DANA, Permission.PRIVACY), f"/en/admin/holds/{hold.code}"
    for moment, asks in ((NOON, True), (NOON + WAIT, False)):
        at(moment)
        dana = desk.signed_in(app, staff)
        assert ("A colleague has to agree" in dana.get(page).text) is asks
        listed = dana.get("/en/admin/holds/").text
        assert (hold.code in listed, "waits for a colleague" in listed) == (True, asks)


@SQLITE
def test_staff_do_not_keep_a_hold_whose_last_day_is_past(app: Flask, at: Clock) -> None:
    """They were told that it is saved, and it kept nothing."""
    at(NOON)
    hold = placing.place(wish(person=desk.person(AIGERIM), until=LAST), 4)
    staff, page = desk.member(DANA, Permission.PRIVACY), f"/en/admin/holds/{hold.code}"
    for moment, is_over in ((NOON + 49 * DAY, False), (NOON + 50 * DAY, True)):
        at(moment)
        dana = desk.signed_in(app, staff)
        shown, listed = dana.get(page).text, dana.get("/en/admin/holds/").text
        assert ("keeps nothing" in shown, "has ended" in listed) == (is_over, is_over)
        assert ("Is it still needed?" in shown) is not is_over
        form = desk.form(app, review=REVIEW.isoformat(), reason="Дело не закрыто")
        answer = dana.post(f"{page}/review", data=form)
        assert answer.status_code == (422 if is_over else 303)


@pytest.mark.clause("6.1.3")
def test_nobody_puts_a_destruction_off_alone_by_one_hold_after_another(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    person = desk.person(AIGERIM)
    asked_for_destruction(person)
    placing.place(wish(person=person), 4)
    for later in (2 * DAY, WAIT):
        at(NOON + later)
        with pytest.raises(HoldError) as refused:
            placing.place(wish(person=person, document="№ 13"), 4)
        assert refused.value.message == SAME
    assert one().has_ended
    second = placing.place(wish(person=person, document="№ 13"), 5)
    placing.second(second.code, 4)
    third = placing.place(wish(person=person, document="№ 14"), 5)
    assert third.needs_second


def test_a_halted_site_releases_nothing(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, DESTROY, 0)
    at(NOON)
    placing.place(wish(person=desk.person(AIGERIM), until=LAST), 4)
    at(NOON + 400 * DAY)
    hourly.run()
    assert one().released_at is None


def test_a_hold_on_somebody_blocked_is_placed_decided_and_ends(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    person = desk.person(AIGERIM)
    asked_for_destruction(person)
    with writing() as session:
        blocks.open_block(session, Whose(person=person), by=Cause.PERSON)
    dated = placing.place(wish(person=person, until=LAST), 4)
    placing.second(dated.code, 5)
    placing.review(dated.code, 5, REVIEW, "Дело не закрыто")
    released = placing.place(wish(person=person), 4)
    placing.release(released.code, 5, "Дело закрыто")
    at(NOON + 60 * DAY)
    hourly.run()
    db.session.rollback()
    assert set(db.session.scalars(select(PlacedHold.released_at))) == {
        NOON,
        NOON + 60 * DAY,
    }


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--person", "1", "--until", "2026-11-22"], LAST_DAY),
        (["--person", "1", "--review", "2026-11-22"], REVIEW_LIMIT),
        (["--person", "1", "--review", "0001-01-01"], REVIEW_LIMIT),
        (["--person", "1", "--law", " "], NO_LAW),
        (["--person", "1", "--document", ""], NO_DOCUMENT),
        (["--person", "1", "--reason", ""], NO_REASON),
        (["--person", "1", "--law", "а" * 121], "120"),
        (["--person", "1", "--document", "а" * 121], "120"),
        (["--person", str(2**63)], "not in the range"),
    ],
)
def test_no_command_places_a_hold_that_holds_nothing(
    app: Flask, at: Clock, options: list[str], says: object
) -> None:
    at(NOON)
    desk.person(AIGERIM)
    named = ["--law", "УПК", "--document", "№ 12", "--reason", "Следствие"]
    args = ["holds", "place", *named, "--review", "2027-01-10", *options]
    refused = app.test_cli_runner().invoke(args=args)
    assert (refused.exit_code == 0, str(says) in refused.output) == (False, True)
    assert db.session.scalars(select(PlacedHold)).all() == []
