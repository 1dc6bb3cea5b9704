"""Members of staff: invitations, permissions, mandatory second factor."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.rules import Permission
from neupusti.core.security.grants import StaffGrant
from neupusti.staff.service import grants, invitations
from neupusti.staff.service.grants import LastStaffAdminError
from neupusti.staff.service.invitations import Invitation
from tests import desk
from tests.accounts.cast import Account, account, link, sign_in, submit
from tests.conftest import SQLITE
from tests.people import AIGERIM, BOLAT, DANA, YERLAN

STAFF = "/en/admin/staff/"
WHY = "New colleague for orders"
INVITED = {
    "email": BOLAT.email,
    "given_name": "Болат",
    "permissions": ["orders", "privacy"],
}


def emails_to(email: str) -> list[OutboxEmail]:
    db.session.rollback()
    return list(
        db.session.scalars(select(OutboxEmail).where(OutboxEmail.recipient == email))
    )


def rows(number: int) -> list[StaffGrant]:
    db.session.rollback()
    wanted = select(StaffGrant).filter_by(person=number).order_by(StaffGrant.id)
    return list(db.session.scalars(wanted))


def number_of(email: str) -> int:
    (person,) = invitations.by_email(db.session(), email)
    return person.id


def test_every_change_is_a_row_and_a_staff_action(app: Flask, dana: int) -> None:
    number = desk.member(BOLAT, Permission.ORDERS)
    before = len(desk.staff_actions())
    with writing() as session:
        grants.change(session, number, [Permission.CONTENT], by=dana, reason=WHY)
    old, new = rows(number)
    assert (old.permission, old.ended_by) == ("orders", dana)
    assert old.ended_at is not None
    assert (new.permission, new.given_by, new.ended_at) == ("content", dana, None)
    actions = [
        (a.action, a.what, a.staff, a.person, a.reason)
        for a in desk.staff_actions()[before:]
    ]
    assert sorted(actions) == [
        ("staff.given", "content", dana, number, WHY),
        ("staff.taken", "orders", dana, number, WHY),
    ]
    with writing() as session:
        assert not grants.change(session, number, [Permission.CONTENT], by=dana)
    assert len(desk.staff_actions()) == before + 2


def test_a_permission_is_held_once(app: Flask) -> None:
    number = desk.member(BOLAT, Permission.ORDERS)
    with pytest.raises(IntegrityError), writing() as session:
        session.add(StaffGrant(person=number, permission="orders", given_at=clock.now()))


def test_a_change_signs_the_person_out(app: Flask, dana: int, browser: FlaskClient) -> None:
    number = desk.member(BOLAT, Permission.ORDERS)
    his = desk.signed_in(app, number)
    assert his.get("/admin/").status_code == 200
    form = desk.form(app, permissions=["privacy"], reason=WHY)
    assert browser.post(f"{STAFF}{number}", data=form).status_code == 303
    assert his.get("/admin/").status_code == 303
    assert desk.held(number) == {"privacy"}


def test_nothing_ticked_ends_it(app: Flask, browser: FlaskClient) -> None:
    number = desk.member(BOLAT, Permission.ORDERS)
    answer = browser.post(f"{STAFF}{number}", data=desk.form(app, reason=WHY))
    assert answer.status_code == 303
    assert desk.held(number) == set()
    assert browser.get(f"{STAFF}{number}").status_code == 404


def test_staff_admins_cannot_revoke_their_own_permission(
    app: Flask, dana: int, browser: FlaskClient
) -> None:
    form = desk.form(app, permissions=["privacy"], reason=WHY)
    answer = browser.post(f"{STAFF}{dana}", data=form)
    assert answer.status_code == 422
    assert "from themselves" in answer.text
    assert desk.held(dana) == {one.value for one in Permission}
    with pytest.raises(LastStaffAdminError), writing() as session:
        grants.change(session, dana, (), by=dana)


def test_only_our_permissions_are_taken(app: Flask, browser: FlaskClient) -> None:
    number = desk.member(BOLAT, Permission.ORDERS)
    form = desk.form(app, permissions=["root"], reason=WHY, is_admin="1")
    assert browser.post(f"{STAFF}{number}", data=form).status_code == 422
    assert desk.held(number) == {"orders"}


def test_the_sessions_of_a_member_are_ended(app: Flask, browser: FlaskClient) -> None:
    number = desk.member(BOLAT, Permission.ORDERS)
    his = desk.signed_in(app, number)
    form = desk.form(app, reason=WHY)
    assert browser.post(f"{STAFF}{number}/sign-outs", data=form).status_code == 303
    assert his.get("/admin/").status_code == 303
    assert desk.held(number) == {"orders"}
    assert [a.person for a in desk.staff_actions("staff.signed_out")] == [number]


def test_the_list_names_everybody_of_the_staff(browser: FlaskClient) -> None:
    desk.member(BOLAT, Permission.ORDERS, second_factor=False)
    desk.person(AIGERIM)
    page = browser.get(STAFF).text
    assert DANA.email in page
    assert BOLAT.email in page
    assert AIGERIM.email not in page


@pytest.mark.clause("1.1.1")
def test_an_invited_person_sets_password_and_second_factor_first(
    app: Flask, browser: FlaskClient
) -> None:
    answer = browser.post(f"{STAFF}new", data=desk.form(app, **INVITED))
    assert answer.status_code == 303
    number = number_of(BOLAT.email)
    assert desk.held(number) == {"orders", "privacy"}
    (message,) = emails_to(BOLAT.email)
    invitee = app.test_client()
    set_up = link(message, "/account/password/reset/")
    assert (
        submit(invitee, set_up, {"password": "далёкий жёлтый трамвай"}).status_code == 303
    )
    his = Account(number, BOLAT.email, "далёкий жёлтый трамвай")
    assert sign_in(invitee, his).status_code == 303
    for path in ("/admin/", "/admin/people/", "/admin/journal/", "/account/"):
        page = invitee.get(path)
        assert page.status_code == 303
        assert page.headers["Location"].startswith("/account/two-factor")


def test_a_known_person_keeps_the_password_and_is_emailed(app: Flask, dana: int) -> None:
    with app.test_request_context():
        aigerim = account(AIGERIM)
    invite(AIGERIM.email, dana)
    (message,) = emails_to(AIGERIM.email)
    assert message.kind == "staff.permitted"
    assert "/reset/" not in message.text
    assert desk.held(aigerim.number) == {"orders"}


def test_nobody_inherits_permissions_by_registering_first(app: Flask, dana: int) -> None:
    """An unconfirmed account with the same address is another person."""
    squatter = desk.person(AIGERIM, confirmed=False)
    invite(AIGERIM.email, dana)
    assert desk.held(squatter) == set()
    assert number_of(AIGERIM.email) != squatter


def test_a_second_invitation_ends_the_first_link(app: Flask, dana: int) -> None:
    invite(BOLAT.email, dana)
    invite(BOLAT.email, dana)
    first, second = (link(message, "/reset/") for message in emails_to(BOLAT.email))
    assert app.test_client().get(first).status_code == 404
    assert app.test_client().get(second).status_code == 200
    assert len(rows(number_of(BOLAT.email))) == 1


def test_the_page_sends_the_invitation_again(
    app: Flask, browser: FlaskClient, dana: int
) -> None:
    invite(BOLAT.email, dana)
    number = number_of(BOLAT.email)
    answer = browser.post(f"{STAFF}{number}/invitations", data=desk.form(app))
    assert answer.status_code == 303
    assert len(emails_to(BOLAT.email)) == 2


@SQLITE
@pytest.mark.parametrize(
    "fields",
    [
        {**INVITED, "email": "no address"},
        {**INVITED, "email": "a@b.kz\r\nBcc: evil@example.kz"},
        {**INVITED, "permissions": []},
        {**INVITED, "permissions": ["everything"]},
        {**INVITED, "given_name": ""},
        {**INVITED, "given_name": "x" * 101},
    ],
)
def test_invalid_invitations_are_explained(
    app: Flask, browser: FlaskClient, fields: dict[str, object]
) -> None:
    answer = browser.post(f"{STAFF}new", data=desk.form(app, **fields))
    assert answer.status_code == 422
    assert 'class="problem' in answer.text
    assert desk.staff_actions("staff.invited") == []


def invite(email: str, by: int) -> None:
    wanted = Invitation(
        email=email, given_name="Имя", permissions=frozenset({Permission.ORDERS})
    )
    with writing() as session:
        invitations.invite(session, wanted, by=by)


@pytest.mark.manifest(field="duties")
def test_a_member_without_a_second_factor_is_counted_on_the_board(
    browser: FlaskClient,
) -> None:
    desk.member(YERLAN, Permission.ORDERS, second_factor=False)
    page = browser.get("/en/admin/").text
    assert "1 item is open" in page
