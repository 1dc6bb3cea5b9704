"""The life of an issue: paused for long, ended by hand, its time moved, its prices."""

from datetime import timedelta

import pytest
from flask import Flask

from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import Cause, DataBlock, Result
from neupusti.core.data.database import writing
from neupusti.core.data.finding import Whose
from neupusti.core.registry import registry
from neupusti.newsletter import queries
from neupusti.newsletter.feature import DELIVERY_DAYS
from neupusti.newsletter.models import Issue, IssueDelivery, IssueState, Why
from neupusti.newsletter.service import issues, posting
from neupusti.newsletter.service.errors import IssueError
from neupusti.retention.service.sweeps import sweep
from tests.conftest import SQLITE
from tests.core.smtp_server import SmtpServer
from tests.newsletter import cast
from tests.people import AIGERIM, BOLAT
from tests.times import NOON, Clock

TERM = timedelta(days=DELIVERY_DAYS)


@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="retention")
def test_a_long_pause_loses_nobody(sending: Flask, smtp: SmtpServer, at: Clock) -> None:
    at(NOON)
    cast.crowd(3)
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    issues.pause(number, staff=cast.DANA)
    at(NOON + 2 * TERM)
    sweep(registry().retention)
    issues.resume(number, staff=cast.DANA)
    cast.sent_through(number)
    assert len(smtp.recipients) == 3
    assert cast.states(number) == {"sent": 3}
    at(NOON + 3 * TERM)
    sweep(registry().retention)
    assert cast.states(number) == {}
    assert cast.reread(Issue, number).sent == 3


def test_a_paused_issue_can_be_ended(sending: Flask, smtp: SmtpServer) -> None:
    cast.crowd(3)
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    posting.run()
    with pytest.raises(IssueError):
        issues.stop(number, staff=cast.DANA)
    issues.pause(number, staff=cast.DANA)
    issues.stop(number, staff=cast.DANA)
    cast.round_of_worker()
    found = cast.reread(Issue, number)
    assert (found.state, found.skipped) == (IssueState.DONE, 3)
    assert found.done_at is not None
    assert [why for _state, why, _count in queries.progress(found).why] == [Why.STOPPED]
    assert smtp.emails == []


@pytest.mark.clause("6.2.4")
def test_an_ended_issue_comes_to_nobody_whose_block_ends(
    sending: Flask, smtp: SmtpServer
) -> None:
    reader, _other = cast.subscriber(), cast.subscriber(BOLAT.email)
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    with writing() as session:
        block = blocks.open_block(session, Whose(email_key=AIGERIM.email), by=Cause.BODY)
    issues.pause(number, staff=cast.DANA)
    assert not issues.stop(number, staff=cast.DANA)
    cast.round_of_worker()
    assert cast.states(number) == {"waiting": 1, "skipped": 1}
    with writing() as session:
        held = session.get_one(DataBlock, block.id)
        blocks.lift(session, held, outcome=Result.UNFOUNDED)
    cast.round_of_worker()
    assert cast.reread(IssueDelivery, number, reader).state == "waiting"
    assert issues.stop(number, staff=cast.DANA)
    cast.round_of_worker()
    assert cast.reread(Issue, number).skipped == 2
    assert smtp.emails == []


@SQLITE
def test_the_clock_starts_nothing_whose_time_was_moved(app: Flask, at: Clock) -> None:
    """Somebody moves it between the look-up of the job and its start."""
    at(NOON)
    cast.subscriber()
    for moved in (NOON + timedelta(hours=1), None, NOON - queries.LATE):
        number = cast.issue(due_at=moved)
        with pytest.raises(IssueError):
            issues.start(number, staff=None)
        assert cast.reread(Issue, number).state == IssueState.DRAFT


@SQLITE
@pytest.mark.clause("4.1.10")
@pytest.mark.parametrize(
    "price",
    [
        "от $30",
        "30$",
        "30 USD",
        "30 usd.",
        "€ 25",
        "25 EUR",
        "25 евро",
        "2 500 ₽",
        "2500 руб.",
        "2500 рублей",
        "30 долларов",
        "30 доллар",
        "30 у. е.",
        "2500 RUB",
        "10 £",
        "30 dollars",
        "200 юаней",
    ],
)
def test_prices_of_advertising_are_in_tenge(app: Flask, price: str) -> None:
    """Law on advertising, article 6(4-1)."""
    cast.subscriber(advertising=True)
    number = cast.issue(advertising=True, body=f"Чайник, {price}!")
    for act in (
        lambda: issues.start(number, staff=cast.DANA),
        lambda: issues.try_out(number, cast.DANA),
    ):
        with pytest.raises(IssueError) as refused:
            act()
        assert refused.value.message is issues.NOT_TENGE
    assert issues.start(cast.issue(body=f"Чайник, {price}!"), staff=cast.DANA) == 1


@SQLITE
@pytest.mark.parametrize(
    "words",
    [
        "12 990 ₸, было 15 990 тенге",
        "5 рубашек, 3 европейских сервиза",
        "12990 KZT",
        "Евросервиз на 6 персон",
        "20 рублёвских чайников",
        "$ в тексте без числа",
        "100 usdan",
    ],
)
def test_other_words_of_advertising_are_left_alone(app: Flask, words: str) -> None:
    cast.subscriber(advertising=True)
    number = cast.issue(advertising=True, body=words)
    assert issues.start(number, staff=cast.DANA) == 1
