"""What follows in the newsletter from what people do in their account."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.accounts.models import Person
from neupusti.accounts.service.signals import consent_withdrawn, email_confirmed
from neupusti.core.data.classification import Purpose
from neupusti.core.records import consents
from neupusti.core.records.consents import FormConsent
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import Subscriber, SubscriberState
from neupusti.newsletter.service import ending, signup


@email_confirmed.connect
def attach(person: Person, *, session: Session) -> None:
    """Tie the subscription of this address to `person`; begin the one they ticked.

    The address of the account has changed where the person's own subscription has another:
    it follows, and links in emails to the former address end.
    """
    by_key = select(Subscriber).filter_by(email_key=person.email_key)
    subscriber = session.scalar(by_key)
    if subscriber is None:
        subscriber = session.scalar(select(Subscriber).filter_by(person=person.id))
        if subscriber is not None:
            subscriber.email, subscriber.email_key = person.email, person.email_key
            subscriber.version += 1
    consent = consents.in_force(person.id, Purpose.NEWS)
    if subscriber is None and consent is not None:
        language = Language(person.language)
        subscriber = signup.insert_active(session, person.email, language, person.id)
    if subscriber is None:
        return
    subscriber.person = person.id
    if consent is not None and subscriber.state == SubscriberState.PENDING:
        signup.activate(session, subscriber, {})
        subscriber.news_consent = consent.id


@consent_withdrawn.connect
def follow(consent: FormConsent, *, session: Session) -> None:
    """End what a consent permitted that was withdrawn on the page of the account."""
    subscriber = session.scalar(select(Subscriber).filter_by(person=consent.person))
    if subscriber is None or subscriber.state == SubscriberState.ENDED:
        return
    if consent.purpose == Purpose.NEWS:
        ending.end(session, subscriber, method=ending.BUTTON)
    elif consent.purpose == Purpose.ADVERTISING:
        ending.end_advertising(session, subscriber, method=ending.BUTTON)
