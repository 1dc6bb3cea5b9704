"""Emails: written with their cause, sent once, regardless of server failures."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from threading import Thread
from typing import Literal

import pytest
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import select

from neupusti.config.settings import Settings
from neupusti.core.data.database import db, writing
from neupusti.core.mail import outbox, sender
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.outbox import EmailType, Recipient, UndeclaredEmailError
from neupusti.core.mail.sender import Sender
from neupusti.core.mail.service import Server
from neupusti.core.text.languages import Language
from tests.core.smtp_server import SmtpServer
from tests.forking import forked
from tests.lending import opened
from tests.people import AIGERIM
from tests.site.test_server import eventually
from tests.times import NOON, Clock

TYPE = EmailType(name="core.try", label="A try")
TEMPLATES = {
    "core/mail/try.txt": (
        "{% extends 'layout/mail.txt' %}{% block title %}Letter{{ name }}{% endblock %}"
        "{% block body %}For {{ name }}\n.\n..dots\n{{ link('policy.show') }}{% endblock %}"
    ),
    "core/mail/try.html": (
        "{% extends 'layout/mail.html' %}{% block title %}{{ subject }}{% endblock %}"
        "{% block body %}<p>For {{ name }}</p>{% endblock %}"
    ),
}


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer().open() as smtp:
        yield smtp


@pytest.fixture
def settings(settings: Settings, smtp: SmtpServer) -> Settings:
    return replace(settings, smtp_url=f"smtp://127.0.0.1:{smtp.port}")


@pytest.fixture
def app(app: Flask) -> Flask:
    app.extensions[outbox.TYPES] |= {TYPE.name}
    assert app.jinja_loader is not None
    app.jinja_loader = ChoiceLoader([DictLoader(TEMPLATES), app.jinja_loader])
    return app


def enqueued(key: str = "try:1", to: str = AIGERIM.email) -> int:
    with writing() as session:
        receiver = Recipient(email=to, language=Language.KK, person=7)
        values = {"name": "Айгерим <b>"}
        return outbox.enqueue(session, TYPE, receiver, key=key, values=values).id


def enqueue_and_fail() -> None:
    to = Recipient(email=AIGERIM.email, language=Language.RU)
    with writing() as session:
        outbox.enqueue(session, TYPE, to, key="x", values={"name": "x"})
        raise RuntimeError("undone")


def stored(number: int) -> OutboxEmail:
    db.session.rollback()
    return db.session.get_one(OutboxEmail, number, populate_existing=True)


def body(received: EmailMessage, kind: Literal["plain", "html"]) -> str:
    part = received.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def run(app: Flask) -> None:
    Sender(outbox.service()).run()
    db.session.rollback()


def test_an_undeclared_email_is_refused(app: Flask) -> None:
    unknown = replace(TYPE, name="core.unknown")
    to = Recipient(email=AIGERIM.email, language=Language.RU)
    with pytest.raises(UndeclaredEmailError, match=r"core\.unknown"), writing() as session:
        outbox.enqueue(session, unknown, to, key="x", values={"name": "x"})


@pytest.mark.clause("4.1.7")
def test_an_email_arrives_in_its_recipients_language(app: Flask, smtp: SmtpServer) -> None:
    number = enqueued()
    run(app)
    [received] = smtp.emails
    assert smtp.recipients == [AIGERIM.email]
    assert received["To"] == AIGERIM.email
    assert received["Content-Language"] == "kk"
    assert received["Auto-Submitted"] == "auto-generated"
    assert received["Message-ID"].endswith(f"@{outbox.service().domain}>")
    plain, html = body(received, "plain"), body(received, "html")
    assert "For Айгерим <b>\n.\n..dots\nhttp://127.0.0.1:8000/kk/policy/\n" in plain
    assert "<p>For Айгерим &lt;b&gt;</p>" in html
    assert stored(number).state == OutboxState.SENT
    run(app)
    assert len(smtp.emails) == 1


@pytest.mark.clause("1.1.4")
def test_a_subject_is_rendered_without_values(app: Flask, smtp: SmtpServer) -> None:
    number = enqueued()
    assert stored(number).subject == "Letter"


def test_one_key_has_one_email(app: Flask, smtp: SmtpServer) -> None:
    assert enqueued() == enqueued()
    assert enqueued("try:2") != enqueued()
    run(app)
    assert len(smtp.emails) == 2


def test_a_rolled_back_transaction_sends_nothing(app: Flask, smtp: SmtpServer) -> None:
    with pytest.raises(RuntimeError, match="undone"):
        enqueue_and_fail()
    run(app)
    assert smtp.emails == []


@pytest.mark.parametrize("to", ["a@b.kz\nBcc: c@d.kz", "a@b.kz\r\nX: y", "no address"])
def test_a_line_end_in_a_header_is_refused(app: Flask, to: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        enqueued(to=to)
    assert db.session.scalars(select(OutboxEmail)).all() == []


@pytest.mark.parametrize("script", ["rcpt refuse", "data refuse"])
def test_a_rejection_is_stored_without_the_address(
    app: Flask, smtp: SmtpServer, script: str
) -> None:
    smtp.script.append(script)
    number, other = enqueued(), enqueued("try:2")
    run(app)
    refused = stored(number)
    assert refused.state == OutboxState.REFUSED
    assert refused.reason.startswith("55")
    assert AIGERIM.email not in refused.reason
    assert stored(other).state == OutboxState.SENT


def test_a_temporary_error_is_retried_later(
    app: Flask, smtp: SmtpServer, at: Clock
) -> None:
    at(NOON)
    smtp.script += ["rcpt later", "rcpt later"]
    number = enqueued()
    run(app)
    waiting = stored(number)
    assert (waiting.state, waiting.reason) == (OutboxState.QUEUED, "451 4.7.1 greylisted")
    assert waiting.next_at == NOON + sender.FIRST_DELAY
    run(app)
    assert stored(number).attempts == 1
    at(NOON + sender.FIRST_DELAY)
    run(app)
    assert stored(number).next_at == NOON + 3 * sender.FIRST_DELAY
    at(NOON + 3 * sender.FIRST_DELAY)
    run(app)
    assert stored(number).state == OutboxState.SENT
    assert len(smtp.emails) == 1


def test_an_email_keeps_its_claim(app: Flask, smtp: SmtpServer, at: Clock) -> None:
    at(NOON)
    number = enqueued()
    at(NOON + sender.FIRST_DELAY)
    run(app)
    assert stored(number).next_at == NOON + sender.FIRST_DELAY


def test_after_days_of_retries_it_is_given_up(
    app: Flask, smtp: SmtpServer, at: Clock
) -> None:
    smtp.script += ["rcpt later"] * sender.ATTEMPTS
    at(NOON)
    number = enqueued()
    moment = NOON
    for _ in range(sender.ATTEMPTS):
        at(moment)
        run(app)
        moment = stored(number).next_at
    assert stored(number).state == OutboxState.REFUSED
    assert moment - NOON > timedelta(days=2)


def test_a_dropped_connection_is_retried(app: Flask, smtp: SmtpServer, at: Clock) -> None:
    at(NOON)
    smtp.script.append("data drop")
    number, other = enqueued(), enqueued("try:2")
    run(app)
    assert {stored(n).state for n in (number, other)} == {OutboxState.QUEUED}
    assert stored(number).reason
    assert (stored(number).attempts, stored(other).attempts) == (1, 1)
    at(NOON + sender.FIRST_DELAY)
    run(app)
    assert {stored(n).state for n in (number, other)} == {OutboxState.SENT}
    assert len(smtp.emails) == 2


@pytest.mark.slow
def test_an_unreachable_server_is_retried(app: Flask, at: Clock) -> None:
    at(NOON)
    nowhere = replace(outbox.service(), server=Server("smtp", "127.0.0.1", 1))
    number = enqueued()
    Sender(nowhere).run()
    waiting = stored(number)
    assert (waiting.state, waiting.reason) == (OutboxState.QUEUED, "ConnectionRefusedError")


def test_a_server_without_encryption_gets_nothing(app: Flask, smtp: SmtpServer) -> None:
    server = Server("smtp+starttls", "127.0.0.1", smtp.port)
    number = enqueued()
    Sender(replace(outbox.service(), server=server)).run()
    assert smtp.emails == []
    assert stored(number).state == OutboxState.QUEUED


def test_a_slow_server_is_waited_for(app: Flask, smtp: SmtpServer) -> None:
    smtp.script.append("data hold")
    number = enqueued()

    def work() -> None:
        with app.app_context():
            run(app)
            db.session.remove()

    thread = Thread(target=work)
    thread.start()
    assert smtp.reached.wait(30)
    assert stored(number).state == OutboxState.HANDING
    smtp.release.set()
    thread.join()
    assert stored(number).state == OutboxState.SENT
    assert len(smtp.emails) == 1


@pytest.mark.slow
@pytest.mark.parametrize("script", ["rcpt hold", "data hold"])
def test_a_killed_worker_neither_loses_nor_duplicates(
    app: Flask, settings: Settings, smtp: SmtpServer, script: str
) -> None:
    """Killed while the server delays its reply: before the body was sent, and after."""
    smtp.script.append(script)
    number = enqueued()
    child = forked(send, settings)
    assert smtp.reached.wait(60)
    child.kill()
    child.join()
    smtp.release.set()
    end = {"rcpt hold": OutboxState.SENT, "data hold": OutboxState.UNSURE}[script]
    # PostgreSQL hears of the kill a moment later.
    eventually(lambda: (run(app), stored(number).state == end)[1])  # type: ignore[func-returns-value]
    run(app)
    assert len(smtp.emails) == 1


def send(settings: Settings) -> None:
    """Do the job of a worker."""
    with opened(settings):
        Sender(outbox.service()).run()


def test_without_a_server_emails_are_kept_and_can_be_read(
    app: Flask, smtp: SmtpServer
) -> None:
    app.extensions[outbox.EXTENSION] = replace(outbox.service(), server=None)
    number = enqueued()
    enqueued("try:2", to="bolat@example.kz")
    run(app)
    assert stored(number).state == OutboxState.KEPT
    assert smtp.emails == []
    listed = app.test_cli_runner().invoke(
        args=["mail", "list", "--to", AIGERIM.email, "--json"]
    )
    [email] = json.loads(listed.output)
    assert email["to"] == AIGERIM.email
    assert email["subject"] == "Letter"
    assert "For Айгерим <b>" in email["text"]
    assert email["headers"]["Subject"] == "Letter"
    plain = app.test_cli_runner().invoke(args=["mail", "list"]).output
    assert "bolat@example.kz" in plain
