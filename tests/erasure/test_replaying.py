"""Who was destroyed does not rise out of a backup."""

import shutil

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.accounts.models import Person
from neupusti.backup.service import replaying
from neupusti.core.data.database import db
from neupusti.erasure.models import Erasure
from tests.accounts.cast import account
from tests.backup.yesterday import Yesterday
from tests.conftest import SQLITE
from tests.erasure.erasing import BEGINS, NOON, confirmed, dump, last_emails, work
from tests.orders.buying import orders
from tests.people import AIGERIM, BOLAT, GUEST
from tests.rights.asking import bought
from tests.times import Clock

pytestmark = [SQLITE, pytest.mark.situation(14, of="rights")]


@pytest.mark.clause("6.1.3")
@pytest.mark.manifest(field="replays")
def test_a_restored_backup_brings_nobody_back(
    app: Flask,
    at: Clock,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    told = last_emails(monkeypatch)
    at(NOON)
    who, other = account(AIGERIM), account(BOLAT)
    bought(app)
    before = Yesterday(app)
    # Not in the data folder, where nothing may be left.
    before.copy = shutil.move(before.copy, str(tmp_path_factory.mktemp("backups")))
    confirmed(AIGERIM, who.number)
    confirmed(GUEST)
    at(BEGINS)
    work(2)
    assert len(told) == 2
    before.put_back()
    assert db.session.get(Person, who.number) is not None
    assert replaying.replay(replaying.missing())["erased"] > 0
    work(2)
    assert db.session.get(Person, who.number) is None
    assert db.session.get(Person, other.number) is not None
    assert (AIGERIM.email in dump(), orders()[0].family_name) == (False, "Пример")
    db.session.rollback()
    states = set(db.session.scalars(select(Erasure.state)))
    assert states == {"done", "waiting"}
    assert len(told) == 2  # nobody is told again
    assert replaying.missing() == []
