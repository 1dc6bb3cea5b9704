"""My consents: records with exact texts, withdrawn with one click."""

import ast
from datetime import date
from itertools import chain

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from neupusti.accounts.views.consents import FORMS, METHODS
from neupusti.config.values import ROOT
from neupusti.core.data.classification import Purpose
from neupusti.core.data.database import db, writing
from neupusti.core.records import consents
from neupusti.core.records.consents import FormConsent, GivenConsent
from neupusti.core.text.languages import Language
from neupusti.orders.models.order import ShopOrder
from neupusti.policy.service import edition_store
from tests.accounts.cast import (
    PASSWORD,
    Account,
    account,
    emails_to,
    hidden,
    link,
    signed_in,
    submit,
)
from tests.orders import cast as orders
from tests.people import AIGERIM, BOLAT
from tests.times import NOON

PATH = "/account/consents"
FORM = {
    "family_name": "Сейтқали",
    "given_name": "Әлия",
    "email": AIGERIM.email,
    "password": PASSWORD,
    "consent": "y",
    "newsletter": "y",
}
WORDS = "Согласен на <b>всё</b>.\nКто получает: ТОО\nСрок: год"


def registered(app: Flask) -> FlaskClient:
    """Register as a person does, with both consents, in Kazakh; sign in."""
    client = app.test_client()
    assert submit(client, "/kk/account/register", FORM).status_code == 303
    submit(client, link(emails_to(AIGERIM.email)[-1]), {"choice": "confirm"})
    submit(client, "/account/login", {"email": AIGERIM.email, "password": PASSWORD})
    return client


def given_consent(who: Account, purpose: Purpose = Purpose.NEWS) -> int:
    """Record a consent of a person; return its number."""
    consent = GivenConsent(
        form="registration",
        purpose=purpose,
        text=WORDS,
        language=Language.RU,
        edition=date(2026, 11, 1),
    )
    with writing() as session:
        return consents.store(session, consent, email=who.email, person=who.number).id


def rows() -> list[FormConsent]:
    db.session.rollback()
    return list(db.session.scalars(select(FormConsent).order_by(FormConsent.id)))


def press(browser: FlaskClient, number: object) -> TestResponse:
    token = hidden(browser.get("/account/profile").text)
    return browser.post(PATH, data={**token, "consent": str(number)})


@pytest.mark.clause("2.1")
@pytest.mark.clause("6.1.1")
def test_each_consent_is_shown_with_its_exact_text(app: Flask) -> None:
    browser = registered(app)
    page = browser.get(f"/en{PATH}").text
    records = rows()
    assert [row.purpose for row in records] == ["4.1.6", "4.1.9"]
    for row in records:
        words = db.session.get_one(consents.ConsentText, row.wording).text
        shown = page.partition(f'id="consent-{row.id}"')[2].partition("</article>")[0]
        for line in words.splitlines():
            assert line.replace('"', "&#34;").replace("'", "&#39;") in shown, line
        assert row.wording in shown
        assert f"#c{row.purpose}" in shown
        assert f"/en/policy/{edition_store.date_in_force()}/" in shown
        assert "Registration" in shown
        assert "a box was ticked" in shown
        assert 'lang="kk-KZ">Қазақша' in shown
        assert f'name="consent" value="{row.id}"' in shown
    assert page.count("in force") == 2


def arguments(name: str) -> set[str]:
    """Return each constant that our code gives as argument `name` of a given consent."""
    trees = [ast.parse(file.read_text()) for file in (ROOT / "neupusti").rglob("*.py")]
    return {
        str(keyword.value.value)
        for call in chain.from_iterable(map(ast.walk, trees))
        if isinstance(call, ast.Call)
        and ast.unparse(call.func) in {"GivenConsent", "given_consent"}
        for keyword in call.keywords
        if keyword.arg == name and isinstance(keyword.value, ast.Constant)
    }


def test_every_form_that_takes_a_consent_has_a_label() -> None:
    assert {"order", "registration", "account"} <= arguments("form") <= FORMS.keys()
    assert arguments("method") <= METHODS.keys()


@pytest.mark.clause("6.1.1")
def test_one_press_withdraws_and_both_proofs_stay(app: Flask) -> None:
    """Giving took two clicks, the box and the button; withdrawing takes one."""
    who = account(AIGERIM)
    number = given_consent(who)
    browser = signed_in(app, who)
    page = browser.get(PATH).text
    button = page.partition(f'value="{number}"')[0].rpartition("<form")[2]
    assert "checkbox" not in button
    answer = press(browser, number)
    assert (answer.status_code, answer.location) == (303, f"{PATH}?done=withdrawn")
    first, second = rows()
    assert (first.id, first.ends) == (number, None)
    assert (second.ends, second.method, second.wording) == (
        number,
        "button pressed",
        first.wording,
    )
    assert consents.in_force(who.number, Purpose.NEWS) is None
    page = browser.get(f"/en{answer.location}").text
    assert "The consent is withdrawn" in page
    assert "a button was pressed" in page
    assert f'name="consent" value="{number}"' not in page
    [message] = emails_to(who.email)
    assert message.kind == "accounts.withdrawn"
    assert WORDS.partition("\n")[0] in message.text
    assert "&lt;b&gt;" in message.html
    assert WORDS.partition("\n")[0] not in message.subject


