"""Letters: written with the deed, sent once, whatever the mail server does."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from threading import Thread
from typing import Literal

import pytest
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader
from sqlalchemy import select

from neupusti.config.settings import ROOT, Settings
from neupusti.core.data.database import db, writing
from neupusti.core.mail import outbox, sender
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.outbox import EmailType, Recipient, UndeclaredEmailError
from neupusti.core.mail.sender import Sender
from neupusti.core.mail.service import Server
from neupusti.core.text.languages import Language
from tests.core.postbox import Postbox
from tests.people import AIGERIM
from tests.served import environment_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
KIND = EmailType(name="core.try", label="A try")
WORDS = {
    "core/mail/try.txt": (
        "{% extends 'layout/mail.txt' %}{% block title %}Letter{{ name }}{% endblock %}"
        "{% block body %}For {{ name }}\n.\n..dots\n{{ link('policy.show') }}{% endblock %}"
    ),
    "core/mail/try.html": (
        "{% extends 'layout/mail.html' %}{% block title %}{{ subject }}{% endblock %}"
        "{% block body %}<p>For {{ name }}</p>{% endblock %}"
    ),
}
Clock = Callable[[datetime], None]


@pytest.fixture
def postbox() -> Iterator[Postbox]:
    with Postbox().open() as postbox:
        yield postbox


@pytest.fixture
def settings(settings: Settings, postbox: Postbox) -> Settings:
    return replace(settings, smtp_url=f"smtp://127.0.0.1:{postbox.port}")


@pytest.fixture
def app(app: Flask) -> Flask:
    app.extensions[outbox.TYPES] |= {KIND.name}
    assert app.jinja_loader is not None
    app.jinja_loader = ChoiceLoader([DictLoader(WORDS), app.jinja_loader])
    return app


def posted(key: str = "try:1", to: str = AIGERIM.email) -> int:
    with writing() as session:
        receiver = Recipient(email=to, language=Language.KK, person=7)
        values = {"name": "Айгерим <b>"}
        return outbox.enqueue(session, KIND, receiver, key=key, values=values).id


def undone() -> None:
    to = Recipient(email=AIGERIM.email, language=Language.RU)
    with writing() as session:
        outbox.enqueue(session, KIND, to, key="x", values={"name": "x"})
        raise RuntimeError("undone")


def letter(number: int) -> OutboxEmail:
    db.session.rollback()
    return db.session.get_one(OutboxEmail, number, populate_existing=True)


def body(arrived: EmailMessage, kind: Literal["plain", "html"]) -> str:
    part = arrived.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def run(app: Flask) -> None:
    Sender(outbox.service()).run()
    db.session.rollback()


def test_a_letter_of_no_manifest_is_refused(app: Flask) -> None:
    unknown = replace(KIND, name="core.unknown")
    to = Recipient(email=AIGERIM.email, language=Language.RU)
    with pytest.raises(UndeclaredEmailError, match=r"core\.unknown"), writing() as session:
        outbox.enqueue(session, unknown, to, key="x", values={"name": "x"})


@pytest.mark.clause("4.1.7")
def test_a_letter_arrives_in_its_readers_language(app: Flask, postbox: Postbox) -> None:
    number = posted()
    run(app)
    [arrived] = postbox.emails
    assert postbox.recipients == [AIGERIM.email]
    assert arrived["To"] == AIGERIM.email
    assert arrived["Content-Language"] == "kk"
    assert arrived["Auto-Submitted"] == "auto-generated"
    assert arrived["Message-ID"].endswith(f"@{outbox.service().domain}>")
    plain, html = body(arrived, "plain"), body(arrived, "html")
    assert "For Айгерим <b>\n.\n..dots\nhttp://127.0.0.1:8000/kk/policy/\n" in plain
    assert "<p>For Айгерим &lt;b&gt;</p>" in html
    assert letter(number).state == OutboxState.SENT
    run(app)
    assert len(postbox.emails) == 1


@pytest.mark.clause("1.1.4")
def test_a_subject_is_drawn_without_values(app: Flask, postbox: Postbox) -> None:
    number = posted()
    assert letter(number).subject == "Letter"


def test_one_deed_has_one_letter(app: Flask, postbox: Postbox) -> None:
    assert posted() == posted()
    assert posted("try:2") != posted()
    run(app)
    assert len(postbox.emails) == 2


def test_a_deed_that_failed_tells_nobody(app: Flask, postbox: Postbox) -> None:
    with pytest.raises(RuntimeError, match="undone"):
        undone()
    run(app)
    assert postbox.emails == []


@pytest.mark.parametrize("to", ["a@b.kz\nBcc: c@d.kz", "a@b.kz\r\nX: y", "no address"])
def test_a_line_end_in_a_header_is_refused(app: Flask, to: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        posted(to=to)
    assert db.session.scalars(select(OutboxEmail)).all() == []


@pytest.mark.parametrize("mood", ["rcpt refuse", "data refuse"])
def test_a_refusal_is_told_without_the_address(
    app: Flask, postbox: Postbox, mood: str
) -> None:
    postbox.mood.append(mood)
    number, other = posted(), posted("try:2")
    run(app)
    refused = letter(number)
    assert refused.state == OutboxState.REFUSED
    assert refused.reason.startswith("55")
    assert AIGERIM.email not in refused.reason
    assert letter(other).state == OutboxState.SENT


def test_not_now_is_tried_again_later(app: Flask, postbox: Postbox, at: Clock) -> None:
    at(NOON)
    postbox.mood += ["rcpt later", "rcpt later"]
    number = posted()
    run(app)
    waiting = letter(number)
    assert (waiting.state, waiting.reason) == (OutboxState.QUEUED, "451 4.7.1 greylisted")
    assert waiting.next_at == NOON + sender.FIRST_DELAY
    run(app)
    assert letter(number).attempts == 1
    at(NOON + sender.FIRST_DELAY)
    run(app)
    assert letter(number).next_at == NOON + 3 * sender.FIRST_DELAY
    at(NOON + 3 * sender.FIRST_DELAY)
    run(app)
    assert letter(number).state == OutboxState.SENT
    assert len(postbox.emails) == 1


def test_after_days_of_trying_it_is_given_up(
    app: Flask, postbox: Postbox, at: Clock
) -> None:
    postbox.mood += ["rcpt later"] * sender.ATTEMPTS
    at(NOON)
    number = posted()
    moment = NOON
    for _ in range(sender.ATTEMPTS):
        at(moment)
        run(app)
        moment = letter(number).next_at
    assert letter(number).state == OutboxState.REFUSED
    assert moment - NOON > timedelta(days=2)


def test_a_dropped_connection_is_tried_again(
    app: Flask, postbox: Postbox, at: Clock
) -> None:
    at(NOON)
    postbox.mood.append("data drop")
    number, other = posted(), posted("try:2")
    run(app)
    assert {letter(n).state for n in (number, other)} == {OutboxState.QUEUED}
    assert letter(number).reason
    at(NOON + sender.FIRST_DELAY)
    run(app)
    assert {letter(n).state for n in (number, other)} == {OutboxState.SENT}
    assert len(postbox.emails) == 2


def test_no_server_at_all_is_tried_again(app: Flask, at: Clock) -> None:
    at(NOON)
    nowhere = replace(outbox.service(), server=Server("smtp", "127.0.0.1", 1))
    number = posted()
    Sender(nowhere).run()
    waiting = letter(number)
    assert (waiting.state, waiting.reason) == (OutboxState.QUEUED, "ConnectionRefusedError")


def test_a_server_without_encryption_gets_nothing(app: Flask, postbox: Postbox) -> None:
    server = Server("smtp+starttls", "127.0.0.1", postbox.port)
    number = posted()
    Sender(replace(outbox.service(), server=server)).run()
    assert postbox.emails == []
    assert letter(number).state == OutboxState.QUEUED


def test_a_slow_server_is_waited_for(app: Flask, postbox: Postbox) -> None:
    postbox.mood.append("data hold")
    number = posted()

    def work() -> None:
        with app.app_context():
            run(app)
            db.session.remove()

    thread = Thread(target=work)
    thread.start()
    assert postbox.reached.wait(30)
    assert letter(number).state == OutboxState.HANDING
    postbox.release.set()
    thread.join()
    assert letter(number).state == OutboxState.SENT
    assert len(postbox.emails) == 1


@pytest.mark.parametrize(
    ("mood", "state"), [("rcpt hold", OutboxState.SENT), ("data hold", OutboxState.UNSURE)]
)
def test_a_killed_worker_loses_nothing_and_doubles_nothing(
    app: Flask, settings: Settings, postbox: Postbox, mood: str, state: OutboxState
) -> None:
    """Killed while the server thinks: before the letter left, and after it did."""
    postbox.mood.append(mood)
    number = posted()
    command = [sys.executable, "-c", CHILD]
    child = subprocess.Popen(command, cwd=ROOT, env=environment_of(settings))
    assert postbox.reached.wait(60)
    child.send_signal(signal.SIGKILL)
    child.wait()
    postbox.release.set()
    run(app)
    assert letter(number).state == state
    run(app)
    assert len(postbox.emails) == 1


CHILD = """
from neupusti.app import create_app
from neupusti.core.mail.outbox import service
from neupusti.core.mail.sender import Sender
app = create_app()
with app.app_context():
    Sender(service()).run()
"""


def test_without_a_server_letters_are_kept_and_can_be_read(
    app: Flask, postbox: Postbox
) -> None:
    app.extensions[outbox.EXTENSION] = replace(outbox.service(), server=None)
    number = posted()
    posted("try:2", to="bolat@example.kz")
    run(app)
    assert letter(number).state == OutboxState.KEPT
    assert postbox.emails == []
    listed = app.test_cli_runner().invoke(
        args=["mail", "list", "--to", AIGERIM.email, "--json"]
    )
    [told] = json.loads(listed.output)
    assert told["to"] == AIGERIM.email
    assert told["subject"] == "Letter"
    assert "For Айгерим <b>" in told["text"]
    assert told["headers"]["Subject"] == "Letter"
    plain = app.test_cli_runner().invoke(args=["mail", "list"]).output
    assert "bolat@example.kz" in plain
