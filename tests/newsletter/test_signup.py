"""Signing up: the form, the email that asks, and the press that confirms (4.1.9)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from neupusti.accounts.service import limits
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.registry import registry
from neupusti.newsletter.models import (
    Subscriber,
    SubscriberState,
    Subscription,
    Topic,
    Why,
)
from neupusti.newsletter.service import choices, ending, links, suppression
from neupusti.retention.service.sweeps import sweep
from tests import desk
from tests.conftest import SQLITE
from tests.newsletter import cast
from tests.people import AIGERIM, BOLAT
from tests.times import NOON, Clock

PAGE = "/newsletter/"
OWN = {"Sec-Fetch-Site": "same-origin"}


def press(client: FlaskClient, path: str, **fields: object) -> TestResponse:
    """Press the button of a page as a browser without cookies does."""
    token = cast.csrf(client)
    return client.post(path, data={"csrf_token": token, **fields}, headers=OWN)


def asked(client: FlaskClient, email: str = AIGERIM.email, **fields: object) -> None:
    answer = press(client, PAGE, email=email, consent="y", **fields)
    assert (answer.status_code, answer.location) == (303, "/newsletter/sent"), answer.text


def only() -> Subscriber:
    db.session.rollback()
    return db.session.scalars(
        select(Subscriber).execution_options(populate_existing=True)
    ).one()


@pytest.mark.clause("4.1.9")
def test_a_subscription_begins_with_the_press_in_the_email(client: FlaskClient) -> None:
    asked(client, topic=["goods", "advice"])
    assert only().state == SubscriberState.PENDING
    assert cast.proofs() == []
    [email] = cast.letters()
    token = cast.token_in(email)
    page = client.get(f"/newsletter/confirm/{token}")
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    answer = press(client, f"/newsletter/confirm/{token}")
    assert (answer.status_code, answer.location) == (303, "/newsletter/confirmed")
    assert only().state == SubscriberState.ACTIVE
    [proof] = cast.proofs()
    assert proof.method == "link in an e-mail, button pressed"
    assert only().news_consent == proof.id
    assert choices.topics_of(only()) == {Topic.GOODS, Topic.ADVICE}
    assert cast.proofs(Purpose.ADVERTISING) == []


@pytest.mark.clause("4.1.10")
def test_advertising_is_a_consent_of_its_own(client: FlaskClient) -> None:
    asked(client, advertising="y")
    token = cast.token_in(cast.letters()[0])
    press(client, f"/newsletter/confirm/{token}", advertising="y")
    [news], [advert] = cast.proofs(), cast.proofs(Purpose.ADVERTISING)
    assert (only().news_consent, only().ad_consent) == (news.id, advert.id)
    assert news.wording != advert.wording


@SQLITE
@pytest.mark.clause("4.1.10")
def test_a_text_that_was_not_shown_is_not_agreed_to(client: FlaskClient, at: Clock) -> None:
    """Between the page and the press a stranger asks for the same address."""
    at(NOON)
    asked(client)
    token = cast.token_in(cast.letters()[0])
    shown = client.get(f"/newsletter/confirm/{token}").text
    assert 'name="advertising"' not in shown
    at(NOON + timedelta(minutes=15))
    asked(client, advertising="y")
    press(client, f"/newsletter/confirm/{token}")
    assert (only().state, only().ad_consent) == (SubscriberState.ACTIVE, None)
    assert (only().advertising, cast.proofs(Purpose.ADVERTISING)) == (False, [])


@pytest.mark.clause("6.1.1")
@pytest.mark.parametrize("again", ["by the other email", "in the account"])
def test_one_press_is_enough_and_one_withdrawal_ends_it(
    app: Flask, client: FlaskClient, at: Clock, again: str
) -> None:
    """Whoever asked twice has two emails: the second press must leave no second consent."""
    at(NOON)
    asked(client)
    at(NOON + timedelta(minutes=15))
    asked(client)
    first, second = map(cast.token_in, cast.letters())
    if again == "in the account":
        owner = desk.person(AIGERIM)
        browser = desk.signed_in(app, owner)
        browser.post("/account/newsletter", data=desk.form(app, consent="y"))
    else:
        press(client, f"/newsletter/confirm/{first}")
    assert only().state == SubscriberState.ACTIVE
    assert press(client, f"/newsletter/confirm/{second}").status_code == 404
    assert len(cast.proofs()) == 1
    ending.by_link(links.token_of(only()), method=ending.BUTTON)
    assert [one.ends for one in cast.proofs()] == [None, cast.proofs()[0].id]


@pytest.mark.clause("4.1.9")
def test_a_mailbox_that_works_again_subscribes_again(
    client: FlaskClient, at: Clock
) -> None:
    """It gets no news since it bounced: the page says that then a link is sent."""
    at(NOON)
    reader = cast.subscriber(advertising=True)
    with writing() as session:
        suppression.suppress(session, Why.BOUNCED, AIGERIM.email)
    at(NOON + timedelta(minutes=15))
    asked(client, topic="goods")
    kept = cast.reread(Subscriber, reader)
    assert kept.state == SubscriberState.ACTIVE
    assert choices.topics_of(kept) == frozenset(Topic)
    [email] = cast.letters()
    answer = press(client, f"/newsletter/confirm/{cast.token_in(email)}")
    assert answer.location == "/newsletter/confirmed"
    db.session.rollback()
    assert suppression.suppressed(db.session(), AIGERIM.email) == {}
    assert len(cast.proofs()) == len(cast.proofs(Purpose.ADVERTISING)) == 1
    assert cast.reread(Subscriber, reader).ad_consent is not None


@pytest.mark.situation(20)
@pytest.mark.clause("4.1.9")
def test_a_scanner_confirms_nothing(client: FlaskClient) -> None:
    asked(client)
    token = cast.token_in(cast.letters()[0])
    for _ in range(10):
        assert client.get(f"/newsletter/confirm/{token}").status_code == 200
        assert client.head(f"/newsletter/confirm/{token}").status_code == 200
    assert only().state == SubscriberState.PENDING
    assert cast.proofs() == []
    press(client, f"/newsletter/confirm/{token}")
    assert only().state == SubscriberState.ACTIVE


@pytest.mark.situation(23)
def test_the_email_that_asks_can_be_refused_by_one_click(client: FlaskClient) -> None:
    asked(client)
    [email] = cast.letters()
    headers = email.further_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = headers["List-Unsubscribe"].strip("<>")
    assert address.startswith("http://127.0.0.1:8000/newsletter/unsubscribe/")
    path = address.removeprefix("http://127.0.0.1:8000")
    assert client.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert only().state == SubscriberState.ENDED
    token = cast.token_in(email)
    assert press(client, f"/newsletter/confirm/{token}").status_code == 404


@pytest.mark.clause("4.1.9")
def test_sixty_sign_ups_from_sixty_networks_send_one_email(client: FlaskClient) -> None:
    for n in range(60):
        client.environ_base["REMOTE_ADDR"] = f"198.{n}.100.7"
        asked(client, AIGERIM.email.upper() if n % 2 else AIGERIM.email)
    assert only().letters == 1
    assert db.session.scalar(select(func.count()).select_from(Subscriber)) == 1
    assert len(cast.letters()) == 1


@SQLITE
def test_three_emails_in_all_and_one_in_a_quarter(client: FlaskClient, at: Clock) -> None:
    for minutes, letters in ((0, 1), (14, 1), (15, 2), (30, 3), (45, 3), (600, 3)):
        at(NOON + timedelta(minutes=minutes))
        asked(client)
        assert len(cast.letters()) == letters, minutes


@SQLITE
def test_an_active_subscriber_is_told_the_same_and_keeps_what_they_chose(
    client: FlaskClient, app: Flask
) -> None:
    cast.subscriber(topics=[Topic.GOODS])
    asked(client, topic="advice", advertising="y")
    assert cast.letters() == []
    assert (only().state, only().advertising) == (SubscriberState.ACTIVE, False)
    assert choices.topics_of(only()) == {Topic.GOODS}


@SQLITE
@pytest.mark.clause("2.1")
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"email": AIGERIM.email}, "Tick the box if you agree"),
        ({"email": AIGERIM.email, "consent": "0" * 64}, "The words have changed"),
        ({"email": "", "consent": "y"}, "Enter your e-mail."),
        ({"email": "a@b.kz\r\nBcc: c@d.kz", "consent": "y"}, "Write the address like"),
        ({"email": "x" * 70_000, "consent": "y"}, "too large"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    client: FlaskClient, fields: dict[str, str], words: str
) -> None:
    answer = press(client, f"/en{PAGE}", **fields)
    assert answer.status_code in {413, 422}
    assert words in answer.text
    assert db.session.scalars(select(Subscriber)).all() == []


@SQLITE
def test_another_site_cannot_sign_anybody_up(client: FlaskClient) -> None:
    fields = {"email": AIGERIM.email, "consent": "y"}
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert client.post(PAGE, data=fields, headers=foreign).status_code == 403


@SQLITE
def test_a_flood_from_a_network_is_refused_until_a_time_that_is_told(
    client: FlaskClient, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An office or a carrier's range is one network: the guard is wide."""
    at(NOON)
    for n in range(31):
        asked(client, f"reader{n}@example.kz")
    low = replace(limits.EMAILS_NETWORK, times=31)
    monkeypatch.setattr(limits, "EMAILS_NETWORK", low)
    fields = {"email": BOLAT.email, "consent": "y"}
    answer = press(client, f"/en{PAGE}", **fields)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    # 12:00 UTC and an hour, in Almaty.
    assert "From 18:00, Almaty time, e-mails are sent again" in answer.text
    at(NOON + limits.HOUR)
    asked(client, BOLAT.email)


