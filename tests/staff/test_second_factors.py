"""`flask staff reset-factor`: recovery for a lost phone and lost codes."""

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from neupusti.accounts.models import RecoveryCode, SecondFactor, SignIn
from neupusti.accounts.service.events import LABELS, SecurityEventKind
from neupusti.core.data.database import db, writing
from neupusti.core.records.journal import SecurityEvent
from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from neupusti.staff.service import grants
from tests import desk
from tests.accounts.cast import Account, account, emails_to, sign_in, signed_in, submit
from tests.conftest import SQLITE
from tests.people import AIGERIM, BOLAT, DANA

WHY = "Lost the phone; came with the passport"


@pytest.fixture
def dana(app: Flask) -> Account:
    """A member of staff with a password and a second factor."""
    who = account(DANA, with_second_factor=True)
    with writing() as session:
        grants.change(session, who.number, [Permission.ORDERS], by=None)
    return who


def reset(app: Flask, email: str = DANA.email, reason: str = WHY) -> Result:
    words = ["staff", "reset-factor", email, "--reason", reason]
    return app.test_cli_runner().invoke(args=words)


def rows(number: int) -> int:
    db.session.rollback()
    models = (SecondFactor, RecoveryCode, SignIn)
    return sum(
        len(db.session.scalars(select(model).filter_by(person=number)).all())
        for model in models
    )


@pytest.mark.clause("1.1.1")
def test_the_second_factor_is_removed_and_its_owner_emailed(
    app: Flask, dana: Account
) -> None:
    hers = signed_in(app, dana)
    assert hers.get("/admin/").status_code == 200
    done = reset(app)
    assert done.exit_code == 0, done.output
    assert rows(dana.number) == 0
    assert hers.get("/admin/").location.startswith("/account/login")
    (action,) = desk.staff_actions("people.factor_reset")
    assert (action.staff, action.person, action.operation, action.reason) == (
        None,
        dana.number,
        "destruction",
        WHY,
    )
    message = emails_to(DANA.email)[-1]
    assert message.kind == "accounts.factor_reset"
    for secret in (WHY, DANA.email, DANA.name):
        assert secret not in message.subject + message.text
    kinds = select(SecurityEvent.kind).filter_by(person=dana.number)
    newest = kinds.order_by(SecurityEvent.id.desc()).limit(1)
    assert db.session.scalar(newest) == "second factor reset"
    assert SecurityEventKind.SECOND_FACTOR_RESET in LABELS
    assert desk.held(dana.number) == {"orders"}


def test_a_new_second_factor_is_set_up_before_anything(app: Flask, dana: Account) -> None:
    old = dana.secret
    reset(app)
    dana.secret = ""
    browser = app.test_client()
    assert sign_in(browser, dana).status_code == 303
    for path in ("/admin/", "/account/", "/account/email"):
        assert browser.get(path).location.startswith("/account/two-factor")
    page = browser.get("/account/two-factor").text
    dana.secret = page.partition("<code>")[2].partition("</code>")[0].replace(" ", "")
    assert dana.secret != old
    stale = Account(dana.number, dana.email, secret=old)
    refused = submit(browser, "/account/two-factor", {"code": stale.code()})
    assert refused.status_code == 422
    on = submit(browser, "/account/two-factor", {"code": dana.code()})
    assert on.location == "/account/two-factor/codes?done=factor-on"
    assert browser.get("/admin/").status_code == 200


def test_a_customer_who_lost_everything_is_let_in_too(app: Flask) -> None:
    who = account(AIGERIM, with_second_factor=True)
    assert reset(app, AIGERIM.email).exit_code == 0
    who.secret = ""
    assert sign_in(app.test_client(), who).location == "/account/"


@SQLITE
@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("nobody", WHY),
        (BOLAT.email, WHY),
        (AIGERIM.email, WHY),
        (DANA.email, "no"),
        (DANA.email, "x" * 201),
    ],
)
def test_commands_report_errors(app: Flask, dana: Account, email: str, reason: str) -> None:
    account(AIGERIM)
    before = rows(dana.number)
    result = reset(app, email, reason)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert rows(dana.number) == before
    assert desk.staff_actions("people.factor_reset") == []
    assert emails_to(DANA.email) == emails_to(AIGERIM.email) == []


@SQLITE
@pytest.mark.parametrize("language", list(Language))
def test_the_email_is_in_the_language_of_its_recipient(
    app: Flask, language: Language
) -> None:
    account(AIGERIM, with_second_factor=True, language=language)
    assert reset(app, AIGERIM.email).exit_code == 0
    message = emails_to(AIGERIM.email)[-1]
    assert message.language == language
    assert f"{language.prefix}/account/two-factor" in message.text
