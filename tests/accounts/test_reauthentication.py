"""A password asked again proves the password, and nothing else."""

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.accounts.models import SignIn
from neupusti.core.data.database import db
from tests.accounts import cast
from tests.conftest import SQLITE
from tests.people import DANA


@SQLITE
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/account/reauthenticate", {"current": cast.PASSWORD}),
        (
            "/account/password",
            {"current": cast.PASSWORD, "password": "новый пароль у окна 7"},
        ),
    ],
)
def test_it_is_no_second_factor(app: Flask, path: str, fields: dict[str, str]) -> None:
    browser = cast.signed_in(app, cast.account(DANA))
    before = db.session.scalars(select(SignIn.digest)).one()
    assert cast.submit(browser, path, fields).status_code == 303
    db.session.rollback()
    row = db.session.scalars(select(SignIn)).one()
    assert row.digest != before
    assert row.second_factor_at is None
