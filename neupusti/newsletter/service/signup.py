"""Sign-ups: asked for by anybody, in force once the address confirms (4.1.9)."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, case, delete, literal, or_, true
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from neupusti.accounts.service import limits
from neupusti.core import clock
from neupusti.core.blocking.errors import is_refusal
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, insert, writing
from neupusti.core.mail.outbox import Recipient, enqueue
from neupusti.core.records import consents, journal
from neupusti.core.records.consents import GivenConsent
from neupusti.core.records.journal import Actor, ActorKind, Operation, ProcessingRecord
from neupusti.core.security import throttle, tokens
from neupusti.core.security.tokens import TokenError
from neupusti.core.text import emails
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import (
    Subscriber,
    SubscriberState,
    Subscription,
    Topic,
    Why,
)
from neupusti.newsletter.service import emails as newsletter_emails
from neupusti.newsletter.service import links, suppression

PURPOSE = "newsletter"
LIFE = timedelta(days=7)
"""How long a sign-up waits to be confirmed."""
BETWEEN_LETTERS = timedelta(minutes=15)
MOST_LETTERS = 3
"""Emails that ask an address, until it answers or is forgotten."""
VERSIONS = 2**30
"""With which version an address begins: links are signed with number and version."""
PENDING, ACTIVE, ENDED = SubscriberState
Consents = Mapping[Purpose, GivenConsent]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to hear about."""

    topics: frozenset[Topic]
    advertising: bool = False


def ask(email: str, wish: Wish, language: Language, network: str) -> None:
    """Send the email that asks to confirm, unless the address had one a moment ago.

    The limit counts by the address: whose address is misused sends from no network. Nor is
    anything sent where its data are blocked, which nobody learns by it. Raise TooManyError
    for a network.
    """
    throttle.take((limits.EMAILS_NETWORK, network))
    try:
        _ask(email, wish, language)
    except DBAPIError as error:
        if not is_refusal(error):
            raise


def _ask(email: str, wish: Wish, language: Language) -> None:
    """Send the email, where the limit inside the statement permits it.

    Who is subscribed is asked only where the mailbox did not exist: it gets no news.
    """
    with writing() as session:
        bounced = suppression.suppressed(session, email).get(email) is Why.BOUNCED
        subscriber: Subscriber | None = session.scalar(
            _insert(session, also_active=bounced), row(email, wish, language)
        )
        if subscriber is None:
            return
        if subscriber.letters == 1:
            forget_former(session, subscriber)
        if subscriber.state == PENDING:
            choose(session, subscriber, wish.topics)
        token = tokens.issue(session, PURPOSE, LIFE, target=subscriber.id)
        enqueue(
            session,
            newsletter_emails.CONFIRM,
            Recipient(email=subscriber.email, language=language, person=subscriber.person),
            key=f"newsletter:{subscriber.id}:{subscriber.letter_at.isoformat()}",
            values={"token": token},
            headers=links.headers(links.token_of(subscriber), language),
        )
        _log(session, subscriber, Operation.COLLECTION, "sign-up for news")


def asked(token: str) -> Subscriber:
    """Return the subscriber whom the link of an email is about; raise TokenError."""
    found = db.session.get(Subscriber, tokens.peek(PURPOSE, token).target)
    if found is None:
        raise TokenError
    return found


def confirm(token: str, given: Consents) -> None:
    """Begin the subscription, with the consents of `given`; raise TokenError."""
    with writing() as session:
        # The subscriber first, as who unsubscribes: else the two wait for each other.
        target = tokens.peek(PURPOSE, token).target
        subscriber = session.get(
            Subscriber, target, with_for_update=links.LOCK, populate_existing=True
        )
        if subscriber is None:
            raise TokenError
        tokens.redeem(session, PURPOSE, token)
        activate(session, subscriber, given)


