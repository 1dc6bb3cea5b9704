"""What the mail server says to one email of many: no such mailbox, later, nothing."""

import pytest
from flask import Flask
from sqlalchemy import select, update

from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.newsletter.models import Issue, IssueDelivery, Why
from neupusti.newsletter.service import issues, posting, suppression
from neupusti.newsletter.service.errors import IssueError
from tests.conftest import SQLITE
from tests.core.smtp_server import SmtpServer
from tests.newsletter import cast
from tests.people import AIGERIM
from tests.times import NOON, Clock


def test_a_mailbox_that_is_gone_gets_no_more_news_but_its_orders(
    sending: Flask, smtp: SmtpServer
) -> None:
    reader = cast.subscriber()
    smtp.script.append("rcpt refuse")
    first, second = cast.issue(), cast.issue()
    issues.start(first, staff=cast.DANA)
    cast.sent_through(first)
    row = cast.reread(IssueDelivery, first, reader)
    assert (row.state, row.why) == ("refused", Why.BOUNCED)
    issues.start(second, staff=cast.DANA)
    cast.sent_through(second)
    row = cast.reread(IssueDelivery, second, reader)
    assert (row.state, row.why) == ("skipped", Why.BOUNCED)
    cast.service_email(email=AIGERIM.email)
    cast.round_of_worker()
    assert smtp.recipients == [AIGERIM.email]


@SQLITE
def test_mailboxes_that_put_off_do_not_stop_the_others(
    sending: Flask, smtp: SmtpServer
) -> None:
    cast.crowd(posting.BATCH + 1)
    smtp.script += ["rcpt later"] * posting.BATCH
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    cast.round_of_worker()
    assert smtp.recipients == []
    cast.round_of_worker()
    assert smtp.recipients == [f"reader{posting.BATCH}@example.kz"]


@SQLITE
def test_a_server_that_puts_off_all_does_not_get_a_whole_issue(
    queueing: Flask, at: Clock
) -> None:
    at(NOON)
    cast.crowd(posting.MOST_WAITING + 1)
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    for _ in range(posting.MOST_WAITING // posting.BATCH + 1):
        posting.run()
        with writing() as session:
            session.execute(update(OutboxEmail).values(next_at=NOON + posting.MINUTE))
    assert cast.states(number) == {"posted": posting.MOST_WAITING, "waiting": 1}


@SQLITE
def test_a_refusal_of_the_server_says_nothing_of_the_mailbox(
    sending: Flask, smtp: SmtpServer
) -> None:
    reader = cast.subscriber()
    smtp.script.append("data refuse")
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    cast.sent_through(number)
    assert cast.reread(IssueDelivery, number, reader).why == Why.SERVER
    assert suppression.suppressed(db.session(), AIGERIM.email) == {}


@SQLITE
def test_what_is_unsure_is_sent_again_by_a_person_only(
    sending: Flask, smtp: SmtpServer
) -> None:
    reader = cast.subscriber()
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    posting.run()
    with writing() as session:
        session.scalars(select(OutboxEmail)).one().state = "handing"
    cast.sent_through(number)
    assert cast.reread(IssueDelivery, number, reader).state == "unsure"
    assert smtp.emails == []
    cast.round_of_worker()
    assert smtp.emails == []
    assert issues.send_unsure_again(number, staff=cast.DANA) == 1
    cast.sent_through(number)
    assert cast.reread(Issue, number).sent == 1
    assert smtp.recipients == [AIGERIM.email]
    with pytest.raises(IssueError):
        issues.send_unsure_again(number, staff=cast.DANA)


def test_a_server_that_rejects_and_leaves_is_tried_later(
    sending: Flask, smtp: SmtpServer, at: Clock
) -> None:
    """It closes the connection with its answer (421), as one that shuts down does."""
    at(NOON)
    smtp.script.append("rcpt drop")
    number, other = cast.service_email("order:1:1"), cast.service_email("order:2:1")
    cast.round_of_worker()
    emails = [cast.reread(OutboxEmail, one) for one in (number, other)]
    assert [(one.state, one.attempts) for one in emails] == [("queued", 1)] * 2
    assert emails[0].reason.startswith("421")
    assert emails[1].reason == "SMTPServerDisconnected"


def test_an_email_that_cannot_be_written_stops_no_other(
    sending: Flask, smtp: SmtpServer
) -> None:
    number, other = cast.service_email("order:1:1"), cast.service_email("order:2:1")
    with writing() as session:
        session.get_one(OutboxEmail, number).subject = "a\nb"
    cast.round_of_worker()
    email = cast.reread(OutboxEmail, number)
    assert (email.state, email.reason) == ("refused", "550 cannot be written")
    assert cast.reread(OutboxEmail, other).state == "sent"
