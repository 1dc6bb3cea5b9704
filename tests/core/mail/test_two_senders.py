"""Emails that two machines send: each leaves once, and neither waits for the other."""

import os
import signal
from smtplib import SMTP
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine, select, update

from neupusti.config.settings import Settings
from neupusti.core import clock
from neupusti.core.background import Background
from neupusti.core.data.database import db
from neupusti.core.mail import install, sender
from neupusti.core.mail import smtp as transfer
from neupusti.core.mail.living import living
from neupusti.core.mail.models import OutboxEmail, OutboxState
from tests.core.mail.test_outbox import (
    app,  # noqa: F401 - a fixture
    enqueued,
    run,
    settings,  # noqa: F401 - a fixture
    smtp,  # noqa: F401 - a fixture
    stored,
)
from tests.core.smtp_server import SmtpServer
from tests.lending import opened
from tests.machines import TRIES, counted, elsewhere, started
from tests.site.test_server import eventually
from tests.times import NOON, Clock

pytestmark = [
    pytest.mark.parametrize("lend_databases", ["postgresql"], indirect=True),
    pytest.mark.usefixtures("app"),
]
HANDING = update(OutboxEmail).values(state=OutboxState.HANDING.value)


def states(numbers: list[int]) -> set[str]:
    db.session.rollback()
    of_these = OutboxEmail.id.in_(numbers)
    return set(db.session.scalars(select(OutboxEmail.state).where(of_these)))


@pytest.fixture
def thread(request: pytest.FixtureRequest) -> Thread:
    """A sender of another machine, not started yet."""
    site: Flask = request.getfixturevalue("app")

    def work() -> None:
        with site.app_context():
            run(site)
            db.session.remove()

    return Thread(target=work, daemon=True)


@pytest.mark.parametrize("script", ["", "rcpt hold"])
def test_what_another_is_claiming_is_left_out(
    smtp: SmtpServer,  # noqa: F811
    thread: Thread,
    script: str,
) -> None:
    """It is claimed before this sender looks for the next one, or meanwhile."""
    claimed, free = enqueued(), enqueued("try:2")
    with create_engine(db.engine.url, poolclass=NullPool).connect() as other:
        if script:
            smtp.script.append(script)
            thread.start()
            assert smtp.reached.wait(30)
        other.execute(HANDING.where(OutboxEmail.id == claimed))
        if script:
            smtp.release.set()
        else:
            thread.start()
        thread.join(30)
        assert not thread.is_alive()
        assert stored(claimed).state == OutboxState.QUEUED
        assert stored(free).state == OutboxState.SENT
    assert len(smtp.emails) == 1


def test_what_a_neighbour_is_sending_is_not_unsure(
    app: Flask,  # noqa: F811
    smtp: SmtpServer,  # noqa: F811
    thread: Thread,
) -> None:
    smtp.script.append("data hold")
    slow, quick = enqueued(), enqueued("try:2")
    thread.start()
    assert smtp.reached.wait(30)
    run(app)
    assert stored(slow).state == OutboxState.HANDING
    assert stored(quick).state == OutboxState.SENT
    smtp.release.set()
    thread.join()
    assert stored(slow).state == OutboxState.SENT
    assert len(smtp.emails) == 2


def test_what_another_has_claimed_meanwhile_holds_up_no_other(
    smtp: SmtpServer,  # noqa: F811
    thread: Thread,
) -> None:
    """The other one goes on with its batch, and keeps its marks until the end of that."""
    smtp.script.append("data hold")
    first, taken, free = (enqueued(f"try:{number}") for number in range(3))
    thread.start()
    assert smtp.reached.wait(30)
    with living() as mark:
        assert mark(taken)
        with db.engine.begin() as other:
            other.execute(HANDING.where(OutboxEmail.id == taken))
        smtp.release.set()
        thread.join(30)
        assert stored(taken).state == OutboxState.HANDING
        assert states([first, free]) == {OutboxState.SENT}


def test_what_another_has_tried_in_vain_is_taken_over(
    app: Flask,  # noqa: F811
    smtp: SmtpServer,  # noqa: F811
    thread: Thread,
    at: Clock,
) -> None:
    at(NOON)
    smtp.script += ["data later", "data hold"]
    number, slow = enqueued(), enqueued("try:2")
    thread.start()
    assert smtp.reached.wait(30)
    at(NOON + sender.FIRST_DELAY)
    run(app)
    assert stored(number).state == OutboxState.SENT
    smtp.release.set()
    thread.join()
    assert stored(slow).state == OutboxState.SENT


@pytest.mark.parametrize("accepted", [True, False])
def test_who_comes_back_after_a_long_time_sends_nothing_again(
    app: Flask,  # noqa: F811
    smtp: SmtpServer,  # noqa: F811
    at: Clock,
    monkeypatch: pytest.MonkeyPatch,
    accepted: bool,  # noqa: FBT001 - a value of the table
) -> None:
    """What it hears at last from the mail server is the truth; silence is not."""
    number, transmit = enqueued(), transfer.transmit

    def frozen(server: SMTP, from_: str, to: str, body: bytes, claim: Any) -> None:
        transmit(server, from_, to, body, claim)
        at(clock.now() + sender.LONGEST_HANDING)
        with monkeypatch.context() as patched:
            patched.setattr(sender, "transmit", transmit)
            run(app)
        assert stored(number).state == OutboxState.UNSURE
        if not accepted:
            raise OSError("the connection is lost")

    monkeypatch.setattr(sender, "transmit", frozen)
    run(app)
    state = OutboxState.SENT if accepted else OutboxState.UNSURE
    assert stored(number).state == state
    at(clock.now() + sender.LONGEST_DELAY)
    run(app)
    assert len(smtp.emails) == 1


def send_elsewhere(settings: Settings) -> None:  # noqa: F811
    """Be another machine, which sends emails."""
    with opened(settings) as site:
        Background(site, [install.job(settings.mail_service)]).start()
        Event().wait()


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGSTOP, signal.SIGKILL])
def test_each_email_leaves_once_though_its_machine_ends(
    app: Flask,  # noqa: F811
    settings: Settings,  # noqa: F811
    smtp: SmtpServer,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    end: signal.Signals,
) -> None:
    to = [f"a{number:02}@example.kz" for number in range(20)]
    numbers = [enqueued(address, to=address) for address in to]
    smtp.script += ["data"] * 3 + ["data hold"]
    tries, stands_still = counted(monkeypatch), end is signal.SIGSTOP
    with elsewhere(send_elsewhere, settings) as child:
        assert smtp.reached.wait(60)
        assert child.pid is not None
        os.kill(child.pid, end)
        with started(Background(app, [install.job(settings.mail_service)])):
            eventually(lambda: len(smtp.emails) == len(to))
            assert tries["mail"] <= TRIES
            last = OutboxState.HANDING if stands_still else OutboxState.UNSURE
            eventually(lambda: states(numbers) == {OutboxState.SENT, last})
            smtp.release.set()
            os.kill(child.pid, signal.SIGCONT)
            if stands_still:
                eventually(lambda: states(numbers) == {OutboxState.SENT})
    assert sorted(smtp.recipients) == to
