"""Subscribers, issues and the worker's rounds for the tests of the newsletter."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from email.message import EmailMessage
from typing import Any, Literal

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from neupusti.core import clock
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.mail import outbox
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.mail.sender import Sender
from neupusti.core.mail.service import Server
from neupusti.core.records import consents
from neupusti.core.records.consents import FormConsent, GivenConsent
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import (
    Issue,
    IssueDelivery,
    Subscriber,
    SubscriberState,
    Subscription,
    Topic,
)
from neupusti.newsletter.service import issues, links, posting, signup
from neupusti.newsletter.service.issues import Draft
from neupusti.newsletter.service.signup import Wish
from neupusti.orders.service.emails import FIND
from tests.people import AIGERIM

EDITION = date(2026, 11, 1)
DANA = 4
"""The number of the member of staff who presses."""
SERVICE_KEY = "order:1:1"
HIDDEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
TOKEN = re.compile(r"/newsletter/\w+/([\w-]{43})")


def given(purpose: Purpose = Purpose.NEWS) -> GivenConsent:
    """Return a consent as a form received it."""
    return GivenConsent(
        form="newsletter",
        purpose=purpose,
        text=f"Согласие {purpose}.",
        language=Language.RU,
        edition=EDITION,
    )


def subscriber(
    email: str = AIGERIM.email,
    *,
    topics: Iterable[Topic] = Topic,
    advertising: bool = False,
    language: Language = Language.RU,
    person: int | None = None,
) -> int:
    """Store an active subscriber; return the number."""
    with writing() as session:
        wish = Wish(topics=frozenset(topics), advertising=advertising)
        made = Subscriber(**signup.row(email, wish, language), person=person)
        session.add(made)
        session.flush()
        signup.choose(session, made, topics)
        texts = {Purpose.NEWS: given()}
        if advertising:
            texts[Purpose.ADVERTISING] = given(Purpose.ADVERTISING)
        signup.activate(session, made, texts)
        return made.id


def crowd(size: int) -> None:
    """Store `size` active subscribers of all topics, with one consent for all: quickly."""
    now = clock.now()
    with writing() as session:
        consent = consents.store(session, given(), email="crowd@example.kz").id
        first = 1000
        rows: list[dict[str, Any]] = [
            {
                "id": first + n,
                "email": f"reader{n}@example.kz",
                "email_key": f"reader{n}@example.kz",
                "language": "ru",
                "state": SubscriberState.ACTIVE.value,
                "advertising": False,
                "version": 1,
                "asked_at": now,
                "letter_at": now,
                "letters": 0,
                "confirmed_at": now,
                "news_consent": consent,
            }
            for n in range(size)
        ]
        session.execute(insert(Subscriber), rows)
        session.execute(
            insert(Subscription),
            [{"subscriber": row["id"], "topic": Topic.GOODS.value} for row in rows],
        )


def issue(
    *,
    topic: Topic = Topic.GOODS,
    advertising: bool = False,
    due_at: datetime | None = None,
    body: str = "Новые чайники.\n\n/catalog/",
) -> int:
    """Store a draft in three languages; return the number."""
    texts = {
        Language.RU: ("Новые чайники", body),
        Language.KK: ("Жаңа шәйнектер", "Жаңа шәйнектер келді.\n\n/catalog/"),
        Language.EN: ("New teapots", "New teapots are here.\n\n/catalog/"),
    }
    draft = Draft(topic=topic, advertising=advertising, due_at=due_at, texts=texts)
    return issues.save(None, draft, staff=DANA)


def send_by(app: Flask, port: int) -> None:
    """Let a site send by the mail server on `port` of loopback."""
    server = Server("smtp", "127.0.0.1", port)
    app.extensions[outbox.EXTENSION] = replace(outbox.service(), server=server)


def service_email(key: str = SERVICE_KEY, email: str = "buyer@example.kz") -> int:
    """Put an email of the service into the outbox; return its number."""
    to = outbox.Recipient(email=email, language=Language.RU)
    values = {"number": "NP-261122-7K3F-5", "token": "t" * 43}
    with writing() as session:
        return outbox.enqueue(session, FIND, to, key=key, values=values).id


def round_of_worker() -> None:
    """Do what the two jobs of the worker do, once."""
    posting.run()
    Sender(outbox.service()).run()
    db.session.rollback()


def sent_through(number: int, rounds: int = 1000) -> None:
    """Run rounds until issue `number` is done."""
    for _ in range(rounds):
        round_of_worker()
        if reread(Issue, number).done_at is not None:
            return
    raise AssertionError("the issue is not done")


def reread(model: type[Any], *key: int) -> Any:
    """Return a row as it is stored now."""
    db.session.rollback()
    return db.session.get_one(
        model, key[0] if len(key) == 1 else key, populate_existing=True
    )


def states(number: int) -> dict[str, int]:
    """Return how many deliveries of an issue are in each state."""
    db.session.rollback()
    found: dict[str, int] = {}
    for state in db.session.scalars(select(IssueDelivery.state).filter_by(issue=number)):
        found[state] = found.get(state, 0) + 1
    return found


def letters(email: str = AIGERIM.email) -> list[OutboxEmail]:
    """Return the emails to an address, the oldest first."""
    db.session.rollback()
    query = select(OutboxEmail).filter_by(recipient=email).order_by(OutboxEmail.id)
    return list(db.session.scalars(query))


def token_in(email: OutboxEmail) -> str:
    """Return the token of the first link of the newsletter in an email."""
    found = TOKEN.search(email.text)
    assert found, email.text
    return found[1]


def leaving_token(number: int) -> str:
    """Return the token by which a subscriber unsubscribes."""
    return links.token_of(reread(Subscriber, number))


def proofs(purpose: Purpose = Purpose.NEWS) -> list[FormConsent]:
    """Return the records of consents to `purpose`, the oldest first."""
    db.session.rollback()
    query = select(FormConsent).filter_by(purpose=purpose.value).order_by(FormConsent.id)
    return list(db.session.scalars(query))


def csrf(client: FlaskClient) -> str:
    """Return the token of a form that was opened without a session."""
    found = HIDDEN.search(client.get("/newsletter/").text)
    assert found
    return found[1]


def body(received: EmailMessage, kind: Literal["plain", "html"] = "plain") -> str:
    """Return one form of the text of an email that arrived."""
    part = received.get_body((kind,))
    assert part is not None
    return str(part.get_content())
