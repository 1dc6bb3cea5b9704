"""What a hold or a block keeps past its term is rightly there (5.1, 6.2.4)."""

import pytest
from flask import Flask

from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import Cause
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.proofs import reading
from neupusti.core.proofs.proof import State
from neupusti.core.proofs.running import run_one
from neupusti.core.registry import registry
from neupusti.retention.service import hourly
from tests.retention.test_year import BLOCKED, DAY, DAYS, HOLD, hold, planted
from tests.times import NOON, Clock


@pytest.mark.clause("5.1")
def test_the_proofs_take_what_is_held_or_blocked_for_rightly_kept(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    code = "security_event.at"
    rows = planted(3, code)
    at(HOLD[0])
    hold()
    with writing() as session:
        blocks.open_block(session, Whose(person=BLOCKED), by=Cause.PERSON)
    at(NOON + DAYS * DAY)
    hourly.run()
    kept = [one.is_there for one in rows]
    db.session.rollback()
    assert kept == [False, True, True]
    [proof] = [one for one in registry().proofs if one.name == f"past-term-{code}"]
    with reading.looking() as looking:
        assert run_one(proof, looking).state is State.HOLDS
