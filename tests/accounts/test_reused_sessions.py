"""A session that ends while a password or a code is checked: another may get its number."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from neupusti.accounts.models import SignIn
from neupusti.accounts.service import (
    addresses,
    factor_removal,
    passwords,
    second_factor,
    sessions,
    signing_in,
)
from neupusti.accounts.service.sessions import ClientContext
from neupusti.accounts.service.signing_in import SignInAttempt
from neupusti.core.data.database import writing
from tests.accounts.cast import (
    Account,
    account,
    emails_to,
    is_signed_in,
    link,
    sign_in,
    signed_in,
    submit,
)
from tests.accounts.moves import NEW, OTHER_PASSWORD, address, email_kinds, request_change
from tests.accounts.test_at_once import switching_on
from tests.newsletter.test_locks import POSTGRESQL, locked
from tests.people import AIGERIM, BOLAT

WHERE = ClientContext("", "")
MODULES = {
    "/account/two-factor/off": factor_removal,
    "/account/two-factor/codes": second_factor,
    "/account/email": addresses,
}
PAGES = {"/account/two-factor/off": "/account/two-factor"}


def taken_over(act: Callable[..., Any], other: Account) -> Callable[..., Any]:
    """Let the only session end after `act`, and one of another get its number."""

    def and_then(*args: Any) -> Any:
        answer = act(*args)
        with writing() as session:
            number = session.scalars(delete(SignIn).returning(SignIn.id)).one()
            opened = sessions.start(
                session, other.number, WHERE, remember=False, complete=True
            )
            # No database gives a number again; were it given, it would open nothing.
            session.get_one(SignIn, opened.number).id = number
        return answer

    return and_then


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/account/reauthenticate", {}),
        ("/account/password", {"password": OTHER_PASSWORD}),
    ],
)
def test_a_right_password_opens_no_session_of_another(
    app: Flask, monkeypatch: pytest.MonkeyPatch, path: str, fields: dict[str, str]
) -> None:
    who, other = account(BOLAT), account(AIGERIM)
    browser = signed_in(app, who)
    act = taken_over(passwords.matches, other)
    monkeypatch.setattr(passwords, "matches", act)
    answer = submit(browser, path, {"current": who.password, **fields})
    assert answer.status_code == 422
    assert not is_signed_in(browser)


def test_a_right_code_completes_no_session_of_another(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    who, other = account(BOLAT, with_second_factor=True), account(AIGERIM)
    browser = app.test_client()
    act = taken_over(second_factor.verify, other)
    monkeypatch.setattr(second_factor, "verify", act)
    assert sign_in(browser, who).status_code == 422
    assert not is_signed_in(browser)


def test_a_first_code_of_an_app_opens_no_session_of_another(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = switching_on(app)
    act = taken_over(second_factor._count_attempt, account(BOLAT))  # noqa: SLF001 - its end
    monkeypatch.setattr(second_factor, "_count_attempt", act)
    answer = submit(form.browser, form.path, form.fields)
    assert (answer.status_code, answer.location) == (303, form.path)
    assert not is_signed_in(form.browser)


@POSTGRESQL
def test_a_right_code_waits_for_who_sets_another_password(app: Flask) -> None:
    """Else a session begins that the end of all sessions did not see."""
    who = account(AIGERIM, with_second_factor=True)
    attempt = SignInAttempt(email=who.email, password=who.password, remember=False)
    key = signing_in.sign_in(attempt, WHERE, "192.0.2.1").opened.key
    code = who.code()
    order = locked(lambda: signing_in.complete_with_code(key, code, None, remember=False))
    assert order.index("person") < order.index("credential")


@pytest.mark.parametrize(
    "path", ["/account/two-factor/off", "/account/two-factor/codes", "/account/email"]
)
def test_an_ended_session_changes_nothing_and_breaks_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    who, other = account(BOLAT, with_second_factor=True), account(AIGERIM)
    browser = signed_in(app, who)
    to = path
    if path == "/account/email":
        assert request_change(browser).status_code == 303
        to = link(emails_to(NEW)[-1], "/email/confirm/")
    module = MODULES[path]
    codes = second_factor.codes(who.number)
    sent = email_kinds(who.email)

    def after_its_end() -> Any:
        monkeypatch.setattr(module, "writing", writing)
        with writing() as session:
            session.execute(delete(SignIn))
            for _ in range(2):
                sessions.start(session, other.number, WHERE, remember=False, complete=True)
        return writing()

    monkeypatch.setattr(module, "writing", after_its_end)
    assert submit(browser, to, page=PAGES.get(path, to)).status_code == 303
    assert not is_signed_in(browser)
    assert second_factor.codes(who.number) == codes
    assert address(who.number) == who.email
    assert email_kinds(who.email) == sent
