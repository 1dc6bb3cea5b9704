"""Links of whoever was destroyed open nothing: SQLite gives the number of a row again."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db
from neupusti.core.security.tokens import TokenError
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import Subscriber, Topic
from neupusti.newsletter.service import choices, signup
from neupusti.newsletter.service import links as news_links
from neupusti.newsletter.service.signup import Wish
from tests.accounts.cast import account, emails_to
from tests.contact import asked
from tests.erasure.erasing import BEGINS, NOON, SOON, answered, confirmed, work
from tests.newsletter import cast as news
from tests.people import BOLAT, GUEST
from tests.rights.asking import ask, bought, send, tokens_of
from tests.times import Clock

pytestmark = pytest.mark.clause("6.1.3")
LINK = re.compile(r"http://127.0.0.1:8000(/\S+/[\w-]{43})")
WISH = Wish(topics=frozenset(Topic))


def subscriber() -> Subscriber:
    db.session.rollback()
    return db.session.scalars(select(Subscriber)).one()


def subscribed_and_destroyed(at: Clock) -> tuple[str, str]:
    """Return the tokens of a guest who signed up: to confirm, and to unsubscribe."""
    at(NOON)
    signup.ask(GUEST.email, WISH, Language.EN, "203.0.113.0/24")
    (letter,) = emails_to(GUEST.email)
    (path,) = LINK.findall(letter.text)
    tokens = path.rpartition("/")[2], news_links.token_of(subscriber())
    confirmed(GUEST)
    at(BEGINS)
    work(2)
    assert db.session.scalars(select(Subscriber)).all() == []
    return tokens


def opens_nothing(confirm: str, unsubscribe: str) -> bool:
    with pytest.raises(TokenError):
        signup.asked(confirm)
    return news_links.find(db.session(), unsubscribe) is None


def test_the_link_to_ones_data(app: Flask, at: Clock) -> None:
    at(NOON)
    for who in (GUEST, BOLAT):
        bought(app, who)
    confirmed(GUEST)
    at(BEGINS - SOON)
    ask(app.test_client(), GUEST.email)
    (token,) = tokens_of(GUEST)
    at(BEGINS)
    work(2)
    ask(app.test_client(), BOLAT.email)
    path = "/en/rights/open/"
    assert app.test_client().get(f"{path}{token}").status_code == 404
    (token,) = tokens_of(BOLAT)
    assert send(app.test_client(), f"{path}{token}").status_code == 303


def test_the_link_to_a_question(app: Flask, at: Clock) -> None:
    at(NOON)
    asked.asked(app, email=GUEST.email)
    (letter,) = emails_to(GUEST.email)
    (path,) = LINK.findall(letter.text)
    answered()
    confirmed(GUEST)
    at(BEGINS)
    work(2)
    assert asked.count() == 0
    asked.asked(app, email=BOLAT.email)
    assert app.test_client().get(path, follow_redirects=True).status_code == 404
    (letter,) = emails_to(BOLAT.email)
    (path,) = LINK.findall(letter.text)
    page = app.test_client().get(path, follow_redirects=True)
    assert "whistles in D minor" in page.text


def test_the_links_of_the_news(app: Flask, at: Clock) -> None:
    tokens = subscribed_and_destroyed(at)
    signup.ask(BOLAT.email, WISH, Language.EN, "203.0.113.0/24")
    assert opens_nothing(*tokens)
    (letter,) = emails_to(BOLAT.email)
    (path,) = LINK.findall(letter.text)
    assert signup.asked(path.rpartition("/")[2]).email == BOLAT.email


def test_the_links_of_the_news_beside_an_account(app: Flask, at: Clock) -> None:
    tokens = subscribed_and_destroyed(at)
    given = {Purpose.NEWS: news.given()}
    choices.change_account(account(BOLAT).number, WISH, given)
    assert subscriber().email == BOLAT.email
    assert opens_nothing(*tokens)
