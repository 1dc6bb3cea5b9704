"""The board and the menu: what the manifests offer, to those who may open it."""

import re
from urllib.parse import unquote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.data import beats
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import writing
from neupusti.core.mail.models import OutboxState
from neupusti.core.records.journal import (
    Actor,
    ActorKind,
    Operation,
    ProcessingRecord,
    log_processing,
    log_staff_action,
)
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.staff.queries import OPENED
from tests import desk
from tests.admin.test_mail import email
from tests.conftest import SQLITE
from tests.people import BOLAT

MENU = re.compile(r'<nav class="aside.*?</nav>', re.DOTALL)


def menu(browser: FlaskClient) -> list[str]:
    found = MENU.search(browser.get("/en/admin/").text)
    assert found
    return re.findall(r'<a href="([^"]*)"', found[0])


@SQLITE
def test_the_menu_is_what_the_manifests_offer(app: Flask, browser: FlaskClient) -> None:
    with app.test_request_context("/en/admin/"):
        wanted = ["/en" + app.url_for(item.endpoint) for item in registry().admin_menu]
    assert menu(browser) == wanted
    assert wanted[0] == "/en/admin/"


@SQLITE
@pytest.mark.parametrize(
    ("held", "shown"),
    [
        (Permission.ORDERS, {"/en/admin/"}),
        (Permission.STAFF, {"/en/admin/", "/en/admin/staff/"}),
        (
            Permission.PRIVACY,
            {
                *("/en/admin/", "/en/admin/journal/", "/en/admin/mail/"),
                *("/en/admin/people/", "/en/admin/consents/"),
            },
        ),
    ],
)
def test_what_is_not_permitted_is_not_shown(
    app: Flask, held: Permission, shown: set[str]
) -> None:
    browser = desk.signed_in(app, desk.member(BOLAT, held))
    found = set(menu(browser))
    assert shown <= found
    others = {f"/en/admin/{page}/" for page in ("staff", "people", "journal", "mail")}
    assert not (others - shown) & found


@pytest.mark.clause("6.2")
@pytest.mark.manifest(field="duties")
def test_the_board_lists_each_duty_with_its_open_items(browser: FlaskClient) -> None:
    page = browser.get("/en/admin/").text
    for clause in ("6.2.1", "6.2.2", "6.2.3", "6.2.4"):
        assert f"#c{clause}" in page
    assert "Nothing is open" in page
    beats.record("retention", ok=False, milliseconds=1)
    assert "1 item is open" in browser.get("/en/admin/").text
    beats.record("retention", ok=True, milliseconds=1)
    with writing() as session:
        session.add(email(OutboxState.REFUSED))
    page = browser.get("/en/admin/").text
    assert "1 item is open" in page
    row = page.partition('<tr class="pressing">')[2].partition("</tr>")[0]
    assert '<a href="/en/admin/mail/">' in row


def test_every_duty_of_the_board_is_a_clause_of_6_2(app: Flask) -> None:
    assert {duty.clause for duty in registry().duties} <= {f"6.2.{n}" for n in range(1, 5)}


def test_the_board_counts_today(app: Flask, browser: FlaskClient, dana: int) -> None:
    record = ProcessingRecord(
        operation=Operation.COLLECTION,
        what="registration",
        why=Purpose.ACCOUNT,
        person=7,
        actor=Actor(ActorKind.PERSON, 7),
    )
    with writing() as session:
        log_processing(session, record)
        log_staff_action(
            session,
            staff=dana,
            action=OPENED,
            operation=Operation.ACCESS,
            person=7,
        )
    figures = re.findall(r'<dd class="figure">(\d+)</dd>', browser.get("/admin/").text)
    assert figures[:2] == ["1", "1"]


@SQLITE
def test_one_click_signs_out(app: Flask, browser: FlaskClient) -> None:
    page = browser.get("/en/admin/").text
    assert "Дана" in page
    assert 'action="/en/account/logout"' in page
    assert browser.post("/account/logout", data=desk.form(app)).status_code == 303
    assert browser.get("/admin/").status_code == 303


@SQLITE
def test_no_page_of_the_staff_is_kept_or_found(browser: FlaskClient) -> None:
    for path in menu(browser):
        page = browser.get(path)
        assert page.status_code == 200, path
        assert page.headers["Cache-Control"] == "no-store"
        assert '<meta name="robots" content="noindex">' in page.text


def test_everybody_who_is_not_signed_in_comes_back_after_it(app: Flask) -> None:
    answer = app.test_client().get("/en/admin/journal/?book=site&whom=7")
    assert answer.status_code == 303
    wanted = "/en/account/login?next=/en/admin/journal/?book%3Dsite%26whom%3D7"
    assert unquote(answer.headers["Location"]) == unquote(wanted)


def test_a_denied_request_is_logged(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    number = desk.person(BOLAT)
    assert (
        desk.signed_in(app, number, second_factor=False).get("/admin/mail/").status_code
        == 403
    )
    (line,) = [one for one in caplog.records if one.message == "refused"]
    assert line.__dict__["fields"] == {"endpoint": "admin.mail", "person": number}