def test_the_second_press_changes_nothing(app: Flask) -> None:
    who = account(AIGERIM)
    number = given_consent(who)
    browser = signed_in(app, who)
    assert press(browser, number).status_code == 303
    assert press(browser, number).status_code == 303
    assert len(rows()) == 2
    assert len(emails_to(who.email)) == 1


def test_what_is_not_ones_own_is_not_there(app: Flask) -> None:
    other = account(BOLAT)
    number = given_consent(other)
    browser = signed_in(app, account(AIGERIM))
    assert "Согласен" not in browser.get(PATH).text
    press(signed_in(app, other), number)
    withdrawal = rows()[-1].id
    for odd in (number, withdrawal, 999_999, 0, -1, "x", "", "1e3", "9" * 30):
        assert press(browser, odd).status_code == 404, odd
    assert len(rows()) == 2
    assert press(signed_in(app, other), withdrawal).status_code == 404


def test_looking_and_a_press_without_the_token_withdraw_nothing(app: Flask) -> None:
    who = account(AIGERIM)
    number = given_consent(who)
    browser = signed_in(app, who)
    browser.get(f"{PATH}?consent={number}")
    assert browser.post(PATH, data={"consent": number}).status_code == 400
    assert len(rows()) == 1


def test_the_consent_to_the_account_goes_the_same_way(app: Flask) -> None:
    who = account(AIGERIM)
    number = given_consent(who, Purpose.ACCOUNT)
    browser = signed_in(app, who)
    assert press(browser, number).status_code == 303
    page = browser.get(f"/en{PATH}").text
    assert "so it takes no new data" in page


def test_what_people_agreed_to_is_text_and_no_markup(app: Flask) -> None:
    who = account(AIGERIM)
    given_consent(who)
    page = signed_in(app, who).get(PATH).text
    assert "<b>всё</b>" not in page
    assert "&lt;b&gt;всё" in page


def account_consent(page: str) -> str:
    """Return the number of the consent to the account, the first that was given."""
    assert 'name="consent"' in page
    return str(rows()[0].id)


NEW_DATA: dict[str, tuple[str, dict[str, str]]] = {
    "names": (
        "/account/profile",
        {"family_name": "Иная", "given_name": "Имя", "language": "ru"},
    ),
    "details": ("/account/profile/right", {}),
    "e-mail": ("/account/email", {"email": BOLAT.email, "current": PASSWORD}),
    "app": ("/account/two-factor", {"code": "000000"}),
    "picture": ("/account/avatar", {}),
}


@pytest.mark.clause("6.1.1")
@pytest.mark.parametrize("what", NEW_DATA)
def test_a_withdrawn_account_takes_no_new_data(app: Flask, what: str) -> None:
    browser = registered(app)
    path, fields = NEW_DATA[what]
    token = hidden(browser.get("/account/profile").text)
    before = browser.post(path, data={**token, **fields})
    assert before.status_code != 403
    count = len(emails_to(BOLAT.email))
    assert press(browser, account_consent(browser.get(PATH).text)).status_code == 303
    token = hidden(browser.get("/account/profile").text)
    answer = browser.post(f"/en{path}", data={**token, **fields})
    assert answer.status_code == 403
    assert "it takes no new data" in answer.text
    assert len(emails_to(BOLAT.email)) == count


@pytest.mark.clause("6.1.1")
def test_a_withdrawn_account_is_read_ended_and_agreed_to_again(app: Flask) -> None:
    browser = registered(app)
    page = browser.get(f"/en{PATH}").text
    assert "Once it is withdrawn, the account takes no new data" in page
    assert press(browser, account_consent(page)).status_code == 303
    for path in ("/account/", "/account/profile", "/account/activity", PATH):
        assert browser.get(path).status_code == 200, path
    data = {"session": "others"}
    assert submit(browser, "/account/sessions", data).status_code == 303
    token = hidden(browser.get("/account/profile").text)
    removed = browser.post("/account/avatar", data={**token, "choice": "remove"})
    assert removed.status_code == 303
    again = f"{PATH}/again"
    unticked = submit(browser, again, page=PATH)
    assert unticked.status_code == 422
    assert submit(browser, again, {"consent": "0" * 64}, page=PATH).status_code == 422
    agreed = submit(browser, again, {"consent": "y"}, page=PATH)
    assert agreed.location == f"{PATH}?done=agreed"
    newest = rows()[-1]
    assert (newest.purpose, newest.form, newest.ends) == ("4.1.6", "account", None)
    right = browser.post("/account/profile/right", data=token)
    assert right.status_code == 303
    # A second press adds nothing.
    count = len(rows())
    browser.post(again, data={**token, "consent": "y"})
    assert len(rows()) == count


def test_who_never_gave_the_consent_has_not_withdrawn_it(app: Flask) -> None:
    """As invited staff: an account of theirs is part of their work."""
    browser = signed_in(app, account(AIGERIM))
    token = hidden(browser.get("/account/profile").text)
    assert browser.post("/account/profile/right", data=token).status_code == 303


@pytest.mark.clause("6.1.1")
def test_open_orders_that_need_the_data_are_named(app: Flask) -> None:
    browser = registered(app)
    number = orders.placed((orders.product("A"), 1)).number
    assert number not in browser.get(PATH).text
    with writing() as session:
        session.execute(update(ShopOrder).values(person=rows()[0].person))
    assert number in browser.get(PATH).text
    with writing() as session:
        session.execute(update(ShopOrder).values(ended_at=NOON))
    assert number not in browser.get(PATH).text
