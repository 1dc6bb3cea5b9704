"""Links of whoever was destroyed open nothing: a restored backup gives numbers again."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.contact.service import answering
from neupusti.contact.service.answering import Press
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from neupusti.core.security.tokens import TokenError
from neupusti.core.text.languages import Language
from neupusti.erasure.service import running
from neupusti.erasure.service.asking import WAIT
from neupusti.newsletter.models import Subscriber, Topic
from neupusti.newsletter.service import choices, signup
from neupusti.newsletter.service import links as news_links
from neupusti.newsletter.service.signup import Wish
from neupusti.rights.service import correcting
from tests import desk
from tests.accounts.cast import account, emails_to
from tests.conftest import SQLITE
from tests.contact import asked
from tests.erasure.erasing import (
    BEGINS,
    NOON,
    SOON,
    answered,
    asker,
    confirmed,
    erasure_of,
    work,
)
from tests.newsletter import cast as news
from tests.numbers import turn_back
from tests.people import BOLAT, DANA, GUEST
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
    turn_back()
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
    turn_back()
    asked.asked(app, email=BOLAT.email)
    assert app.test_client().get(path, follow_redirects=True).status_code == 404
    (letter,) = emails_to(BOLAT.email)
    (path,) = LINK.findall(letter.text)
    page = app.test_client().get(path, follow_redirects=True)
    assert "whistles in D minor" in page.text


def test_the_links_of_the_news(app: Flask, at: Clock) -> None:
    tokens = subscribed_and_destroyed(at)
    turn_back()
    signup.ask(BOLAT.email, WISH, Language.EN, "203.0.113.0/24")
    assert opens_nothing(*tokens)
    (letter,) = emails_to(BOLAT.email)
    (path,) = LINK.findall(letter.text)
    assert signup.asked(path.rpartition("/")[2]).email == BOLAT.email


def test_the_links_of_the_news_beside_an_account(app: Flask, at: Clock) -> None:
    tokens = subscribed_and_destroyed(at)
    turn_back()
    given = {Purpose.NEWS: news.given()}
    choices.change_account(account(BOLAT).number, WISH, given)
    assert subscriber().email == BOLAT.email
    assert opens_nothing(*tokens)


@SQLITE
def test_what_was_kept_is_not_kept_of_another(app: Flask, at: Clock) -> None:
    at(NOON)
    asked.asked(app, email=GUEST.email)
    numbers = [confirmed(GUEST)]
    at(BEGINS)
    work(2)
    numbers.append(confirmed(GUEST))
    # The first has just looked for what is over when the second destroys the question.
    at(BEGINS + WAIT - SOON)
    work()
    at(BEGINS + WAIT)
    answered()
    work(2)
    assert [erasure_of(number).state for number in numbers] == ["waiting", "done"]
    turn_back()
    _browser, number = asked.asked(app, email=BOLAT.email)
    answered()
    at(BEGINS + WAIT + running.AGAIN)
    work()
    assert erasure_of(numbers[0]).state == "done"
    assert asked.request_of(number).email == BOLAT.email


def write(number: str) -> None:
    found = asked.request_of(number)
    answering.take(Press(found.id, found.version, 4))
    found = asked.request_of(number)
    answering.answer(Press(found.id, found.version, 4), "It is meant to.")


@SQLITE
def test_the_answer_to_a_question(app: Flask, at: Clock) -> None:
    at(NOON)
    _browser, number = asked.asked(app, email=GUEST.email)
    confirmed(GUEST)
    at(BEGINS)
    work(2)
    write(number)  # a letter to the guest, after the destruction
    answered()
    at(BEGINS + running.AGAIN)
    work()
    turn_back()
    _browser, number = asked.asked(app, email=BOLAT.email)
    write(number)
    assert [one.kind for one in emails_to(BOLAT.email)][-1] == "contact.answered"


@SQLITE
def test_a_corrected_value(app: Flask, at: Clock) -> None:
    at(NOON)
    asked.asked(app, email=GUEST.email)
    answered()
    one = asker(GUEST)
    [value] = correcting.values(one.whose)
    page = f"/en/admin/rights/{correcting.contest(one, value, 'Дана', '').number}"
    db.session.rollback()
    member = desk.member(DANA, Permission.PRIVACY)
    staff = desk.signed_in(app, member)
    staff.post(f"{page}/taking", data=desk.form(app))
    form: Any = desk.form(app, outcome="law", words="We have looked at it.")
    assert staff.post(f"{page}/answer", data=form).status_code == 303
    confirmed(GUEST)
    at(BEGINS)
    work(2)
    turn_back()
    asked.asked(app, email=BOLAT.email, given_name="Зарина")
    shown = desk.signed_in(app, member).get(page)
    assert (shown.status_code, "Зарина" in shown.text) == (200, False)
    assert '<dl class="facts">' in shown.text
