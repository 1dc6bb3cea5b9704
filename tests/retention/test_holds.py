"""Holds that staff place: by whom, on what, how long, and how they end."""

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from werkzeug.test import TestResponse

from neupusti.core.data.database import db, writing
from neupusti.core.records import decision_file, decisions
from neupusti.core.records.decisions import Decision
from neupusti.core.records.holds import PlacedHold
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.orders.models.order import ShopOrder
from neupusti.retention import queries
from neupusti.retention.service import placing
from neupusti.retention.service.errors import SAME, WITH_ADDRESS, HoldError
from neupusti.retention.service.placing import Wish
from neupusti.rights.models import DataRequest
from tests import desk
from tests.conftest import SQLITE
from tests.orders import cast
from tests.people import AIGERIM, BOLAT, DANA, YERLAN
from tests.proofs.rows import row
from tests.times import NOON, Clock

DAY = timedelta(days=1)
REVIEW = (NOON + 90 * DAY).date()
ASKED = {"number": "NZ-1", "kind": "destroy", "received_at": NOON.isoformat(" ")}
FORM = {
    "law": "УПК РК, статья 220",
    "document": "№ 12 от 1 ноября 2026",
    "reason": "Следствие по делу о краже",
    "review": REVIEW.isoformat(),
}


def wish(**given: object) -> Wish:
    values = {"law": "УПК", "document": "№ 12", "reason": "Следствие", "review": REVIEW}
    return Wish(**{**values, **given})  # type: ignore[arg-type]


def one() -> PlacedHold:
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(PlacedHold)).one()


def asked_for_destruction(person: int) -> None:
    """Store an open request for destruction, of a kind that an earlier feature lacks."""
    with writing() as session:
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("PRAGMA ignore_check_constraints = ON"))
        session.execute(text(row(DataRequest, id=1, **ASKED, person=person)))
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("PRAGMA ignore_check_constraints = OFF"))


class Desk:
    """The browser of a member of staff."""

    def __init__(self, app: Flask, who: FlaskClient) -> None:
        self.app, self.browser = app, who

    def post(self, path: str, **fields: object) -> TestResponse:
        return self.browser.post(f"/en{path}", data=desk.form(self.app, **fields))


@pytest.fixture
def dana(app: Flask, at: Clock) -> Desk:
    at(NOON)
    number = desk.member(DANA, Permission.PRIVACY)
    return Desk(app, desk.signed_in(app, number))


@SQLITE
@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="staff_actions")
def test_staff_place_a_hold_look_at_it_and_release_it(
    app: Flask, dana: Desk, at: Clock
) -> None:
    person = desk.person(AIGERIM)
    answer = dana.post("/admin/holds/new", **FORM, person=person)
    hold = one()
    assert answer.location == f"/en/admin/holds/{hold.code}?done=placed"
    assert (hold.person, hold.number, hold.review, hold.until) == (
        person,
        None,
        REVIEW,
        None,
    )
    page = dana.browser.get(answer.location).text
    assert "УПК РК, статья 220" in page
    assert hold.code in dana.browser.get("/en/admin/holds/").text
    later = (NOON + 120 * DAY).date()
    where = f"/admin/holds/{hold.code}"
    dana.post(f"{where}/review", review=later.isoformat(), reason="Дело не закрыто")
    assert one().review == later
    answer = dana.post(f"{where}/release", reason="Дело закрыто")
    assert answer.status_code == 303
    assert one().released_at == NOON
    assert "Released" in dana.browser.get("/en/admin/holds/").text
    acts = [
        act.action for act in desk.staff_actions() if act.action.startswith("retention")
    ]
    assert acts == ["retention.placed", "retention.reviewed", "retention.released"]
    answer = dana.post(f"{where}/release", reason="Ещё раз всё")
    assert (answer.status_code, "released already" in answer.text) == (422, True)


