"""Unsubscribing: by one click of a mail program, by a page, by the account (RFC 8058)."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.core.data import keys
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.registry import registry
from neupusti.newsletter.feature import ENDED_DAYS
from neupusti.newsletter.models import (
    IssueDelivery,
    Subscriber,
    SubscriberState,
    Subscription,
    Suppression,
    Topic,
    Why,
)
from neupusti.newsletter.service import (
    choices,
    ending,
    issues,
    links,
    posting,
    suppression,
)
from neupusti.retention.service import sweep
from tests import desk
from tests.conftest import SQLITE
from tests.newsletter import cast
from tests.people import AIGERIM, BOLAT
from tests.times import NOON, Clock

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
OWN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def reader(app: Flask) -> int:
    """Айгерим, who gets the news."""
    return cast.subscriber(advertising=True)


@pytest.fixture
def path(reader: int) -> str:
    """The path by which she unsubscribes."""
    return f"/newsletter/unsubscribe/{cast.leaving_token(reader)}"


def state(number: int) -> str:
    found: Subscriber = cast.reread(Subscriber, number)
    return found.state


@pytest.mark.situation(20)
def test_a_scanner_unsubscribes_nobody(client: FlaskClient, reader: int, path: str) -> None:
    for _ in range(10):
        assert client.get(path).status_code == 200
        assert client.head(path).status_code == 200
    assert client.put(path).status_code == 405
    assert state(reader) == SubscriberState.ACTIVE
    [action] = re.findall(rf'action="({path}[^"]*)"', client.get(path).text)
    answer = client.post(action)
    assert (answer.status_code, answer.location) == (303, "/newsletter/unsubscribed")
    assert state(reader) == SubscriberState.ENDED


@pytest.mark.situation(21)
@pytest.mark.clause("4.1.9")
@pytest.mark.parametrize(
    "body", [ONE_CLICK, {}, {"List-Unsubscribe": "x"}, {"csrf_token": "forged"}]
)
def test_one_click_needs_no_cookie_and_gets_none(
    app: Flask, client: FlaskClient, reader: int, path: str, body: dict[str, str]
) -> None:
    elsewhere = {"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"}
    wrong = f"/newsletter/unsubscribe/{links.token(reader + 1, 1)}"
    for address in (path, path, wrong, path[:-1] + "!", "/kk" + path):
        answer = client.post(address, data=body, headers=elsewhere)
        assert (answer.status_code, answer.data) == (200, b"")
        assert "Set-Cookie" not in answer.headers
        assert "Location" not in answer.headers
    assert state(reader) == SubscriberState.ENDED
    [given, ended] = cast.proofs()
    assert (ended.ends, ended.method) == (given.id, "one click in the e-mail")
    [given, ended] = cast.proofs(Purpose.ADVERTISING)
    assert ended.ends == given.id


@SQLITE
def test_one_click_sets_no_cookie_for_who_is_signed_in(app: Flask, path: str) -> None:
    browser = desk.signed_in(app, desk.person(BOLAT))
    answer = browser.post(path, data=ONE_CLICK)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


@SQLITE
def test_a_huge_body_is_not_read(client: FlaskClient, reader: int, path: str) -> None:
    """Leaving takes effect whatever a mail program adds to it."""
    answer = client.post(path, data={"x": "y" * 1_000_000})
    assert (answer.status_code, answer.data) == (200, b"")
    assert state(reader) == SubscriberState.ENDED


@SQLITE
def test_who_lost_a_piece_of_the_link_is_told_how_to_tell(client: FlaskClient) -> None:
    """The page says the same for every link: nobody learns who is subscribed."""
    page = client.get("/en/newsletter/unsubscribed").text
    assert "If news come all the same, the link was not whole" in page
    assert 'href="/en/contact/"' in page.partition("<footer")[0]


@SQLITE
def test_a_link_of_an_issue_works_for_years_and_after_a_change_of_secrets(
    app: Flask, client: FlaskClient, reader: int, path: str, at: Clock
) -> None:
    at(NOON + timedelta(days=3 * 365))
    app.config[keys.FORMER] = (app.config["SECRET_KEY"],)
    app.config["SECRET_KEY"] = "f" * 32
    client.post(path, data=ONE_CLICK)
    assert state(reader) == SubscriberState.ENDED


@SQLITE
@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-2] + ("AA" if text[-2:] != "AA" else "BB"),
        str.swapcase,
        lambda text: text[:42],
        lambda text: text + "A",
        lambda _text: "_" * 43,
    ],
    ids=["end", "case", "short", "long", "other"],
)
def test_a_forged_link_unsubscribes_nobody(
    client: FlaskClient, reader: int, path: str, change: Callable[[str], str]
) -> None:
    start, _, token = path.rpartition("/")
    assert client.post(f"{start}/{change(token)}", data=ONE_CLICK).status_code == 200
    assert state(reader) == SubscriberState.ACTIVE


@pytest.mark.situation(25)
@pytest.mark.clause("4.1.9")
@pytest.mark.clause("6.1.1")
def test_unsubscribing_takes_back_what_is_on_its_way(
    queueing: Flask, client: FlaskClient, reader: int, path: str
) -> None:
    posted, waiting = cast.issue(), cast.issue(topic=Topic.SHOP)
    issues.start(posted, staff=cast.DANA)
    posting.run()
    issues.start(waiting, staff=cast.DANA)
    order = cast.service_email(email=AIGERIM.email)
    assert len(cast.letters()) == 2
    client.post(path, data=ONE_CLICK)
    assert [email.id for email in cast.letters()] == [order]
    for number in (posted, waiting):
        row = cast.reread(IssueDelivery, number, reader)
        assert (row.state, row.why) == ("skipped", Why.UNSUBSCRIBED)


@SQLITE
def test_an_email_that_is_being_transferred_ends_as_it_ends(
    queueing: Flask, client: FlaskClient, reader: int, path: str
) -> None:
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    posting.run()
    [email] = cast.letters()
    email.state = "handing"
    db.session.commit()
    client.post(path, data=ONE_CLICK)
    assert cast.reread(IssueDelivery, number, reader).state == "posted"
    cast.reread(OutboxEmail, email.id).state = "unsure"
    db.session.commit()
    posting.run()
    assert cast.reread(IssueDelivery, number, reader).state == "unsure"


@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="retention")
def test_an_ended_address_goes_and_leaves_proof_and_suppression(
    client: FlaskClient, reader: int, path: str, at: Clock
) -> None:
    at(NOON)
    client.post(path, data=ONE_CLICK)
    at(NOON + timedelta(days=ENDED_DAYS) - timedelta(minutes=1))
    sweep(registry().retention)
    assert state(reader) == SubscriberState.ENDED
    at(NOON + timedelta(days=ENDED_DAYS))
    sweep(registry().retention)
    for table in (Subscriber, Subscription):
        assert db.session.scalars(select(table)).all() == []
    assert len(cast.proofs()) == 2
    [row] = db.session.scalars(select(Suppression))
    assert AIGERIM.email not in row.hash
    assert suppression.suppressed(db.session(), AIGERIM.email)
    assert client.post(path, data=ONE_CLICK).status_code == 200


@SQLITE
def test_topics_and_advertising_are_changed_by_the_link(
    client: FlaskClient, reader: int
) -> None:
    page = f"/newsletter/choices/{cast.leaving_token(reader)}"
    assert "checked" in client.get(page).text
    fields = {"csrf_token": cast.csrf(client), "topic": "advice"}
    answer = client.post(page, data=fields, headers=OWN)
    assert (answer.status_code, answer.location) == (303, f"{page}?done=saved")
    subscriber = cast.reread(Subscriber, reader)
    assert choices.topics_of(subscriber) == {Topic.ADVICE}
    assert (subscriber.ad_consent, subscriber.state) == (None, SubscriberState.ACTIVE)
    assert len(cast.proofs(Purpose.ADVERTISING)) == 2
    client.post(page, data={**fields, "advertising": "y"}, headers=OWN)
    assert (
        cast.reread(Subscriber, reader).ad_consent == cast.proofs(Purpose.ADVERTISING)[2].id
    )
    assert client.post(page, data={"topic": "goods"}).status_code in {400, 403}
    ended = f"/newsletter/choices/{links.token(999, 1)}"
    assert client.get(ended).location == "/newsletter/"
    assert client.post(ended, data=fields, headers=OWN).status_code == 404


@SQLITE
def test_who_leaves_a_mailbox_that_bounced_has_left(app: Flask, reader: int) -> None:
    suppression_of = partial(suppression.suppressed, db.session(), AIGERIM.email)
    with writing() as session:
        suppression.suppress(session, Why.BOUNCED, AIGERIM.email)
    ending.by_link(cast.leaving_token(reader), method=ending.BUTTON)
    assert suppression_of() == {AIGERIM.email: Why.UNSUBSCRIBED}
    db.session.rollback()
    with writing() as session:
        suppression.suppress(session, Why.BOUNCED, AIGERIM.email)
    assert suppression_of() == {AIGERIM.email: Why.UNSUBSCRIBED}


@SQLITE
def test_subscribing_again_lifts_the_suppression(
    client: FlaskClient, reader: int, path: str, at: Clock
) -> None:
    client.post(path, data=ONE_CLICK)
    at(cast.reread(Subscriber, reader).letter_at + timedelta(minutes=15))
    fields = {"csrf_token": cast.csrf(client), "email": AIGERIM.email, "consent": "y"}
    client.post("/newsletter/", data=fields, headers=OWN)
    assert state(reader) == SubscriberState.PENDING
    token = cast.token_in(cast.letters()[0])
    client.post(f"/newsletter/confirm/{token}", data=fields, headers=OWN)
    assert state(reader) == SubscriberState.ACTIVE
    assert suppression.suppressed(db.session(), AIGERIM.email) == {}
