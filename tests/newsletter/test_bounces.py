"""Reports of undelivered mail (RFC 3464), read from standard input."""

import pytest
from flask import Flask

from neupusti.core.data.database import db
from neupusti.newsletter.models import Why
from neupusti.newsletter.service import suppression
from tests.conftest import SQLITE
from tests.newsletter import cast
from tests.people import AIGERIM, BOLAT

pytestmark = SQLITE
REPORT = """\
From: MAILER-DAEMON@mx.example
To: noreply@example.kz
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain; charset=utf-8

I'm sorry to have to inform you that your message could not be delivered.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Thu, 26 Nov 2026 10:00:00 +0500

Final-Recipient: {kind}; {to}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no such user

--B
Content-Type: text/rfc822-headers

To: {to}

--B--
"""


def read(app: Flask, report: str | bytes) -> tuple[int, str]:
    """Return the exit code of the command and what it says."""
    runner = app.test_cli_runner()
    done = runner.invoke(args=["newsletter", "bounce"], input=report)
    db.session.rollback()
    return done.exit_code, done.output.strip()


def report(
    to: str = AIGERIM.email,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    kind: str = "rfc822",
) -> str:
    return REPORT.format(to=to, action=action, status=status, kind=kind)


@pytest.mark.clause("4.1.9")
@pytest.mark.parametrize("status", ["5.1.1", "5.1.10", "5.2.1", "5.1.2 (no domain)"])
def test_a_mailbox_that_is_gone_gets_no_more_news(app: Flask, status: str) -> None:
    cast.subscriber()
    code, said = read(app, report(AIGERIM.email.upper(), status=status))
    assert (code, said) == (0, "The mailbox does not exist: it gets no more news.")
    found = suppression.suppressed(db.session(), AIGERIM.email)
    assert found == {AIGERIM.email: Why.BOUNCED}


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "delayed", "status": "4.4.1"},
        {"action": "failed", "status": "5.2.2"},
        {"action": "failed", "status": "5.7.1"},
        {"action": "delivered", "status": "2.0.0"},
        {"kind": "x400"},
        {"to": "no address"},
    ],
    ids=["delayed", "full", "policy", "delivered", "kind", "address"],
)
def test_what_is_not_for_good_changes_nothing(app: Flask, changes: dict[str, str]) -> None:
    cast.subscriber()
    code, said = read(app, report(**changes))
    assert (code, said.endswith("nothing was changed.")) == (0, True)
    assert suppression.suppressed(db.session(), AIGERIM.email) == {}


def test_an_address_that_gets_no_news_is_not_written_down(app: Flask) -> None:
    code, said = read(app, report(BOLAT.email))
    assert (code, said) == (0, "No subscriber has this address: nothing was changed.")
    assert suppression.suppressed(db.session(), BOLAT.email) == {}


@pytest.mark.parametrize(
    "text",
    ["", "hello", b"\xff\xfe\x00", "Content-Type: message/delivery-status\n\nx", "\n" * 9],
    ids=["nothing", "text", "bytes", "no recipient", "lines"],
)
def test_what_is_no_report_is_refused(app: Flask, text: str | bytes) -> None:
    code, said = read(app, text)
    assert (code, said) == (1, "Error: This is no report of undelivered mail (RFC 3464).")


@pytest.mark.parametrize(
    "part",
    [
        "Content-Type: message/rfc822\n\n",
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n",
    ],
)
def test_a_message_in_a_message_without_end_is_no_report(app: Flask, part: str) -> None:
    """Anybody can write to the address that reports come to."""
    answer = app.test_cli_runner().invoke(args=["newsletter", "bounce"], input=part * 3000)
    assert (answer.exit_code, answer.output.count("\n")) == (1, 1)
    assert "no report" in answer.output
