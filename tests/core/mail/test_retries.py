"""How the sender goes on: each attempt counts, and no run lasts for ever."""

from threading import Thread

import pytest
from flask import Flask

from neupusti.core.data import election
from neupusti.core.data.database import db, writing
from neupusti.core.mail import outbox, sender
from neupusti.core.mail.models import OutboxState
from neupusti.core.mail.sender import Sender
from tests.conftest import SQLITE
from tests.core.mail.test_outbox import (
    app,  # noqa: F401 - a fixture
    enqueued,
    run,
    settings,  # noqa: F401 - a fixture
    smtp,  # noqa: F401 - a fixture
    stored,
)
from tests.core.smtp_server import SmtpServer
from tests.people import AIGERIM, BOLAT
from tests.times import NOON, Clock


def test_a_second_attempt_that_ends_before_its_claim_counts(
    app: Flask,  # noqa: F811
    smtp: SmtpServer,  # noqa: F811
    at: Clock,
) -> None:
    """The first was claimed: the same sender must not take that for a claim of its next."""
    at(NOON)
    smtp.script += ["data later", "rcpt later"]
    number, job = enqueued(), Sender(outbox.service())
    job.run()
    at(NOON + sender.FIRST_DELAY)
    job.run()
    waiting = stored(number)
    assert (waiting.state, waiting.attempts) == (OutboxState.QUEUED, 2)
    assert waiting.next_at == NOON + 3 * sender.FIRST_DELAY
    assert smtp.emails == []


def test_a_run_ends_before_it_is_taken_for_one_that_hangs(
    app: Flask,  # noqa: F811
    smtp: SmtpServer,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, "RUN_SECONDS", 0.0)
    numbers, job = (
        [enqueued(f"try:{number}") for number in range(3)],
        Sender(outbox.service()),
    )
    for done in (1, 2, 3):
        job.run()
        assert len(smtp.emails) == done
    assert {stored(number).state for number in numbers} == {OutboxState.SENT}


def test_a_run_and_its_last_email_are_shorter_than_one_that_hangs() -> None:
    longest = sender.RUN_SECONDS + sender.LONGEST_HANDING.total_seconds()
    assert longest < election.LONGEST_RUN_SECONDS


def test_a_sender_leaves_no_transaction_open(
    app: Flask,  # noqa: F811
    smtp: SmtpServer,  # noqa: F811
) -> None:
    """Else a migration of the emails would have to wait for the end of the run."""
    enqueued()
    db.session.rollback()
    Sender(outbox.service()).run()
    assert not db.session().in_transaction()
    assert len(smtp.emails) == 1


@SQLITE
@pytest.mark.parametrize("more", [[], ["rcpt refuse"]], ids=["sent", "refused"])
def test_what_is_withdrawn_beside_one_being_sent_is_not_sent(
    app: Flask,  # noqa: F811
    smtp: SmtpServer,  # noqa: F811
    more: list[str],
) -> None:
    """It was read ahead: the next one that is written must not be taken for it."""
    smtp.script += ["data hold", *more]
    first, withdrawn = enqueued("try:1"), enqueued("try:2")

    def work() -> None:
        with app.app_context():
            run(app)
            db.session.remove()

    sending = Thread(target=work, daemon=True)
    sending.start()
    assert smtp.reached.wait(30)
    with writing() as session:
        assert outbox.drop_queued(session, [withdrawn]) == {withdrawn}
    other = enqueued("try:3", BOLAT.email)
    smtp.release.set()
    sending.join(30)
    run(app)
    assert {stored(one).state for one in (first, other)} == {OutboxState.SENT}
    assert smtp.recipients == [AIGERIM.email, BOLAT.email]
