"""An account whose consent is withdrawn: no form of any feature stores new data for it."""

from dataclasses import dataclass
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from neupusti.contact.models import ContactRequest
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.records import consents
from neupusti.core.records.consents import (
    ConsentWithdrawnError,
    FormConsent,
    GivenConsent,
)
from neupusti.core.text import phones
from neupusti.core.text.languages import Language
from neupusti.newsletter.models import Subscriber, Topic
from neupusti.newsletter.service import choices
from neupusti.orders.models.order import ShopOrder
from tests.accounts.cast import account, hidden, signed_in, submit
from tests.contact import asked
from tests.newsletter import cast as news
from tests.orders import buying
from tests.orders.buying import SAME_ORIGIN, Shopper
from tests.people import AIGERIM

WORDS = "so it takes no new data"
NEWS = "/en/account/newsletter"
CONSENTS = "/account/consents"


@dataclass
class Closed:
    """Айгерим, who withdrew the consent to her account, and her browser."""

    number: int
    browser: FlaskClient

    def agree_again(self) -> None:
        """Agree to the account again, as its page asks."""
        answer = submit(self.browser, f"{CONSENTS}/again", {"consent": "y"}, page=CONSENTS)
        assert answer.location == f"{CONSENTS}?done=agreed"


def given(purpose: Purpose) -> GivenConsent:
    return GivenConsent(
        form="registration",
        purpose=purpose,
        text="Согласие.",
        language=Language.RU,
        edition=date(2026, 11, 1),
    )


@pytest.fixture
def closed(app: Flask) -> Closed:
    """Let Айгерим withdraw the consent to her account on the page of it."""
    who = account(AIGERIM)
    with writing() as session:
        consent = given(Purpose.ACCOUNT)
        number = consents.store(session, consent, email=who.email, person=who.number).id
    browser = signed_in(app, who)
    fields = {"consent": str(number)}
    assert submit(browser, CONSENTS, fields, page="/account/profile").status_code == 303
    return Closed(who.number, browser)


def count(model: type) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


@pytest.mark.clause("6.1.1")
def test_news_are_refused_in_words_and_begin_once_agreed_again(closed: Closed) -> None:
    before = count(FormConsent)
    fields = {"consent": "y", "topic": "advice"}
    answer = submit(closed.browser, NEWS, fields)
    assert (answer.status_code, WORDS in answer.text) == (422, True)
    ticked = answer.text.partition('value="advice"')[2].partition(">")[0]
    assert "checked" in ticked
    assert (count(Subscriber), count(FormConsent)) == (0, before)
    closed.agree_again()
    assert submit(closed.browser, NEWS, fields).status_code == 303
    assert count(Subscriber) == 1


@pytest.mark.clause("6.1.1")
def test_a_subscription_is_changed_no_more_and_can_be_ended(closed: Closed) -> None:
    closed.agree_again()
    number = news.subscriber(person=closed.number, topics=[Topic.GOODS])
    again = consents.in_force(closed.number, Purpose.ACCOUNT)
    assert again is not None
    fields = {"consent": str(again.id)}
    submit(closed.browser, CONSENTS, fields, page="/account/profile")
    changed = submit(closed.browser, NEWS, {"consent": "y", "topic": "advice"})
    assert (changed.status_code, WORDS in changed.text) == (422, True)
    db.session.rollback()
    assert choices.topics_of(db.session.get_one(Subscriber, number)) == {Topic.GOODS}
    link = f"/en/newsletter/choices/{news.leaving_token(number)}"
    by_link = submit(closed.browser, link, {"advertising": "y"})
    assert (by_link.status_code, WORDS in by_link.text) == (403, True)
    assert news.proofs(Purpose.ADVERTISING) == []
    assert submit(closed.browser, NEWS, {"press": "end"}).status_code == 303
    db.session.rollback()
    assert choices.of_person(closed.number) is None


@pytest.mark.clause("6.1.1")
def test_an_order_is_refused_with_all_that_was_typed(app: Flask, closed: Closed) -> None:
    buyer = Shopper(app, AIGERIM, prefix="/en")
    guest, buyer.browser = buyer.browser, closed.browser
    before, product = count(FormConsent), buying.product()
    assert buyer.put(product).status_code == 303
    answer = buyer.order("courier")
    assert (answer.status_code, WORDS in answer.text) == (422, True)
    kept = {"Пример", phones.shown(AIGERIM.phone), *buying.ADDRESS.values()}
    assert [one for one in kept if one not in answer.text] == []
    assert (count(ShopOrder), count(FormConsent)) == (0, before)
    assert buying.left(product) == 20
    closed.agree_again()
    assert buyer.order("courier").status_code == 303
    buyer.browser = guest
    assert buyer.bought(product).person is None


@pytest.mark.clause("6.1.1")
def test_a_question_is_refused_with_all_that_was_typed(app: Flask, closed: Closed) -> None:
    before = count(FormConsent)
    answer = asked.send(closed.browser)
    assert (answer.status_code, WORDS in answer.text) == (422, True)
    assert "whistles in D minor" in answer.text
    assert (count(ContactRequest), count(FormConsent)) == (0, before)
    _guest, number = asked.asked(app)
    assert asked.request_of(number).person is None
    closed.agree_again()
    assert asked.send(closed.browser).status_code == 303
    assert count(ContactRequest) == 2


@pytest.mark.clause("6.1.1")
@pytest.mark.parametrize("purpose", [one for one in Purpose if one is not Purpose.ACCOUNT])
def test_no_consent_but_that_to_the_account_is_stored(
    closed: Closed, purpose: Purpose
) -> None:
    with pytest.raises(ConsentWithdrawnError), writing() as session:
        consents.store(session, given(purpose), email=AIGERIM.email, person=closed.number)


@pytest.mark.clause("6.1.3")
def test_the_rights_stay_open(closed: Closed) -> None:
    """Reading, an archive, a correction, a block and a destruction (chapter 6)."""
    data = "/en/account/data/"
    for page in ("", "correct", "block", "destroy"):
        assert closed.browser.get(data + page).status_code == 200, page
    assert submit(closed.browser, f"{data}export", page=data).status_code == 303
    shown = hidden(closed.browser.get(f"{data}destroy").text)
    pressed = closed.browser.post(f"{data}destroy", data=shown, headers=SAME_ORIGIN)
    assert pressed.status_code == 303
    assert "Until then you can undo it" in closed.browser.get(f"{data}destroy").text
