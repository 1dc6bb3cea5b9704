"""A mail server that is killed delays an email, and nothing else of an order."""

from dataclasses import replace

import pytest
from flask import Flask

from neupusti.config.settings import Settings
from neupusti.core.data.database import db
from neupusti.core.mail import outbox, sender
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.sender import Sender
from tests.core.smtp_server import SmtpServer
from tests.orders import buying, cast
from tests.orders.buying import Shopper
from tests.people import GUEST
from tests.times import NOON, Clock


@pytest.fixture
def smtp() -> SmtpServer:
    """A mail server that drops the first email it is given; it is down at first."""
    return SmtpServer(script=["data drop"])


@pytest.fixture
def settings(settings: Settings, smtp: SmtpServer) -> Settings:
    """Send emails to that server."""
    return replace(settings, smtp_url=f"smtp://127.0.0.1:{smtp.port}")


def letter() -> OutboxEmail:
    (found,) = cast.letters(GUEST.email)
    return found


def run() -> None:
    Sender(outbox.service()).run()
    db.session.rollback()


@pytest.mark.situation(2)
def test_situation_02_a_killed_mail_server_delays_only_the_letter(
    app: Flask, smtp: SmtpServer, at: Clock
) -> None:
    at(NOON)
    guest = Shopper(app)
    guest.put(buying.product())
    page = guest.post("/checkout/", **guest.answers(), go="check").text
    sent = {**buying.hidden(page), "consent": "y"}
    pages = list[str]()
    for _press in range(3):
        answer = guest.browser.post("/checkout/", data=sent, headers=buying.SAME_ORIGIN)
        pages.append(guest.browser.get(answer.headers["Location"]).text)
        db.session.rollback()
        run()
    (order,) = buying.orders()
    assert all(order.number in shown for shown in pages)
    assert (letter().state, letter().reason) == (
        *(OutboxState.QUEUED, "ConnectionRefusedError"),
    )

    at(NOON + sender.FIRST_DELAY)
    with smtp.open():
        run()
    assert (letter().state, letter().attempts) == (OutboxState.QUEUED, 2)
    assert smtp.emails == []

    at(NOON + 3 * sender.FIRST_DELAY)
    with smtp.open():
        for _ in range(2):
            run()
    (received,) = smtp.emails
    assert order.number in received["Subject"]
    assert smtp.recipients == [GUEST.email]
    assert letter().state == OutboxState.SENT