def activate(session: Session, subscriber: Subscriber, given: Consents) -> None:
    """Begin a subscription in the open write transaction; its address is proved.

    Of who is subscribed only what was lacking is stored: one withdrawal ends all.
    """
    suppression.lift(session, subscriber.email)
    tokens.revoke_target(session, PURPOSE, subscriber.id)
    subscriber.state, subscriber.ended_at = ACTIVE.value, None
    subscriber.confirmed_at, subscriber.letters = clock.now(), 0
    held = {
        Purpose.NEWS: subscriber.news_consent,
        Purpose.ADVERTISING: subscriber.ad_consent,
    }
    for purpose, consent in given.items():
        if held[purpose] is None:
            add_consent(session, subscriber, purpose, consent)
    subscriber.advertising = subscriber.ad_consent is not None
    _log(session, subscriber, Operation.RECORDING, "subscription to news")


def add_consent(
    session: Session, subscriber: Subscriber, purpose: Purpose, given: GivenConsent
) -> None:
    """Store a consent of a subscriber in the open write transaction."""
    stored = consents.store(
        session, given, email=subscriber.email, person=subscriber.person
    )
    if purpose is Purpose.ADVERTISING:
        subscriber.ad_consent, subscriber.advertising = stored.id, True
    else:
        subscriber.news_consent = stored.id


def choose(session: Session, subscriber: Subscriber, topics: Iterable[Topic]) -> None:
    """Replace the topics of a subscriber in the open write transaction."""
    session.execute(delete(Subscription).filter_by(subscriber=subscriber.id))
    session.add_all(
        Subscription(subscriber=subscriber.id, topic=topic.value) for topic in topics
    )


def insert_active(
    session: Session, email: str, language: Language, person: int
) -> Subscriber | None:
    """Insert the subscriber of an account, whose address is proved; return the new row.

    None where the address has a row already.
    """
    values = row(email, Wish(topics=frozenset(Topic)), language)
    new = insert(session, Subscriber).on_conflict_do_nothing().returning(Subscriber)
    added: Subscriber | None = session.scalar(new, {**values, "person": person})
    if added is not None:
        forget_former(session, added)
        choose(session, added, Topic)
    return added


def forget_former(session: Session, subscriber: Subscriber) -> None:
    """Delete the links of one who went before 0039, whose number a new one may have."""
    tokens.revoke_target(session, PURPOSE, subscriber.id)


def _insert(session: Session, *, also_active: bool) -> Any:
    """Insert a sign-up, or ask again where the address may be asked; else no row.

    An active subscription stays as it is until the press.
    """
    new, now = insert(session, Subscriber), clock.now()
    is_active = Subscriber.state == ACTIVE.value
    values = {
        **{name: new.excluded[name] for name in ("language", "advertising", "asked_at")},
        "state": literal(PENDING.value),
    }
    former = Subscriber.letter_at <= now - LIFE
    return new.on_conflict_do_update(
        index_elements=["email_key"],
        set_={
            **{
                name: case((is_active, getattr(Subscriber, name)), else_=value)
                for name, value in values.items()
            },
            "ended_at": None,
            "letter_at": new.excluded.letter_at,
            "letters": case((former, 1), else_=Subscriber.letters + 1),
        },
        where=and_(
            true() if also_active else ~is_active,
            Subscriber.letter_at <= now - BETWEEN_LETTERS,
            or_(Subscriber.letters < MOST_LETTERS, former),
        ),
    ).returning(Subscriber)


def row(email: str, wish: Wish, language: Language) -> dict[str, object]:
    """Return the values of a new row that waits to be confirmed."""
    now = clock.now()
    return {
        "email": email,
        "email_key": emails.key(email),
        "language": language.value,
        "state": PENDING.value,
        "advertising": wish.advertising,
        # Not the first: where a backup was restored, a link may name the number of this.
        "version": 1 + secrets.randbelow(VERSIONS),
        "asked_at": now,
        "letter_at": now,
        "letters": 1,
    }


def _log(session: Session, subscriber: Subscriber, operation: Operation, what: str) -> None:
    record = ProcessingRecord(
        operation=operation,
        what=what,
        why=Purpose.NEWS,
        person=subscriber.person,
        actor=Actor(ActorKind.PERSON, subscriber.person),
    )
    journal.log_processing(session, record)
