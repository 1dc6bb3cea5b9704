"""Sending an issue: to those it is for, once each, behind the emails of the service."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.mail import message, outbox
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.records import consents
from neupusti.core.registry import registry
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import (
    Issue,
    IssueDelivery,
    IssueState,
    Subscriber,
    Topic,
    Why,
)
from neupusti.newsletter.service import ending, issues, posting, suppression
from neupusti.newsletter.service.errors import IssueError
from tests import desk
from tests.conftest import SQLITE
from tests.core.smtp_server import SmtpServer
from tests.newsletter import cast
from tests.newsletter.servers import ActingServer
from tests.people import AIGERIM, BIN, BOLAT, GUEST, YERLAN
from tests.times import NOON, Clock


@pytest.mark.clause("4.1.9")
@pytest.mark.manifest(field="jobs")
def test_an_issue_reaches_the_subscribers_of_its_topic(
    sending: Flask, smtp: SmtpServer
) -> None:
    cast.subscriber(AIGERIM.email, language=Language.KK)
    cast.subscriber(BOLAT.email, topics=[Topic.ADVICE])
    cast.subscriber(GUEST.email)
    number = cast.issue()
    assert issues.start(number, staff=cast.DANA) == 2
    [job] = [job for job in registry().jobs if job.name == "news"]
    assert job.every <= timedelta(seconds=5)
    job.run()
    cast.sent_through(number)
    assert sorted(smtp.recipients) == sorted([AIGERIM.email, GUEST.email])
    subjects = {received["To"]: received["Subject"] for received in smtp.emails}
    assert subjects == {AIGERIM.email: "Жаңа шәйнектер", GUEST.email: "Новые чайники"}
    for received in smtp.emails:
        assert received["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert "/newsletter/unsubscribe/" in received["List-Unsubscribe"]
        plain = cast.body(received)
        assert "/catalog/?utm_campaign=issue-1" in plain
        assert received["List-Unsubscribe"].strip("<>") in plain
        assert "4.1.7" not in plain
    issue = cast.reread(Issue, number)
    assert (issue.state, issue.sent, issue.skipped) == (IssueState.DONE, 2, 0)


@pytest.mark.clause("4.1.10")
def test_advertising_is_marked_and_goes_to_who_agreed_to_it(
    sending: Flask, smtp: SmtpServer
) -> None:
    cast.subscriber(AIGERIM.email)
    cast.subscriber(BOLAT.email, advertising=True)
    cast.subscriber(GUEST.email, advertising=True, language=Language.KK)
    number = cast.issue(advertising=True)
    assert issues.start(number, staff=cast.DANA) == 2
    cast.sent_through(number)
    assert sorted(smtp.recipients) == sorted([BOLAT.email, GUEST.email])
    for received in smtp.emails:
        for text in (cast.body(received), cast.body(received, "html")):
            assert "Жарнама / Реклама" in text
            assert f"БСН / БИН {BIN}" in text
            assert "Жаңа шәйнектер келді." in text
        plain = cast.body(received)
        assert plain.lstrip().startswith("Жарнама / Реклама. ")
        assert ("Новые чайники." in plain) is (received["To"] == BOLAT.email)


@SQLITE
def test_advertising_without_a_bin_does_not_start(app: Flask) -> None:
    given = app.extensions["neupusti.settings"]
    app.extensions["neupusti.settings"] = replace(given, operator_bin="")
    cast.subscriber(advertising=True)
    number = cast.issue(advertising=True)
    with pytest.raises(IssueError) as refused:
        issues.start(number, staff=cast.DANA)
    assert refused.value.message is issues.NO_BIN
    assert cast.states(number) == {}


@SQLITE
@pytest.mark.situation(23)
def test_the_address_to_unsubscribe_stands_whole_in_its_header(queueing: Flask) -> None:
    """The library would split a long address into encoded words, which nobody reads."""
    reader = cast.subscriber()
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    posting.run()
    path = f"/newsletter/unsubscribe/{cast.leaving_token(reader)}"
    [email] = cast.letters()
    lines = message.build(email, outbox.service()).split(b"\r\n")
    assert f"List-Unsubscribe: <http://127.0.0.1:8000{path}>".encode() in lines
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines


@SQLITE
def test_of_an_email_that_left_no_text_stays(sending: Flask, smtp: SmtpServer) -> None:
    cast.subscriber()
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    cast.sent_through(number)
    [email] = cast.letters()
    assert (email.state, email.text, email.html, email.headers) == ("sent", "", "", "{}")


@pytest.mark.clause("4.1.10")
def test_what_was_withdrawn_meanwhile_is_skipped_with_the_reason(queueing: Flask) -> None:
    kept, left, bounced = (cast.subscriber(f"r{n}@example.kz") for n in range(3))
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    consent = _consent_of(left)
    [proof] = [one for one in cast.proofs() if one.id == consent]
    db.session.rollback()
    with writing() as session:
        consents.withdraw(session, proof, method=ending.BUTTON)
        suppression.suppress(session, Why.BOUNCED, "r2@example.kz")
    posting.run()
    why = {n: cast.reread(IssueDelivery, number, n).why for n in (kept, left, bounced)}
    assert why == {kept: "", left: Why.NO_CONSENT, bounced: Why.BOUNCED}
    assert [len(cast.letters(f"r{n}@example.kz")) for n in range(3)] == [1, 0, 0]


def _consent_of(number: int) -> int | None:
    found: Subscriber = cast.reread(Subscriber, number)
    return found.news_consent


@pytest.mark.situation(24)
@pytest.mark.manifest(field="duties")
@pytest.mark.parametrize(
    ("late", "started"),
    [
        (timedelta(), True),
        (timedelta(minutes=59, seconds=59), True),
        (timedelta(hours=1), False),
        (timedelta(hours=5), False),
        (timedelta(seconds=-1), False),
    ],
    ids=str,
)
def test_an_issue_long_past_its_time_does_not_start_by_itself(
    app: Flask, at: Clock, late: timedelta, *, started: bool
) -> None:
    at(NOON)
    cast.subscriber()
    number = cast.issue(due_at=NOON + timedelta(hours=8))
    at(NOON + timedelta(hours=8) + late)
    posting.run()
    assert bool(cast.states(number)) is started
    overdue = late >= timedelta(hours=1)
    [duty] = [one for one in registry().duties if one.endpoint == "newsletter.board"]
    assert duty.open() == overdue
    if overdue:
        assert issues.start(number, staff=cast.DANA) == 1


@SQLITE
def test_an_issue_that_nobody_can_get_does_not_start(app: Flask, at: Clock) -> None:
    at(NOON)
    number = cast.issue(due_at=NOON)
    with pytest.raises(IssueError):
        issues.start(number, staff=cast.DANA)
    posting.run()
    assert cast.reread(Issue, number).state == IssueState.DRAFT


def test_pausing_takes_back_what_waits_in_the_outbox(
    sending: Flask, smtp: SmtpServer
) -> None:
    cast.crowd(120)
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    posting.run()
    assert cast.states(number) == {"posted": posting.BATCH, "waiting": 70}
    issues.pause(number, staff=cast.DANA)
    assert cast.states(number) == {"waiting": 120}
    assert db.session.scalar(select(func.count()).select_from(OutboxEmail)) == 0
    cast.round_of_worker()
    assert smtp.emails == []
    with pytest.raises(IssueError):
        issues.pause(number, staff=cast.DANA)
    issues.resume(number, staff=cast.DANA)
    cast.sent_through(number)
    assert sorted(smtp.recipients) == sorted(f"reader{n}@example.kz" for n in range(120))


@SQLITE
def test_no_more_leave_in_a_minute_than_the_setting_says(
    queueing: Flask, at: Clock
) -> None:
    given = queueing.extensions["neupusti.settings"]
    queueing.extensions["neupusti.settings"] = replace(given, news_per_minute=7)
    at(NOON)
    cast.crowd(20)
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    for seconds, posted in ((0, 7), (59, 7), (61, 14), (119, 14), (122, 20)):
        at(NOON + timedelta(seconds=seconds))
        posting.run()
        assert cast.states(number)["posted"] == posted, seconds


def test_an_order_email_overtakes_the_news(app: Flask) -> None:
    """It is posted while the fourth of fifty emails of news is at the server."""

    def order() -> None:
        with app.app_context():
            cast.service_email(email=YERLAN.email)
            db.session.remove()

    with ActingServer(at=4, act=order).open() as smtp:
        cast.send_by(app, smtp.port)
        cast.crowd(60)
        number = cast.issue()
        issues.start(number, staff=cast.DANA)
        cast.sent_through(number)
    assert smtp.recipients.index(YERLAN.email) <= 5
    assert len(smtp.emails) == 61


@SQLITE
@pytest.mark.clause("4.1.9")
def test_a_copy_to_oneself_goes_to_nobody_else(sending: Flask, smtp: SmtpServer) -> None:
    cast.subscriber(AIGERIM.email)
    dana = desk.person(BOLAT)
    number = cast.issue()
    issues.try_out(number, dana)
    cast.round_of_worker()
    assert smtp.recipients == [BOLAT.email] * 3
    assert cast.states(number) == {}


def test_consent_to_news_is_no_consent_to_advertising(app: Flask) -> None:
    cast.subscriber()
    number = cast.issue(advertising=True)
    with pytest.raises(IssueError):
        issues.start(number, staff=cast.DANA)
    assert cast.proofs(Purpose.ADVERTISING) == []
