"""What a subscriber changes: topics, advertising; and the subscription of an account."""

from sqlalchemy import select

from neupusti.accounts.models import Person
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, insert, writing
from neupusti.core.records import consents
from neupusti.core.records.consents import GivenConsent
from neupusti.core.security.tokens import TokenError
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import (
    Subscriber,
    SubscriberState,
    Subscription,
    Topic,
)
from neupusti.newsletter.service import ending, links, signup, suppression
from neupusti.newsletter.service.signup import Consents, Wish


def of_link(token: str) -> Subscriber | None:
    """Return the active subscriber of a link, or None."""
    found = links.find(db.session(), token)
    return found if found and found.state == SubscriberState.ACTIVE else None


def of_person(person: int) -> Subscriber | None:
    """Return the active subscription of an account, or None."""
    found: Subscriber | None = db.session.scalar(
        select(Subscriber).filter_by(person=person, state=SubscriberState.ACTIVE.value)
    )
    return found


def topics_of(subscriber: Subscriber | None) -> frozenset[Topic]:
    """Return the topics of a subscriber; of nobody all, as a form offers them."""
    if subscriber is None:
        return frozenset(Topic)
    rows = db.session.scalars(
        select(Subscription.topic).filter_by(subscriber=subscriber.id)
    )
    return frozenset(map(Topic, rows))


def change(token: str, wish: Wish, advertising: GivenConsent | None) -> None:
    """Change topics and advertising by a link; `advertising` is a consent given with it.

    Raise TokenError where it leads to no active subscription, ConsentWithdrawnError where
    its account takes no new data.
    """
    with writing() as session:
        subscriber = links.find(session, token, lock=True)
        if subscriber is None or subscriber.state != SubscriberState.ACTIVE:
            raise TokenError
        if subscriber.person is not None:
            consents.check_open(subscriber.person)
        _change(subscriber, wish, advertising)


def change_account(person: int, wish: Wish, given: Consents) -> None:
    """Begin or change the subscription of an account, whose address is proved.

    Raise ConsentWithdrawnError where the account takes no new data, topics among them.
    """
    with writing() as session:
        consents.check_open(person)
        owner = session.get_one(Person, person, with_for_update=True)
        mine = select(Subscriber).filter_by(email_key=owner.email_key)
        mine = mine.with_for_update(key_share=True)
        subscriber = session.scalar(mine)
        if subscriber is None:
            # A sign-up of this moment may have stored the address meanwhile.
            new = insert(session, Subscriber).on_conflict_do_nothing()
            values = signup.row(owner.email, wish, Language(owner.language))
            session.execute(new, values)
            subscriber = session.scalars(mine).one()
            signup.forget_former(session, subscriber)
        subscriber.person = person
        if subscriber.state != SubscriberState.ACTIVE:
            signup.activate(session, subscriber, {Purpose.NEWS: given[Purpose.NEWS]})
        suppression.lift(session, subscriber.email)
        _change(subscriber, wish, given.get(Purpose.ADVERTISING))


def _change(subscriber: Subscriber, wish: Wish, advertising: GivenConsent | None) -> None:
    session = db.session()
    signup.choose(session, subscriber, wish.topics)
    if not wish.advertising:
        ending.end_advertising(session, subscriber, method=ending.BUTTON)
    elif subscriber.ad_consent is None and advertising is not None:
        signup.add_consent(session, subscriber, Purpose.ADVERTISING, advertising)
