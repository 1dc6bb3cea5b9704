"""A guest who makes an account before the destruction begins comes back as somebody new."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from neupusti.accounts.models import Person
from neupusti.accounts.service.signals import email_confirmed
from neupusti.core.data.database import db, writing
from neupusti.core.records import consents
from neupusti.core.records.journal import Actor, ActorKind
from neupusti.erasure.service import asking
from neupusti.newsletter.models import Subscriber
from neupusti.orders.service import links
from tests.accounts.cast import account
from tests.erasure.erasing import BEGINS, NOON, SOON, confirmed, erasure_of, work
from tests.newsletter import cast as news
from tests.orders import cast
from tests.people import BOLAT, GUEST
from tests.times import Clock


def ordered(article: str, *, proved: bool) -> str:
    """Place an order of the guest; with `proved` open its link. Return its number."""
    buyer = replace(cast.BUYER, email=GUEST.email)
    number = cast.placed((cast.product(article), 1), buyer=buyer).number
    if proved:
        prove(number)
    return number


def prove(number: str) -> None:
    letters = cast.letters(GUEST.email)
    links.open_link(cast.link_of(next(x for x in letters if number in x.subject)))


def owners(*numbers: str) -> list[int | None]:
    db.session.rollback()
    return [cast.order_of(number).person for number in numbers]


def subscriptions() -> list[Subscriber]:
    db.session.rollback()
    return list(db.session.scalars(select(Subscriber).filter_by(email=GUEST.email)))


@pytest.mark.clause("6.1.3")
def test_what_waits_to_be_destroyed_goes_to_no_new_account(app: Flask, at: Clock) -> None:
    at(NOON)
    before, later = ordered("a", proved=True), ordered("b", proved=False)
    news.subscriber(GUEST.email)
    news.subscriber(BOLAT.email)
    number = confirmed(GUEST)
    who = account(GUEST).number
    prove(later)
    assert owners(before, later) == [None, None]
    assert [one.person for one in subscriptions()] == [None]
    at(BEGINS)
    work(2)
    assert erasure_of(number).destroyed_at == BEGINS
    assert owners(before, later) == [None, None]
    assert subscriptions() == []
    assert db.session.get(Person, who) is not None
    at(BEGINS + SOON)
    assert owners(ordered("c", proved=True)) == [who]


@pytest.mark.clause("6.1.3")
def test_once_it_is_undone_the_account_gets_all(app: Flask, at: Clock) -> None:
    at(NOON)
    before, later = ordered("a", proved=True), ordered("b", proved=False)
    news.subscriber(GUEST.email)
    number = confirmed(GUEST)
    who = account(GUEST).number
    asking.undo(number, Actor(ActorKind.PERSON, None))
    assert owners(before, later) == [who, None]
    assert [one.person for one in subscriptions()] == [who]
    prove(later)
    assert owners(later) == [who]


def test_news_that_are_wanted_now_outlive_what_was_before(app: Flask, at: Clock) -> None:
    at(NOON)
    news.subscriber(GUEST.email)
    confirmed(GUEST)
    who = account(GUEST).number
    with writing() as session:
        consents.store(session, news.given(), email=GUEST.email, person=who)
        email_confirmed.send(session.get_one(Person, who), session=session)
    assert subscriptions()[0].person == who
