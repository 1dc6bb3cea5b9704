"""The newsletter and an account: ticked at registration, changed, withdrawn there."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.accounts.models import Person
from neupusti.accounts.service.signals import email_confirmed
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.records import consents
from neupusti.core.registry import registry
from neupusti.core.security.tokens import TokenError
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import Subscriber, SubscriberState, Topic, Why
from neupusti.newsletter.service import (
    choices,
    ending,
    issues,
    links,
    posting,
    signup,
    suppression,
)
from neupusti.newsletter.service.signup import Wish
from tests import desk
from tests.conftest import SQLITE
from tests.newsletter import cast
from tests.people import AIGERIM, BOLAT

PAGE = "/account/newsletter"


@pytest.fixture
def owner(app: Flask) -> int:
    """Айгерим, who has an account."""
    return desk.person(AIGERIM)


@pytest.fixture
def browser(app: Flask, owner: int) -> FlaskClient:
    """A browser in which she is signed in."""
    return desk.signed_in(app, owner)


def mine(owner: int) -> Subscriber | None:
    db.session.rollback()
    return choices.of_person(owner)


def confirmed(person: int) -> None:
    """Send what accounts send when a person proves their address."""
    with writing() as session:
        email_confirmed.send(session.get_one(Person, person), session=session)


@pytest.mark.clause("4.1.9")
@pytest.mark.clause("6.1.1")
@pytest.mark.manifest(field="pages")
def test_an_account_subscribes_changes_and_leaves(
    app: Flask, browser: FlaskClient, owner: int
) -> None:
    assert f'href="{PAGE}"' in browser.get("/account/").text
    assert 'href="/newsletter/"' in browser.get("/").text.partition("<footer")[2]
    wanted = desk.form(app, consent="y", topic="goods")
    answer = browser.post(PAGE, data=wanted)
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?done=saved")
    assert cast.letters() == []
    subscriber = mine(owner)
    assert choices.topics_of(subscriber) == {Topic.GOODS}
    assert subscriber is not None
    assert subscriber.ad_consent is None
    browser.post(PAGE, data={**wanted, "advertising": "y", "topic": "advice"})
    subscriber = mine(owner)
    assert subscriber is not None
    assert subscriber.ad_consent == cast.proofs(Purpose.ADVERTISING)[0].id
    assert choices.topics_of(subscriber) == {Topic.ADVICE}
    assert len(cast.proofs()) == 1
    page = browser.get(f"/en{PAGE}").text
    assert "News come to the e-mail of your account." in page
    answer = browser.post(PAGE, data=desk.form(app, press="end"))
    assert answer.location == f"{PAGE}?done=ended"
    assert mine(owner) is None
    assert len(cast.proofs()) == len(cast.proofs(Purpose.ADVERTISING)) == 2


@SQLITE
def test_a_mailbox_that_works_again_gets_news_by_saving(
    app: Flask, browser: FlaskClient, owner: int
) -> None:
    cast.subscriber(person=owner)
    with writing() as session:
        suppression.suppress(session, Why.BOUNCED, AIGERIM.email)
    browser.post(PAGE, data=desk.form(app, consent="y"))
    assert suppression.suppressed(db.session(), AIGERIM.email) == {}
    assert len(cast.proofs()) == 1


@SQLITE
def test_the_page_needs_a_sign_in_a_token_and_the_box(
    app: Flask, client: FlaskClient, browser: FlaskClient, owner: int
) -> None:
    assert client.get(PAGE).location.startswith("/account/login")
    assert browser.post(PAGE, data={"consent": "y"}).status_code == 400
    assert browser.post(PAGE, data=desk.form(app)).status_code == 422
    assert mine(owner) is None


@SQLITE
def test_nobody_sees_the_subscription_of_another(app: Flask, owner: int) -> None:
    cast.subscriber(person=owner)
    stranger = desk.signed_in(app, desk.person(BOLAT))
    assert "You get no news from us." in stranger.get(f"/en{PAGE}").text
    stranger.post(PAGE, data=desk.form(app, press="end"))
    assert mine(owner) is not None


@pytest.mark.clause("6.1.1")
def test_withdrawing_on_the_page_of_consents_ends_it(
    app: Flask, browser: FlaskClient, owner: int
) -> None:
    wanted = desk.form(app, consent="y", advertising="y")
    browser.post(PAGE, data=wanted)
    [advert], [news] = cast.proofs(Purpose.ADVERTISING), cast.proofs()
    browser.post("/account/consents", data=desk.form(app, consent=advert.id))
    subscriber = mine(owner)
    assert subscriber is not None
    assert subscriber.ad_consent is None
    browser.post("/account/consents", data=desk.form(app, consent=news.id))
    assert mine(owner) is None
    page = browser.get("/en/account/consents").text
    assert page.count("withdrawn") >= 2


@pytest.mark.clause("3.1")
def test_a_tick_at_registration_counts_once_the_address_is_proved(
    app: Flask, owner: int
) -> None:
    with writing() as session:
        consents.store(session, cast.given(), email=AIGERIM.email, person=owner)
    assert mine(owner) is None
    confirmed(owner)
    subscriber = mine(owner)
    assert subscriber is not None
    assert subscriber.news_consent == cast.proofs()[0].id
    assert choices.topics_of(subscriber) == frozenset(Topic)
    ending.by_link(links.token_of(subscriber), method=ending.BUTTON)
    confirmed(owner)
    assert mine(owner) is None
    assert consents.in_force(owner, Purpose.NEWS) is None


def unsubscribed_before(owner: int) -> None:
    """Let the address have unsubscribed, and its account have an older consent to news."""
    number = cast.subscriber()
    ending.by_link(cast.leaving_token(number), method=ending.BUTTON)
    with writing() as session:
        session.delete(session.get_one(Subscriber, number))
    with writing() as session:
        consents.store(session, cast.given(), email=AIGERIM.email, person=owner)


def test_who_unsubscribed_before_is_not_subscribed_by_registering(
    app: Flask, owner: int
) -> None:
    unsubscribed_before(owner)
    confirmed(owner)
    assert mine(owner) is None


def test_who_unsubscribed_before_is_not_subscribed_by_a_sign_up_of_a_stranger(
    app: Flask, owner: int
) -> None:
    unsubscribed_before(owner)
    signup.ask(AIGERIM.email, Wish(topics=frozenset(Topic)), Language.RU, "203.0.113.0")
    confirmed(owner)
    assert list(db.session.scalars(select(Subscriber.state))) == [SubscriberState.PENDING]


def test_a_subscription_of_a_guest_is_tied_to_the_account(app: Flask, owner: int) -> None:
    number = cast.subscriber()
    confirmed(owner)
    subscriber = mine(owner)
    assert subscriber is not None
    assert subscriber.id == number
    [holding] = [one for one in registry().holdings if one.model is Subscriber]
    rows = db.session.scalars(holding.of(Whose(person=owner)))
    assert [one.id for one in rows] == [number]


@SQLITE
def test_a_new_address_of_the_account_gets_the_news_and_the_former_links_end(
    app: Flask, owner: int
) -> None:
    number = cast.subscriber(person=owner)
    token = cast.leaving_token(number)
    with writing() as session:
        person = session.get_one(Person, owner)
        person.email = person.email_key = BOLAT.email
    confirmed(owner)
    subscriber = cast.reread(Subscriber, number)
    assert (subscriber.email, subscriber.state) == (BOLAT.email, SubscriberState.ACTIVE)
    ending.by_link(token, method=ending.ONE_CLICK)
    assert cast.reread(Subscriber, number).state == SubscriberState.ACTIVE
    ending.by_link(cast.leaving_token(number), method=ending.ONE_CLICK)
    rows = db.session.scalars(select(Subscriber.state))
    assert list(rows) == [SubscriberState.ENDED]


def test_news_on_its_way_follows_to_a_new_address(queueing: Flask, owner: int) -> None:
    cast.subscriber(person=owner)
    number = cast.issue()
    issues.start(number, staff=cast.DANA)
    posting.run()
    former = cast.token_in(cast.letters(AIGERIM.email)[0])
    with writing() as session:
        person = session.get_one(Person, owner)
        person.email = person.email_key = BOLAT.email
    confirmed(owner)
    assert cast.states(number) == {"waiting": 1}
    assert cast.letters(AIGERIM.email) == []
    posting.run()
    [email] = cast.letters(BOLAT.email)
    assert cast.token_in(email) != former


def test_a_link_that_asked_the_former_address_does_not_subscribe_the_new_one(
    queueing: Flask, owner: int
) -> None:
    wish = Wish(topics=frozenset(Topic))
    signup.ask(AIGERIM.email, wish, Language.RU, "203.0.113.0")
    token = cast.token_in(cast.letters(AIGERIM.email)[0])
    confirmed(owner)
    with writing() as session:
        person = session.get_one(Person, owner)
        person.email = person.email_key = BOLAT.email
    confirmed(owner)
    with pytest.raises(TokenError):
        signup.confirm(token, {Purpose.NEWS: cast.given()})
    assert list(db.session.scalars(select(Subscriber.state))) == [SubscriberState.PENDING]


@SQLITE
def test_an_account_has_one_subscription_that_of_its_address(
    app: Flask, owner: int
) -> None:
    """The new address of the account has a subscription of its own already."""
    former, own = cast.subscriber(person=owner), cast.subscriber(BOLAT.email)
    with writing() as session:
        person = session.get_one(Person, owner)
        person.email = person.email_key = BOLAT.email
    confirmed(owner)
    assert cast.reread(Subscriber, former).state == SubscriberState.ENDED
    kept = cast.reread(Subscriber, own)
    assert (kept.state, kept.person) == (SubscriberState.ACTIVE, owner)
    assert kept.news_consent not in {one.ends for one in cast.proofs()}
    for prefix, words in (
        ("", "изменился e‑mail учётной записи"),
        ("/kk", "есептік жазбаның электрондық поштасы өзгерді"),
    ):
        page = desk.signed_in(app, owner).get(f"{prefix}/account/consents").text
        assert words in page


@SQLITE
@pytest.mark.clause("6.1.1")
def test_a_withdrawal_ends_every_subscription_of_an_account(
    app: Flask, browser: FlaskClient, owner: int
) -> None:
    for email in (AIGERIM.email, BOLAT.email):
        cast.subscriber(email, person=owner)
    first = cast.proofs()[0]
    browser.post("/account/consents", data=desk.form(app, consent=first.id))
    db.session.rollback()
    assert set(db.session.scalars(select(Subscriber.state))) == {"ended"}