@SQLITE
def test_changed_words_are_shown_again_before_they_count(client: FlaskClient) -> None:
    asked(client)
    token = cast.token_in(cast.letters()[0])
    answer = press(client, f"/en/newsletter/confirm/{token}", consent="0" * 64)
    assert answer.status_code == 422
    assert "The words have changed" in answer.text
    assert only().state == SubscriberState.PENDING


@SQLITE
@pytest.mark.parametrize("token", ["x", "a" * 43, "A" * 42 + "!", "%00", "a" * 300])
def test_a_wrong_link_opens_nothing(client: FlaskClient, token: str) -> None:
    page = client.get(f"/en/newsletter/confirm/{token}")
    assert page.status_code in {400, 404}


@pytest.mark.clause("4.1.9")
@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="retention")
def test_what_is_not_confirmed_goes_after_seven_days(
    client: FlaskClient, at: Clock
) -> None:
    at(NOON)
    asked(client)
    token = cast.token_in(cast.letters()[0])
    at(NOON + timedelta(days=7) - timedelta(minutes=1))
    sweep(registry().retention)
    assert client.get(f"/newsletter/confirm/{token}").status_code == 200
    at(NOON + timedelta(days=7))
    sweep(registry().retention)
    for table in (Subscriber, Subscription):
        assert db.session.scalars(select(table)).all() == []
    assert cast.letters() == []
    assert press(client, f"/newsletter/confirm/{token}").status_code == 404
