"""A letter that is sent or given up keeps no link: a stolen table opens nothing."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.config.settings import Settings
from neupusti.core.data.database import writing
from neupusti.core.mail import outbox
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.sender import Sender
from tests.accounts.cast import account, emails_to, link, submit
from tests.core.smtp_server import SmtpServer
from tests.people import AIGERIM, BOLAT

RESET = "/account/password/reset"


@pytest.fixture
def smtp() -> Iterator[SmtpServer]:
    with SmtpServer().open() as smtp:
        yield smtp


@pytest.fixture
def settings(settings: Settings, smtp: SmtpServer) -> Settings:
    return replace(settings, smtp_url=f"smtp://127.0.0.1:{smtp.port}")


def asked(client: FlaskClient, email: str) -> str:
    """Ask for a reset link; return its path, while the letter waits."""
    assert submit(client, RESET, {"email": email}).location == f"{RESET}/sent"
    return link(emails_to(email)[-1], "/reset/")


def test_the_link_leaves_the_table_with_the_letter(
    app: Flask, client: FlaskClient, smtp: SmtpServer
) -> None:
    """What it was for stays readable; the recipient has it whole."""
    account(AIGERIM)
    path = asked(client, AIGERIM.email)
    token = path.rpartition("/")[2]
    Sender(outbox.service()).run()
    [received] = smtp.emails
    part = received.get_body(("plain",))
    assert part is not None
    assert path in part.get_content()
    [kept] = emails_to(AIGERIM.email)
    assert kept.state == OutboxState.SENT
    assert f"http://127.0.0.1:8000{RESET}/…\n" in kept.text
    assert token not in f"{kept.text} {kept.html} {kept.headers}"
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("state", [OutboxState.REFUSED, OutboxState.UNSURE])
def test_a_letter_that_is_given_up_keeps_no_link(
    app: Flask, client: FlaskClient, smtp: SmtpServer, state: OutboxState
) -> None:
    account(BOLAT)
    token = asked(client, BOLAT.email).rpartition("/")[2]
    smtp.script.append("data refuse")
    with writing() as session:
        email = session.get_one(OutboxEmail, emails_to(BOLAT.email)[0].id)
        email.headers = json.dumps({"List-Unsubscribe": f"<http://a.kz/{token}>"})
        if state is OutboxState.UNSURE:
            email.state = OutboxState.HANDING.value
    Sender(outbox.service()).run()
    [kept] = emails_to(BOLAT.email)
    assert kept.state == state
    assert token not in f"{kept.text} {kept.html} {kept.headers}"
