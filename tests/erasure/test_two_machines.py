"""An erasure that a second machine takes up, while the first one stands still."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.core.data.database import db
from neupusti.erasure.models import ErasureStep
from neupusti.erasure.service import running, verifying
from neupusti.erasure.service.verifying import Places
from neupusti.rights.models import RequestEvent, Step
from tests.accounts.cast import account
from tests.erasure.erasing import BEGINS, NOON, confirmed, erasure_of, last_emails, work
from tests.people import AIGERIM
from tests.times import Clock


def test_an_erasure_is_told_of_and_closed_once(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(NOON)
    number = confirmed(AIGERIM, account(AIGERIM).number)
    texts, left = last_emails(monkeypatch), verifying.left

    def frozen(*arguments: Any) -> dict[int, Places]:
        monkeypatch.setattr(verifying, "left", left)
        assert running.settle(number, {}, wiped=True)
        return left(*arguments)

    monkeypatch.setattr(verifying, "left", frozen)
    at(BEGINS)
    work(2)
    done = erasure_of(number)
    assert done.state == "done"
    assert len(texts) == 1
    looks = select(ErasureStep.id).filter_by(erasure=number, store="files")
    assert len(db.session.scalars(looks).all()) == 1
    answered = {"request": done.request, "step": Step.ANSWERED.value}
    steps = select(RequestEvent.id).filter_by(**answered)
    assert len(db.session.scalars(steps).all()) == 1
    running.end(number)
    assert erasure_of(number).ended_at == done.ended_at
    assert not running.settle(number, {}, wiped=True)
    assert not running.unsend(number)
