"""An e-mail names its cause by no number that SQLite gives again: each is sent."""

from datetime import timedelta

import pytest
from flask import Flask

from neupusti.core.data.database import db
from neupusti.core.registry import registry
from neupusti.retention.service import sweeps
from tests.accounts.cast import account, emails_to
from tests.accounts.moves import NEW, change_address, email_kinds
from tests.people import AIGERIM, BOLAT
from tests.times import NOON, Clock


@pytest.mark.clause("3.2.3")
def test_a_change_of_address_after_one_that_is_swept(app: Flask, at: Clock) -> None:
    at(NOON)
    change_address(app, account(BOLAT))
    at(NOON + timedelta(days=9))
    db.session.rollback()
    sweeps.sweep(registry().retention)
    who = account(AIGERIM)
    change_address(app, who, "new@example.kz")
    assert email_kinds("new@example.kz") == ["email_confirm"]
    assert email_kinds(AIGERIM.email)[-1] == "email_changed"
    assert NEW not in emails_to(AIGERIM.email)[-1].text
