"""Unsubscribing: one transaction, and no news leaves after it (4.1.9, 6.1.1)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.blocking import blocks
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import writing
from neupusti.core.data.finding import Whose
from neupusti.core.mail import outbox
from neupusti.core.records import consents, journal
from neupusti.core.records.consents import FormConsent
from neupusti.core.records.decisions import Decision, decide
from neupusti.core.records.journal import Actor, ActorKind, Operation, ProcessingRecord
from neupusti.core.security import tokens
from neupusti.newsletter.models import (
    DeliveryState,
    Issue,
    IssueDelivery,
    Subscriber,
    SubscriberState,
    Why,
)
from neupusti.newsletter.service import links, signup, suppression

BUTTON, ONE_CLICK = "button pressed", "one click in the e-mail"
OPEN = (DeliveryState.WAITING.value, DeliveryState.POSTED.value)


def by_link(token: str, *, method: str) -> None:
    """End the subscription of a link; a wrong or used one changes nothing."""
    with writing() as session:
        subscriber = links.find(session, token, lock=True)
        if subscriber is not None:
            end(session, subscriber, method=method)


def of_person(person: int, *, method: str) -> None:
    """End the subscription of an account, if there is one."""
    with writing() as session:
        mine = select(Subscriber).filter_by(person=person).with_for_update(key_share=True)
        for subscriber in session.scalars(mine).all():
            end(session, subscriber, method=method)


def end(session: Session, subscriber: Subscriber, *, method: str) -> None:
    """End a subscription in the open write transaction, with all that is on its way."""
    if subscriber.state == SubscriberState.ENDED:
        return
    _decide(session, subscriber, method=method)
    # Also of who is blocked: it is their own act.
    with blocks.passing(session, _whose(subscriber)):
        end_all(session, [subscriber], method=method)


def end_all(session: Session, those: Sequence[Subscriber], *, method: str) -> None:
    """End active subscriptions that nobody blocks, with all that is on its way."""
    numbers, now = [one.id for one in those], clock.now()
    suppression.suppress(session, Why.UNSUBSCRIBED, *(one.email for one in those))
    tokens.revoke_target(session, signup.PURPOSE, *numbers)
    for one in those:
        one.state, one.ended_at = SubscriberState.ENDED.value, now
        for purpose in (Purpose.NEWS, Purpose.ADVERTISING):
            withdraw(session, one, purpose, method=method)
        record = ProcessingRecord(
            operation=Operation.RECORDING,
            what="subscription to news ended",
            why=Purpose.NEWS,
            person=one.person,
            actor=Actor(ActorKind.PERSON, one.person),
        )
        journal.log_processing(session, record)
    skip(session, numbers, Why.UNSUBSCRIBED)


def end_advertising(session: Session, subscriber: Subscriber, *, method: str) -> None:
    """Withdraw the consent to advertising alone, with the advertising on its way."""
    if subscriber.advertising or subscriber.ad_consent is not None:
        _decide(session, subscriber, method=method, only=Purpose.ADVERTISING.value)
    with blocks.passing(session, _whose(subscriber)):
        withdraw(session, subscriber, Purpose.ADVERTISING, method=method)
        skip(session, [subscriber.id], Why.NO_CONSENT, advertising=True)


def _whose(subscriber: Subscriber) -> Whose:
    return Whose(person=subscriber.person, email_key=subscriber.email_key)


def withdraw(
    session: Session, subscriber: Subscriber, purpose: Purpose, *, method: str
) -> None:
    """Withdraw every consent of a subscriber to `purpose`, those of their account too."""
    column = "ad_consent" if purpose is Purpose.ADVERTISING else "news_consent"
    if (number := getattr(subscriber, column)) is not None:
        consents.withdraw(session, session.get_one(FormConsent, number), method=method)
        setattr(subscriber, column, None)
    if purpose is Purpose.ADVERTISING:
        subscriber.advertising = False
    while subscriber.person and (held := consents.in_force(subscriber.person, purpose)):
        consents.withdraw(session, held, method=method)


def skip(
    session: Session,
    subscribers: Sequence[int],
    why: Why,
    *,
    advertising: bool | None = None,
) -> None:
    """Take back what subscribers have not got yet: rows are skipped, emails deleted."""
    mine = select(IssueDelivery).where(
        IssueDelivery.subscriber.in_(subscribers), IssueDelivery.state.in_(OPEN)
    )
    if advertising is not None:
        issues = select(Issue.id).where(Issue.advertising.is_(advertising))
        mine = mine.where(IssueDelivery.issue.in_(issues))
    for row in _taken_back(session, mine):
        row.state, row.why = DeliveryState.SKIPPED.value, why.value


def take_back(session: Session, subscriber: int) -> None:
    """Put what a subscriber has not got yet back to waiting: their address is another."""
    mine = select(IssueDelivery).where(
        IssueDelivery.subscriber == subscriber, IssueDelivery.state.in_(OPEN)
    )
    for row in _taken_back(session, mine):
        row.state, row.posted_at = DeliveryState.WAITING.value, None


def _decide(session: Session, subscriber: Subscriber, **values: str) -> None:
    decide(
        session,
        Decision.UNSUBSCRIBED,
        person=subscriber.person,
        email_key=subscriber.email_key,
        values=values,
    )


def _taken_back(session: Session, deliveries: Select[Any]) -> list[IssueDelivery]:
    """Delete the emails of open deliveries; return those that have none any more."""
    # Locked: what the job is posting just now is seen as posted, and taken back.
    locked = deliveries.with_for_update().execution_options(populate_existing=True)
    rows: list[IssueDelivery] = list(session.scalars(locked))
    if not rows:
        return []
    # What is being transferred just now stays posted: its end is that of the email.
    taken = outbox.drop_queued(session, [row.letter for row in rows if row.letter])
    free = [row for row in rows if row.letter is None or row.letter in taken]
    for row in free:
        row.letter, row.at = None, clock.now()
    return free
