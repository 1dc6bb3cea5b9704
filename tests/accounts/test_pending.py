"""A code completes a sign-in that waits for it, and nothing else."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.accounts.models import SignIn
from neupusti.accounts.service import signing_in
from neupusti.accounts.service.errors import AccountError
from neupusti.accounts.service.sessions import ClientContext
from neupusti.accounts.service.signing_in import SignInAttempt
from neupusti.core.data.database import db
from tests.accounts.cast import Account, account, hidden, sign_in
from tests.people import AIGERIM


def sessions_of(who: Account) -> list[int]:
    db.session.rollback()
    return [
        row.id for row in db.session.scalars(select(SignIn).filter_by(person=who.number))
    ]


@pytest.mark.parametrize("begun", ["never", "complete"])
def test_a_code_completes_only_a_sign_in_that_waits_for_it(
    app: Flask, client: FlaskClient, begun: str
) -> None:
    who = account(AIGERIM, with_second_factor=True)
    if begun == "complete":
        sign_in(client, who)
    page = hidden(client.get("/account/register").text)
    before = sessions_of(who)
    answer = client.post("/account/login", data={**page, "code": who.code()})
    assert (answer.status_code, answer.location) == (303, "/account/login?done=late")
    assert sessions_of(who) == before


def test_a_complete_session_is_not_completed_again(app: Flask) -> None:
    who = account(AIGERIM, with_second_factor=True)
    opened = signing_in.sign_in(
        SignInAttempt(
            email=who.email, password=who.password, remember=False, code=who.code()
        ),
        ClientContext("Firefox, Linux", "0" * 64),
        "203.0.113.0/24",
    ).opened
    with pytest.raises(AccountError):
        signing_in.complete_with_code(opened.key, who.code(), "", remember=False)
    assert sessions_of(who) == [opened.number]
