"""The old address can undo a change of e-mail for seven days, whatever follows."""

from datetime import timedelta

import pytest
from flask import Flask

from neupusti.accounts.models import SecondFactor
from neupusti.accounts.service import addresses, second_factor
from neupusti.core.data.database import db, writing
from tests.accounts.cast import PASSWORD, account, emails_to, link, sign_in, submit
from tests.accounts.moves import (
    NEW,
    OTHER_PASSWORD,
    address,
    change_address,
    email_kinds,
    request_change,
    undo_link,
)
from tests.people import AIGERIM, BOLAT
from tests.times import NOON, Clock


@pytest.mark.clause("3.2.3")
def test_the_old_address_takes_the_account_back(app: Flask) -> None:
    who = account(AIGERIM)
    thief = change_address(app, who)
    path = undo_link()
    owner = app.test_client()
    shown = owner.get(path)
    assert shown.status_code == 200
    assert NEW not in shown.text
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert address(who.number) == NEW
    answer = submit(owner, path)
    assert answer.location.startswith("/account/password/reset/")
    assert answer.location.endswith("?done=email-undone")
    assert address(who.number) == AIGERIM.email
    assert thief.get("/account/").status_code == 303
    assert sign_in(app.test_client(), who).status_code == 422
    assert email_kinds(NEW)[-1] == "email_undone"
    set_ = submit(owner, answer.location, {"password": OTHER_PASSWORD})
    assert set_.location == "/account/login?done=reset"
    who.password = OTHER_PASSWORD
    assert sign_in(app.test_client(), who).status_code == 303
    assert owner.get(path).status_code == 404


def test_no_later_change_disables_the_undo_link(app: Flask) -> None:
    """The undo link survives a new password, second factor or address."""
    who = account(AIGERIM)
    thief = change_address(app, who)
    path = undo_link()
    form = {"current": PASSWORD, "password": OTHER_PASSWORD}
    assert submit(thief, "/account/password", form).status_code == 303
    with writing() as session:
        second_factor.enrol(session, who.number)
    assert request_change(thief, BOLAT.email, current=OTHER_PASSWORD).status_code == 303
    moved = submit(thief, link(emails_to(BOLAT.email)[-1]))
    assert moved.status_code == 303
    assert address(who.number) == BOLAT.email
    in_between = undo_link(NEW)
    assert submit(app.test_client(), path).status_code == 303
    assert address(who.number) == AIGERIM.email
    assert db.session.get(SecondFactor, who.number) is None
    assert email_kinds(BOLAT.email)[-1] == "email_undone"
    # The address in between may not restore itself.
    assert app.test_client().get(in_between).status_code == 404
    assert address(who.number) == AIGERIM.email


def test_an_earlier_second_factor_stays(app: Flask) -> None:
    who = account(AIGERIM, with_second_factor=True)
    change_address(app, who)
    assert submit(app.test_client(), undo_link()).status_code == 303
    assert second_factor.active(who.number)


def test_the_way_back_is_open_for_seven_days(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    change_address(app, who)
    path = undo_link()
    at(NOON + addresses.UNDO_LIFE - timedelta(seconds=1))
    assert app.test_client().get(path).status_code == 200
    at(NOON + addresses.UNDO_LIFE)
    assert app.test_client().get(path).status_code == 404
    assert submit(app.test_client(), path, page="/account/login").status_code == 404
    assert address(who.number) == NEW


def test_an_old_address_with_another_account_is_not_taken_back(app: Flask) -> None:
    who = account(AIGERIM)
    change_address(app, who)
    path = undo_link()
    newcomer = account(AIGERIM)
    assert submit(app.test_client(), path).status_code == 404
    assert (address(who.number), address(newcomer.number)) == (NEW, AIGERIM.email)
