"""`flask staff …`, and the first member of staff of a site on one machine."""

import stat
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from neupusti.accounts.service import people, sessions, suspensions
from neupusti.config.settings import settings
from neupusti.config.values import MailMode, Mode
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.staff.feature import seed
from neupusti.staff.service import bootstrap, grants
from tests import desk
from tests.accounts.cast import Account, sign_in
from tests.people import AIGERIM, BIN, BOLAT, DANA

WHY, SORRY = "Somebody else is using it", "The owner has proved who they are"


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["staff", *words])


def test_staff_are_added_listed_and_removed(app: Flask) -> None:
    options = ("--permission", "orders", "--permission", "privacy", "--given-name", "Болат")
    added = run(app, "add", BOLAT.email, *options)
    assert added.exit_code == 0, added.output
    assert "orders privacy" in added.output
    person = people.by_email(BOLAT.email)
    assert person is not None
    assert desk.held(person.id) == {"orders", "privacy"}
    assert "no second factor" in run(app, "list").output
    assert BOLAT.email in run(app, "list").output
    assert run(app, "add", BOLAT.email, "--permission", "staff").exit_code == 0
    assert desk.held(person.id) == {"orders", "privacy", "staff"}
    desk.signed_in(app, person.id)
    assert run(app, "remove", BOLAT.email).exit_code == 0
    assert desk.held(person.id) == set()
    assert sessions.active(person.id) == []
    assert run(app, "list").output == ""
    assert {action.staff for action in desk.staff_actions()} == {None}


def test_who_was_invited_without_a_name_goes_by_the_number(app: Flask) -> None:
    assert run(app, "add", BOLAT.email, "--permission", "orders").exit_code == 0
    person = people.by_email(BOLAT.email)
    assert person is not None
    assert registry().staff_names()[person.id] == str(person.id)


def test_commands_report_errors(app: Flask) -> None:
    assert run(app, "add", "nobody", "--permission", "orders").exit_code == 1
    assert run(app, "add", BOLAT.email, "--permission", "root").exit_code == 2
    assert run(app, "add", BOLAT.email).exit_code == 2
    assert run(app, "remove", DANA.email).exit_code == 1
    assert desk.staff_actions() == []


@pytest.fixture
def line(app: Flask) -> list[str]:
    """The credentials that the first start prints."""
    answer = app.test_cli_runner().invoke(args=["site", "setup"])
    assert answer.exit_code == 0, answer.output
    (line,) = [one for one in answer.output.splitlines() if one.startswith("Staff: ")]
    path = settings().instance / "first-staff.txt"
    assert path.read_text() == line + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return line.split()


def test_the_first_start_makes_a_member_who_may_everything(
    app: Flask, line: list[str]
) -> None:
    _, email, password, word, secret = line
    assert word == "TOTP"
    person = people.by_email(email)
    assert person is not None
    assert desk.held(person.id) == {one.value for one in Permission}
    who = Account(person.id, email, password, secret)
    browser = app.test_client()
    assert sign_in(browser, who).status_code == 303
    for path in ("/admin/", "/admin/people/", "/admin/staff/", "/admin/consents/"):
        assert browser.get(path).status_code == 200, path
    assert len(pyotp.TOTP(secret).at(clock.now())) == 6


def test_a_second_start_says_nothing_and_changes_nothing(
    app: Flask, line: list[str]
) -> None:
    path = settings().instance / "first-staff.txt"
    path.unlink()
    for _ in range(2):
        answer = app.test_cli_runner().invoke(args=["site", "setup"])
        assert answer.exit_code == 0
        assert "Staff:" not in answer.output
    assert not path.exists()
    person = people.by_email(bootstrap.EMAIL)
    assert person is not None
    with writing() as session:
        grants.change(session, person.id, (), by=None)
    assert seed() == ""
    assert desk.held(person.id) == set()


def test_a_site_for_the_public_begins_with_nobody(app: Flask) -> None:
    app.extensions["neupusti.settings"] = replace(
        settings(),
        mode=Mode.PRODUCTION,
        mail=MailMode.OUTBOX,
        base_url="https://shop.example",
        operator_bin=BIN,
        operator_email="privacy@shop.example",
        operator_responsible="A lawyer",
    )
    assert seed() == ""
    assert people.by_email(bootstrap.EMAIL) is None
    assert db.session.scalars(select(OutboxEmail)).all() == []


def test_a_file_left_over_is_replaced_and_never_followed(
    app: Flask, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("untouched")
    path = settings().instance / bootstrap.FILE
    path.symlink_to(elsewhere)
    assert seed().startswith("Staff: ")
    assert elsewhere.read_text() == "untouched"
    assert not path.is_symlink()


def test_the_operator_suspends_and_reinstates_by_command(app: Flask) -> None:
    aigerim = desk.person(AIGERIM)
    command = ("block", AIGERIM.email, "--reason", WHY)
    assert run(app, *command).exit_code == 0
    row = suspensions.in_force(aigerim)
    assert row is not None
    assert (row.by, row.reason) == (None, WHY)
    again = run(app, *command)
    assert (again.exit_code, "blocked already" in again.output) == (1, True)
    lifted = run(app, "unblock", AIGERIM.email, "--reason", SORRY)
    assert lifted.exit_code == 0
    assert suspensions.in_force(aigerim) is None
    actions = desk.staff_actions("people.blocked", "people.released")
    assert [(action.staff, action.reason) for action in actions] == [
        (None, WHY),
        (None, SORRY),
    ]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("block", AIGERIM.email), 2),
        (("block", AIGERIM.email, "--reason", "no"), 1),
        (("block", AIGERIM.email, "--reason", "x" * 201), 1),
        (("block", BOLAT.email, "--reason", WHY), 1),
        (("block", "nobody", "--reason", WHY), 1),
        (("unblock", AIGERIM.email, "--reason", WHY), 1),
    ],
)
def test_suspension_commands_report_errors(
    app: Flask, words: tuple[str, ...], code: int
) -> None:
    aigerim = desk.person(AIGERIM)
    answer = run(app, *words)
    assert answer.exit_code == code
    assert answer.output.startswith(("Error: ", "Usage: "))
    assert suspensions.in_force(aigerim) is None
