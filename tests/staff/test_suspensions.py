"""Staff suspend and reinstate accounts: permissions, rules, log."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.accounts.models import AccountSuspension, Person
from neupusti.accounts.service import sessions, suspensions
from neupusti.core.data.database import db, writing
from neupusti.core.rules import Permission
from neupusti.staff.service import access_audit, grants
from neupusti.staff.service.access_audit import PersonAccess
from tests import desk
from tests.accounts.cast import account, emails_to, sign_in
from tests.conftest import SQLITE
from tests.people import AIGERIM, BOLAT, DANA, YERLAN

PEOPLE = "/en/admin/people/"
WHY = "Somebody else is using the account"
SORRY = "The owner has proved who they are"


@pytest.fixture
def aigerim(app: Flask) -> int:
    return desk.person(AIGERIM, family_name="Нұрланова")


def press(
    app: Flask, browser: FlaskClient, number: int, action: str = "blocks", reason: str = WHY
) -> tuple[int, str]:
    """Suspend or reinstate; return the status and the page or location."""
    answer = browser.post(f"{PEOPLE}{number}/{action}", data=desk.form(app, reason=reason))
    return answer.status_code, answer.headers.get("Location", answer.text)


def suspension_of(number: int) -> AccountSuspension | None:
    db.session.rollback()
    return suspensions.in_force(number)


@pytest.mark.clause("1.1.1")
def test_suspending_writes_a_row_a_staff_action_and_an_email(
    app: Flask, browser: FlaskClient, aigerim: int, dana: int
) -> None:
    hers = desk.signed_in(app, aigerim, second_factor=False)
    asked = browser.get(f"{PEOPLE}{aigerim}/blocks").text
    assert "The account is not blocked." in asked
    assert AIGERIM.email not in asked
    status, address = press(app, browser, aigerim)
    assert (status, address) == (303, f"{PEOPLE}{aigerim}/blocks?done=blocked")
    assert hers.get("/account/").status_code == 303
    row = suspension_of(aigerim)
    assert row is not None
    assert (row.by, row.reason, row.lifted_at) == (dana, WHY, None)
    (action,) = desk.staff_actions("people.blocked")
    assert (action.staff, action.person, action.reason) == (dana, aigerim, WHY)
    assert [one.kind for one in emails_to(AIGERIM.email)] == ["accounts.blocked"]
    page = browser.get(address).text
    assert "an e-mail tells its owner" in page
    assert "Дана" in page
    assert WHY not in page
    assert AIGERIM.email not in page


def test_reinstating_writes_a_row_a_staff_action_and_an_email(
    app: Flask, browser: FlaskClient, dana: int
) -> None:
    with app.test_request_context():
        who = account(AIGERIM)
    press(app, browser, who.number)
    assert sign_in(app.test_client(), who).status_code == 403
    status, address = press(app, browser, who.number, "releases", SORRY)
    assert (status, address) == (303, f"{PEOPLE}{who.number}/blocks?done=released")
    assert "is unblocked" in browser.get(address).text
    assert suspension_of(who.number) is None
    (row,) = suspensions.of(who.number)
    assert (row.lifted_by, row.lifted_reason) == (dana, SORRY)
    assert row.lifted_at is not None
    (action,) = desk.staff_actions("people.released")
    assert (action.staff, action.person, action.reason) == (dana, who.number, SORRY)
    assert emails_to(AIGERIM.email)[-1].kind == "accounts.unblocked"
    assert sign_in(app.test_client(), who).status_code == 303


@SQLITE
@pytest.mark.parametrize("action", ["blocks", "releases"])
@pytest.mark.parametrize("held", [p for p in Permission if p is not Permission.STAFF])
def test_no_other_permission_allows_suspending(
    app: Flask, aigerim: int, action: str, held: Permission
) -> None:
    his = desk.signed_in(app, desk.member(BOLAT, held))
    assert press(app, his, aigerim, action)[0] == 403
    assert his.get(f"{PEOPLE}{aigerim}/blocks").status_code == 403
    opened = his.post(f"{PEOPLE}{aigerim}", data=desk.form(app, reason=WHY))
    assert f"{aigerim}/blocks" not in opened.text
    assert suspension_of(aigerim) is None


@pytest.mark.parametrize("action", ["blocks", "releases"])
def test_strangers_and_stale_sign_ins_are_sent_away(
    app: Flask, dana: int, aigerim: int, action: str
) -> None:
    stranger = app.test_client()
    with stranger.session_transaction() as session:
        session["csrf_token"] = desk.RAW
    assert press(app, stranger, aigerim, action)[1].startswith("/en/account/login")
    customer = desk.signed_in(app, desk.person(BOLAT), second_factor=False)
    assert press(app, customer, aigerim, action)[0] == 403
    stale = desk.signed_in(app, dana, recent=False)
    assert press(app, stale, aigerim, action)[1].startswith("/en/account/reauthenticate")
    assert stale.get(f"{PEOPLE}{aigerim}/blocks").location.startswith(
        "/en/account/reauthenticate"
    )
    assert suspension_of(aigerim) is None
    assert desk.staff_actions("people.blocked", "people.released") == []


def test_a_wrong_method_and_a_missing_token_do_nothing(
    browser: FlaskClient, aigerim: int
) -> None:
    assert browser.put(f"{PEOPLE}{aigerim}/blocks").status_code == 405
    assert browser.get(f"{PEOPLE}{aigerim}/releases").status_code == 405
    answer = browser.post(f"{PEOPLE}{aigerim}/blocks", data={"reason": WHY})
    assert answer.status_code == 400
    assert suspension_of(aigerim) is None


@SQLITE
@pytest.mark.parametrize("action", ["blocks", "releases"])
def test_no_suspension_without_a_reason(
    app: Flask, browser: FlaskClient, aigerim: int, action: str
) -> None:
    for reason in ("", "   ", "ok", "aaaaaaaa", "a" * 201, "x\u202ey why"):
        status, page = press(app, browser, aigerim, action, reason)
        assert status == 422, reason
        assert 'class="problem' in page, reason
        assert suspension_of(aigerim) is None, reason


def test_nobody_suspends_themselves(app: Flask, browser: FlaskClient, dana: int) -> None:
    desk.member(BOLAT, Permission.STAFF)
    status, page = press(app, browser, dana)
    assert status == 422
    assert "You cannot block yourself" in page
    assert suspension_of(dana) is None
    own = browser.get(f"{PEOPLE}{dana}/blocks").text
    assert "You cannot block yourself" in own
    assert f'action="{PEOPLE}{dana}/blocks"' not in own


def test_the_last_staff_admin_is_not_suspended(
    app: Flask, browser: FlaskClient, dana: int
) -> None:
    """Of two admins who suspend each other at once, the second is refused."""
    bolat = desk.member(BOLAT, Permission.STAFF)
    desk.member(YERLAN, Permission.PRIVACY)
    assert press(app, browser, bolat)[0] == 303
    run = app.test_cli_runner()
    answer = run.invoke(args=["staff", "block", DANA.email, "--reason", WHY])
    assert answer.exit_code == 1
    assert "last unblocked account that can give permissions" in answer.output
    assert suspension_of(dana) is None


def test_an_unconfirmed_invitee_is_no_staff_admin(app: Flask, dana: int) -> None:
    invited = desk.person(BOLAT, confirmed=False)
    with writing() as session:
        grants.change(session, invited, [Permission.STAFF], by=None)
    run = app.test_cli_runner()
    answer = run.invoke(args=["staff", "block", DANA.email, "--reason", WHY])
    assert answer.exit_code == 1
    assert suspension_of(dana) is None


def test_impossible_actions_are_explained(
    app: Flask, browser: FlaskClient, aigerim: int
) -> None:
    status, page = press(app, browser, aigerim, "releases")
    assert (status, "This account is not blocked" in page) == (422, True)
    press(app, browser, aigerim)
    status, page = press(app, browser, aigerim)
    assert (status, "This account is blocked already" in page) == (422, True)
    waiting = desk.person(BOLAT, confirmed=False)
    status, page = press(app, browser, waiting)
    assert (status, "There is nothing to block" in page) == (422, True)
    assert len(desk.staff_actions("people.blocked")) == 1
    assert emails_to(BOLAT.email) == []


def test_a_guest_has_no_account_to_suspend(
    app: Flask, browser: FlaskClient, aigerim: int
) -> None:
    with writing() as session:
        session.get_one(Person, aigerim).kind = "guest"
    assert press(app, browser, aigerim)[0] == 422


@pytest.mark.parametrize("number", [999, 2**31 - 1, 2**31, 0])
@pytest.mark.parametrize("action", ["blocks", "releases"])
def test_nobody_is_not_found(
    app: Flask, browser: FlaskClient, number: int, action: str
) -> None:
    assert press(app, browser, number, action)[0] in {404, 405}
    assert browser.get(f"{PEOPLE}{number}/blocks").status_code == 404


def test_lists_and_pages_show_who_is_suspended(
    app: Flask, browser: FlaskClient, aigerim: int, dana: int
) -> None:
    bolat = desk.member(BOLAT, Permission.ORDERS)
    assert "Blocked (0)" in browser.get(PEOPLE).text
    press(app, browser, aigerim)
    press(app, browser, bolat)
    shown = browser.get(f"{PEOPLE}?state=blocked").text
    assert re.findall(r'<tr>\s*<td class="number">(\d+)<', shown) == [
        str(aigerim),
        str(bolat),
    ]
    assert "Blocked (2)" in shown
    assert shown.count("<strong>blocked</strong>") == 2
    form = desk.form(app, q="Дана", reason=WHY, state="blocked")
    assert "Nobody was found" in browser.post(PEOPLE, data=form).text
    page = browser.post(f"{PEOPLE}{aigerim}", data=desk.form(app, reason=SORRY)).text
    assert "The account is blocked." in page
    assert page.count(WHY) == 1
    assert f'href="{PEOPLE}{aigerim}/blocks"' in page
    assert "<strong>(blocked)</strong>" in browser.get("/en/admin/staff/").text
    member = browser.get(f"/en/admin/staff/{bolat}").text
    assert f'href="{PEOPLE}{bolat}/blocks"' in member


def test_staff_without_privacy_suspend_without_seeing_data(
    app: Flask, aigerim: int
) -> None:
    his = desk.signed_in(app, desk.member(BOLAT, Permission.STAFF))
    assert press(app, his, aigerim)[0] == 303
    page = his.get(f"{PEOPLE}{aigerim}/blocks").text
    assert f'href="{PEOPLE}{aigerim}"' not in page
    assert "Нұрланова" not in page


def test_a_suspended_member_keeps_permissions_and_opens_nothing(
    app: Flask, browser: FlaskClient
) -> None:
    bolat = desk.member(BOLAT, Permission.ORDERS)
    his = desk.signed_in(app, bolat)
    press(app, browser, bolat)
    assert his.get("/admin/").location.startswith("/account/login")
    assert sessions.active(bolat) == []
    assert desk.held(bolat) == {"orders"}


def test_a_suspended_member_gets_no_reports(
    app: Flask, browser: FlaskClient, dana: int, aigerim: int
) -> None:
    admin = desk.member(BOLAT, Permission.STAFF)
    press(app, browser, admin)
    access_audit.log_access(aigerim, PersonAccess(staff=dana, reason=WHY, limit=0))
    assert emails_to(DANA.email)[-1].kind == "staff.many_people"
    assert [one.kind for one in emails_to(BOLAT.email)] == ["accounts.blocked"]


def test_a_suspended_person_is_not_invited(
    app: Flask, browser: FlaskClient, aigerim: int
) -> None:
    press(app, browser, aigerim)
    fields = {"email": AIGERIM.email, "given_name": "Имя", "permissions": ["orders"]}
    answer = browser.post("/en/admin/staff/new", data=desk.form(app, **fields))
    assert answer.status_code == 422
    assert "Unblock it first" in answer.text
    asked = ["staff", "add", AIGERIM.email, "--permission", "orders"]
    result = app.test_cli_runner().invoke(args=asked)
    assert (result.exit_code, "unblock it first" in result.output) == (1, True)
    assert desk.held(aigerim) == set()
    assert desk.staff_actions("staff.invited") == []
