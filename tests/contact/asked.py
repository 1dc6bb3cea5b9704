"""A browser of somebody who asks, and what is stored of the question."""

from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from neupusti.contact.models import ContactMessage, ContactRequest
from neupusti.core.data.database import db
from tests.orders.buying import SAME_ORIGIN, hidden
from tests.people import AIGERIM

FORM = "/en/contact/"
WORDS = "The kettle whistles in D minor & the lid is <b>loose</b>."


def answers(**others: str) -> dict[str, str]:
    """Return the answers of a complete form."""
    return {
        "subject": "goods",
        "words": WORDS,
        "given_name": AIGERIM.name,
        "email": AIGERIM.email,
        "consent": "y",
        **others,
    }


def send(browser: FlaskClient, path: str = FORM, **fields: Any) -> TestResponse:
    """Open the form and send it with `fields` instead of a complete answer's."""
    given = {**hidden(browser.get(path).text), **answers(), **fields}
    return browser.post(path, data=given, headers=SAME_ORIGIN)


def asked(app: Flask, **fields: str) -> tuple[FlaskClient, str]:
    """Ask a question; return the browser and the number."""
    browser = app.test_client()
    answer = send(browser, **fields)
    assert answer.status_code == 303, answer.text
    return browser, answer.location.rpartition("/")[2].partition("?")[0]


def request_of(number: str) -> ContactRequest:
    """Return a request as it is stored now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(ContactRequest).filter_by(number=number)).one()


def said(number: str) -> list[tuple[str, str]]:
    """Return the messages of a request: (author, words)."""
    request = request_of(number)
    rows = select(ContactMessage).filter_by(request=request.id).order_by(ContactMessage.id)
    return [(row.author, row.words) for row in db.session.scalars(rows)]


def count() -> int:
    """Return how many requests there are."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(ContactRequest)) or 0