@SQLITE
@pytest.mark.clause("5.1")
def test_a_hold_can_be_on_one_order(app: Flask, dana: Desk) -> None:
    number = cast.placed((cast.product("T-1"), 1)).number
    assert dana.post("/admin/holds/new", **FORM, order=number.lower()).status_code == 303
    assert (one().number, one().person) == (number, None)
    table = ShopOrder.__table__
    holds = registry().holds_of(table)  # type: ignore[arg-type]
    assert "placed-order" in {hold.code for hold in holds}


@SQLITE
@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "a hold is on one"),
        ({"person": "1", "order": "NP-261122-7K3F-5"}, "a hold is on one"),
        ({"person": "*"}, "Nobody has this number."),
        ({"person": "1,2"}, "Nobody has this number."),
        ({"person": "999999"}, "Nobody has this number."),
        ({"order": "%"}, "There is no order"),
        ({"order": "NP-261122-7K3F-5"}, "There is no order"),
        ({"person": "1", "document": ""}, "Write which document"),
        ({"person": "1", "law": ""}, "Write which law"),
        ({"person": "1", "document": "№ 12, sud@example.kz"}, "without an e-mail"),
        ({"person": "1", "law": "sud@example.kz"}, "without an e-mail"),
        ({"person": "1", "review": "2027-05-22"}, "180 days"),
        ({"person": "1", "review": "2026-11-22"}, "180 days"),
        ({"person": "1", "review": "31.12.2026"}, "Write the day like"),
        ({"person": "1", "until": "2026-11-22"}, "The last day is after today."),
        ({"person": "1", "until": "9999-12-31"}, "The last day is after today."),
        ({"person": "1", "reason": "aaaaaa"}, "Say it in a few words."),
    ],
)
def test_a_hold_on_all_people_or_without_a_document_is_refused(
    app: Flask, dana: Desk, fields: dict[str, str], says: str
) -> None:
    desk.person(AIGERIM)
    answer = dana.post("/admin/holds/new", **{**FORM, **fields})
    assert (answer.status_code, says in answer.text) == (422, True), answer.text
    db.session.rollback()
    assert db.session.scalars(select(PlacedHold)).all() == []


@pytest.mark.parametrize("on_order", [True, False])
def test_a_form_that_is_sent_twice_is_one_hold(
    app: Flask, dana: Desk, *, on_order: bool
) -> None:
    """Else the second would go on after the release of the first."""
    number = cast.placed((cast.product("T-1"), 1)).number if on_order else ""
    person = "" if on_order else str(desk.person(AIGERIM))
    form = {**FORM, "order": number, "person": person}
    answers = [dana.post("/admin/holds/new", **form) for _press in range(2)]
    assert {answer.location for answer in answers} == {
        f"/en/admin/holds/{one().code}?done=placed"
    }
    dana.post("/admin/holds/new", **{**form, "document": "№ 13 от 2 ноября 2026"})
    db.session.rollback()
    assert len(queries.placed()) == 2


@SQLITE
def test_a_hold_that_is_not_there_is_not_found(app: Flask, dana: Desk) -> None:
    assert dana.browser.get("/en/admin/holds/none").status_code == 404
    assert dana.post("/admin/holds/none/second").status_code == 404


@SQLITE
def test_only_staff_for_personal_data_see_holds(app: Flask, at: Clock) -> None:
    at(NOON)
    yerlan = desk.signed_in(app, desk.member(YERLAN, Permission.ORDERS))
    for path in ("/admin/holds/", "/admin/holds/new", "/admin/retention/"):
        assert yerlan.get(path).status_code == 403
        assert app.test_client().get(path).status_code in {302, 303}


