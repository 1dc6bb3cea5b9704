"""What follows in the newsletter from what people do in their account."""

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.accounts.service.signals import (
    awaits_destruction,
    consent_withdrawn,
    email_confirmed,
)
from neupusti.core.blocking.conditions import covered
from neupusti.core.data.classification import Purpose
from neupusti.core.records import consents
from neupusti.core.records.consents import FormConsent
from neupusti.core.security import tokens
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import Subscriber, SubscriberState, Why
from neupusti.newsletter.service import ending, signup, suppression

MOVED = "the account has another address"


@email_confirmed.connect
def attach(person: Person, *, session: Session) -> None:
    """Tie the subscription of this address to `person`; begin the one they ticked.

    The address of the account has changed where the person's own subscription has another:
    it follows, with the news on its way, and links in emails to the former one end. Where
    the new address has a subscription already, that one stays and the former ends. What is
    blocked stays as it is, and so does what waits to be destroyed, unless they want news
    now. Who has unsubscribed before begins again by an email only.
    """
    by_key = select(Subscriber).filter_by(email_key=person.email_key)
    subscriber = session.scalar(by_key)
    for former in _others(session, person):
        if subscriber is None:
            subscriber = former
            subscriber.email, subscriber.email_key = person.email, person.email_key
            subscriber.version += 1
            tokens.revoke_target(session, signup.PURPOSE, subscriber.id)
            ending.take_back(session, subscriber.id)
        else:
            # No longer of this account, whose other consents stay.
            former.person = None
            ending.end(session, former, method=MOVED)
    consent = consents.in_force(person.id, Purpose.NEWS)
    why_not = suppression.suppressed(session, person.email).get(person.email)
    if why_not is Why.UNSUBSCRIBED:
        consent = None
    if subscriber is None and consent is not None:
        language = Language(person.language)
        subscriber = signup.insert_active(session, person.email, language, person.id)
    if subscriber is None or _is_blocked(session, subscriber):
        return
    if consent is None and awaits_destruction(session, subscriber.email_key):
        return
    subscriber.person = person.id
    if consent is not None and subscriber.state == SubscriberState.PENDING:
        signup.activate(session, subscriber, {})
        subscriber.news_consent = consent.id


@consent_withdrawn.connect
def follow(consent: FormConsent, *, session: Session) -> None:
    """End what a consent permitted that was withdrawn on the page of the account."""
    mine = select(Subscriber).where(
        Subscriber.person == consent.person,
        Subscriber.state != SubscriberState.ENDED.value,
    )
    for subscriber in session.scalars(mine).all():
        if consent.purpose == Purpose.NEWS:
            ending.end(session, subscriber, method=ending.BUTTON)
        elif consent.purpose == Purpose.ADVERTISING:
            ending.end_advertising(session, subscriber, method=ending.BUTTON)


def _is_blocked(session: Session, subscriber: Subscriber) -> bool:
    rows = select(Subscriber.id).filter_by(id=subscriber.id)
    held = rows.where(covered(cast("Table", Subscriber.__table__)))
    return session.scalar(held) is not None


def _others(session: Session, person: Person) -> Sequence[Subscriber]:
    """Return the subscriptions of a person at addresses that are not the account's."""
    other = Subscriber.email_key != person.email_key
    rows = select(Subscriber).where(Subscriber.person == person.id, other)
    return session.scalars(rows.order_by(Subscriber.id)).all()
