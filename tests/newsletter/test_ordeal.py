"""A worker killed at any moment: each address gets an issue at most once, none is skipped.

Real processes send to a real SMTP server on loopback that delays, refuses, drops and
greylists on its way.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.config.settings import Settings
from neupusti.core.data.database import db
from neupusti.core.mail import outbox, sender
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.mail.sender import Sender
from neupusti.newsletter.models import Issue, IssueDelivery, Subscriber
from neupusti.newsletter.service import issues, posting
from tests.core.smtp_server import SmtpServer
from tests.forking import forked
from tests.lending import opened
from tests.newsletter import cast
from tests.newsletter.servers import HoldingServer
from tests.people import YERLAN

KILLS = 5


@pytest.fixture
def settings(settings: Settings, smtp: SmtpServer) -> Settings:
    return replace(settings, smtp_url=f"smtp://127.0.0.1:{smtp.port}")


def send(settings: Settings) -> None:
    """Do both jobs of a worker, without their pauses."""
    with opened(settings):
        job = Sender(outbox.service())
        while True:
            posting.run()
            job.run()
            db.session.rollback()


@pytest.fixture
def smtp(size: int) -> Iterator[SmtpServer]:
    """Holds at the moment of each kill, and once more for the pause."""
    step = size // (KILLS + 2)
    holds = [step * (n + 1) for n in range(KILLS + 1)]
    with HoldingServer(holds=holds).open() as smtp:
        yield smtp


def await_hold(smtp: SmtpServer) -> None:
    assert smtp.reached.wait(600)


def go_on(smtp: SmtpServer) -> None:
    smtp.reached.clear()
    smtp.release.set()


@pytest.mark.slow
@pytest.mark.situation(22)
@pytest.mark.clause("4.1.9")
@pytest.mark.ordeal(280, 10_000)
def test_five_kills_a_pause_and_a_resume_lose_and_double_nobody(
    app: Flask,
    settings: Settings,
    smtp: SmtpServer,
    size: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sender, "FIRST_DELAY", timedelta(seconds=1))
    cast.crowd(size)
    number = cast.issue()
    assert issues.start(number, staff=cast.DANA) == size
    db.session.rollback()
    smtp.script += ["rcpt refuse", "data drop", "data refuse"]
    running = forked(send, settings)
    urgent = []
    for kill in range(KILLS):
        await_hold(smtp)
        running.kill()
        running.join()
        go_on(smtp)
        cast.service_email(key=f"order:{kill}:1", email=YERLAN.email)
        urgent.append(len(smtp.emails))
        db.session.rollback()
        smtp.release.clear()
        running = forked(send, settings)
    await_hold(smtp)
    issues.pause(number, staff=cast.DANA)
    db.session.rollback()
    go_on(smtp)
    issues.resume(number, staff=cast.DANA)
    for _ in range(6000):
        if cast.reread(Issue, number).done_at is not None:
            break
        smtp.reached.wait(0.1)
    running.kill()
    running.join()
    check(number, size, smtp)
    orders = [n for n, to in enumerate(smtp.recipients) if to == YERLAN.email]
    assert len(orders) == KILLS
    assert all(n <= before + 2 for n, before in zip(orders, urgent, strict=True))


def check(number: int, size: int, smtp: SmtpServer) -> None:
    """Compare what the rows say with what the server got."""
    db.session.rollback()
    got = Counter(to for to in smtp.recipients if to != YERLAN.email)
    assert not [to for to, times in got.items() if times > 1]
    states = cast.states(number)
    assert set(states) <= {"sent", "refused", "unsure"}
    assert sum(states.values()) == size
    assert states.get("unsure", 0) <= KILLS
    assert states.get("refused", 0) == 2
    sent = set(
        db.session.scalars(
            select(Subscriber.email)
            .join(IssueDelivery, IssueDelivery.subscriber == Subscriber.id)
            .where(IssueDelivery.state == "sent")
        )
    )
    assert sent <= set(got)
    issue = cast.reread(Issue, number)
    assert issue.sent + issue.refused + issue.unsure == size
    queued = select(OutboxEmail.id).where(OutboxEmail.state.in_(["queued", "handing"]))
    assert db.session.scalars(queued).all() == []