def test_two_members_of_staff_hold_what_is_to_be_destroyed(app: Flask, at: Clock) -> None:
    at(NOON)
    person = desk.person(AIGERIM)
    asked_for_destruction(person)
    hold = placing.place(wish(person=person), 4)
    assert hold.needs_second
    assert queries.count_reviews() == 1
    db.session.rollback()
    with pytest.raises(HoldError) as refused:
        placing.second(hold.code, 4)
    assert refused.value.message == SAME
    placing.second(hold.code, 5)
    assert queries.count_reviews() == 0
    at(NOON + 30 * DAY)
    db.session.rollback()
    assert (one().second, one().released_at) == (5, None)
    with pytest.raises(HoldError):
        placing.second(hold.code, 6)


def test_nobody_decides_about_a_hold_on_themselves(app: Flask, at: Clock) -> None:
    at(NOON)
    person = desk.person(AIGERIM)
    with pytest.raises(HoldError):
        placing.place(wish(person=person), person)
    hold = placing.place(wish(person=person), 4)
    with pytest.raises(HoldError):
        placing.release(hold.code, person, "Хочу")


@pytest.mark.manifest(field="duties")
def test_a_hold_is_looked_at_again_on_its_day(app: Flask, at: Clock) -> None:
    at(NOON)
    placing.place(wish(person=desk.person(AIGERIM)), 4)
    [duty] = [d for d in registry().duties if str(d.endpoint) == "retention.holds"]
    assert duty.open() == 0
    at(NOON + 90 * DAY)
    assert duty.open() == 1


@pytest.mark.manifest(field="replays")
def test_holds_survive_a_restored_backup(app: Flask, at: Clock) -> None:
    at(NOON)
    person, other = desk.person(AIGERIM), desk.person(BOLAT)
    placing.place(wish(person=person, until=date(2027, 1, 10), silent=True), 4)
    gone = placing.place(wish(person=other), None)
    placing.release(gone.code, 4, "Дело закрыто")
    before = kept()
    with writing() as session:
        session.execute(text(unguarded()))
        session.execute(text("DELETE FROM placed_hold"))
    lines = [read.line for read in decision_file.read(None) if read.line]
    for _ in range(2):
        with writing() as session, decisions.carrying_out(session):
            for line in lines:
                if line.kind in {Decision.HELD.value, Decision.RELEASED.value}:
                    registry().replays[line.kind](session, line)
        assert kept() == before


def kept() -> list[tuple[object, ...]]:
    db.session.rollback()
    names = ("code", "person", "law", "document", "silent", "at", "by", "until", "review")
    columns = [getattr(PlacedHold, name) for name in (*names, "released_at")]
    return [
        tuple(row) for row in db.session.execute(select(*columns).order_by(PlacedHold.code))
    ]


def unguarded() -> str:
    """Return the statement that drops the guard of deletion."""
    if db.engine.dialect.name == "sqlite":
        return "DROP TRIGGER placed_hold_no_delete"
    return "ALTER TABLE placed_hold DISABLE TRIGGER USER"


@SQLITE
def test_the_commands_list_place_and_release(app: Flask, at: Clock) -> None:
    at(NOON)
    run = app.test_cli_runner().invoke
    person = desk.person(AIGERIM)
    options = ["--law", "УПК", "--document", "№ 12", "--reason", "Следствие"]
    review = ["--review", "2027-01-10"]
    placed = run(args=["holds", "place", "--person", str(person), *options, *review])
    code = one().code
    assert placed.output == f"The hold {code} is placed.\n"
    listed = run(args=["holds", "list"]).output
    assert f"{code:<16} person {person}, open end, look again by 2027-01-10" in listed
    assert "placed holds: 1\n" in listed
    assert AIGERIM.name not in listed
    ended = run(args=["holds", "release", code, "--reason", "Дело закрыто"])
    assert ended.output == f"The hold {code} is released.\n"
    again = run(args=["holds", "release", code, "--reason", "Дело закрыто"])
    assert again.exit_code == 1
    options[1] = "sud@example.kz"
    refused = run(args=["holds", "place", "--person", str(person), *options, *review])
    assert refused.exit_code == 1
    assert str(WITH_ADDRESS) in refused.output
