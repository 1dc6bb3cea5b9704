"""One staff admin is always left, and the others hear of what is given."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.rules import Permission
from neupusti.staff.service import grants, suspending
from neupusti.staff.service.grants import NoLongerStaffAdminError
from tests import desk
from tests.people import AIGERIM, BOLAT, DANA, YERLAN

WHY = "Ушла из магазина"


@pytest.fixture
def two(app: Flask) -> tuple[int, int]:
    """Two members of staff who may give permissions."""
    return desk.member(DANA, Permission.STAFF), desk.member(YERLAN, Permission.STAFF)


def test_who_was_removed_removes_nobody(app: Flask, two: tuple[int, int]) -> None:
    one, other = two
    with writing() as session:
        grants.change(session, other, (), by=one)
    with pytest.raises(NoLongerStaffAdminError), writing() as session:
        grants.change(session, one, (), by=other)
    assert desk.held(one) == {"staff"}


def test_who_was_suspended_removes_nobody(app: Flask, two: tuple[int, int]) -> None:
    one, other = two
    with writing() as session:
        suspending.suspend(session, other, by=one, reason=WHY)
    with pytest.raises(NoLongerStaffAdminError), writing() as session:
        grants.change(session, one, (), by=other)
    assert desk.held(one) == {"staff"}


def test_of_two_who_remove_each_other_at_once_one_is_left(
    app: Flask, two: tuple[int, int]
) -> None:
    barrier = Barrier(2)

    def remove(whom: int, by: int) -> bool:
        with app.app_context():
            barrier.wait()
            try:
                with writing() as session:
                    return grants.change(session, whom, (), by=by)
            except NoLongerStaffAdminError:
                return False

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(remove, two, reversed(two)))
    assert sorted(done) == [False, True]
    assert sorted(len(desk.held(number)) for number in two) == [0, 1]


def test_the_other_admins_hear_what_was_given(app: Flask, two: tuple[int, int]) -> None:
    one, _ = two
    number = desk.member(BOLAT, Permission.ORDERS)
    before = granted()
    with writing() as session:
        grants.change(session, number, [Permission.PRIVACY], by=one, reason=WHY)
    assert granted()[len(before) :] == [YERLAN.email]
    with writing() as session:
        grants.change(session, one, [Permission.STAFF, Permission.PRIVACY], by=one)
    assert granted()[len(before) :] == [YERLAN.email] * 2
    message = db.session.scalars(select(OutboxEmail).order_by(OutboxEmail.id.desc()))
    text = message.first().text  # type: ignore[union-attr]
    assert f"№\u00a0{one}" in text
    assert "Персональные данные" in text
    with writing() as session:
        grants.change(session, number, [Permission.ORDERS], by=one)
    # Given again; what is only taken back is told to nobody.
    assert granted()[len(before) :] == [YERLAN.email] * 3
    with writing() as session:
        grants.change(session, number, (), by=one)
    assert granted()[len(before) :] == [YERLAN.email] * 3


def granted() -> list[str]:
    db.session.rollback()
    rows = select(OutboxEmail.recipient).filter_by(kind="staff.granted")
    return list(db.session.scalars(rows.order_by(OutboxEmail.id)))


def test_searching_counts_as_opening(app: Flask) -> None:
    dana = desk.member(DANA, Permission.PRIVACY)
    numbers = {desk.person(AIGERIM), desk.person(BOLAT)}
    browser = desk.signed_in(app, dana)
    form = desk.form(app, q="example.kz", reason=WHY)
    assert browser.post("/admin/people/", data=form).status_code == 200
    seen = {row.person for row in desk.staff_actions("people.found")}
    assert numbers <= seen
    assert {row.reason for row in desk.staff_actions("people.found")} == {WHY}
    # The list with initials only shows nobody.
    count = len(desk.staff_actions("people.found"))
    assert browser.get("/admin/people/").status_code == 200
    assert len(desk.staff_actions("people.found")) == count
