"""A changed e-mail of an account: its data wait for the former address (3.2.3, 6.1.3)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update

from neupusti.accounts.models import EmailChange
from neupusti.core import clock
from neupusti.core.data.database import writing
from neupusti.core.text.languages import Language
from neupusti.rights.models import DataRequest, Export, RequestKind
from neupusti.rights.service import emails, requests, settling
from neupusti.rights.service.errors import UNSETTLED, RightsError
from neupusti.rights.service.requests import Asker
from tests import desk
from tests.accounts.cast import Account, account, emails_to, signed_in
from tests.blocking.cast import OWN_PAGE, blocked, newest
from tests.conftest import SQLITE
from tests.orders.buying import Shopper, product
from tests.people import AIGERIM, BOLAT
from tests.rights.asking import count, fetch, request_of, send, work
from tests.rights.test_correcting import contest
from tests.rights.test_export import start

NOON = datetime(2026, 11, 26, 7, tzinfo=UTC)
OWN = "/en/account/data/"
AGREE = re.compile(r"/rights/agree/([\w-]{43})")
Clock = Callable[[datetime], None]


def changed(person: int, old: str, new: str) -> int:
    """Store that an account got another address just now; return the number."""
    with writing() as session:
        row = EmailChange(person=person, old=old, new=new, asked_at=NOON)
        row.changed_at = NOON
        session.add(row)
        session.flush()
        return row.id


@pytest.fixture
def who(app: Flask, at: Clock) -> Account:
    """Make an account whose address was Bolat's until noon."""
    at(NOON)
    made = account(AIGERIM)
    changed(made.number, BOLAT.email, AIGERIM.email)
    return made


def asked(browser: FlaskClient) -> str:
    """Ask for the archive; return the address of the link to the former address."""
    refused = send(browser, f"{OWN}export", page=OWN)
    assert (refused.status_code, "former address can undo" in refused.text) == (422, True)
    return f"/en/rights/agree/{AGREE.findall(emails_to(BOLAT.email)[-1].text)[0]}"


@pytest.mark.clause("6.1.3")
def test_the_data_wait_until_the_former_address_agrees(app: Flask, who: Account) -> None:
    browser = signed_in(app, who)
    path = asked(browser)
    assert count(Export) == 0
    former = app.test_client()
    for _time in range(5):
        assert former.get(path).status_code == former.head(path).status_code == 200
    assert AIGERIM.email in former.get(path).text
    asked(browser)  # the GETs have agreed to nothing
    assert send(former, path).location == "/en/rights/agreed"
    start(browser, OWN)
    assert former.get(path).status_code == 404


def test_letters_about_rights_leave_in_spite_of_a_block() -> None:
    assert [kind.name for kind in emails.ALL if not kind.while_blocked] == []


@pytest.mark.clause("6.2.4")
def test_a_block_holds_the_account_and_only_the_settled_end_it(
    app: Flask, who: Account, at: Clock
) -> None:
    browser = signed_in(app, who)
    found = blocked(browser, OWN_PAGE)
    assert (found.person, found.email_key) == (who.number, AIGERIM.email)
    page = browser.get(OWN_PAGE).text
    assert "Your data are blocked" in page
    assert "Take the block back" not in page
    browser.post(f"{OWN_PAGE}/end", data=desk.form(app))
    assert newest().lifted_at is None
    at(NOON + settling.SETTLED)
    assert send(signed_in(app, who), f"{OWN_PAGE}/end", OWN_PAGE).status_code == 303
    assert newest().outcome == "withdrawn"


@pytest.mark.clause("3.2.3")
def test_the_data_wait_for_seven_days_where_nobody_agrees(
    app: Flask, who: Account, at: Clock
) -> None:
    at(NOON + settling.SETTLED - timedelta(seconds=1))
    asked(signed_in(app, who))
    at(NOON + settling.SETTLED)
    start(signed_in(app, who), OWN)


def test_the_new_address_sees_only_what_it_finds_alone(app: Flask, who: Account) -> None:
    """What the account holds is its former owner's; orders of the address are its own."""
    Shopper(app, who=AIGERIM, prefix="/en").bought(product(), family_name="Соловьёва")
    browser = signed_in(app, who)
    page = browser.get(OWN).text
    assert ("was changed lately" in page, "Соловьёва" in page) == (True, True)
    assert "Names, phone and e-mail of your account" not in page
    send(app.test_client(), asked(browser))
    page = browser.get(OWN).text
    assert "was changed lately" not in page
    assert "Names, phone and e-mail of your account" in page


def test_a_page_that_shows_nothing_yet_says_not_that_nothing_is_kept(
    app: Flask, who: Account
) -> None:
    page = signed_in(app, who).get(OWN).text
    assert ("was changed lately" in page, "We keep nothing" in page) == (True, False)


def test_an_archive_from_before_the_change_stays_shut(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    browser = signed_in(app, who)
    number = start(browser, OWN)
    work()
    path = f"{OWN}export/{number}/file"
    assert fetch(browser, path).status_code == 200
    changed(who.number, BOLAT.email, AIGERIM.email)
    assert fetch(browser, path).status_code == 404
    assert number not in browser.get(OWN).text
    send(app.test_client(), asked(browser))
    assert fetch(browser, path).status_code == 200


def test_a_correction_meanwhile_is_of_the_new_address_only(
    app: Flask, who: Account
) -> None:
    number = contest(signed_in(app, who), OWN, value="", about="My name is another.")
    assert request_of(number).assurance == 1


def test_the_former_address_of_a_second_change_is_asked_too(
    app: Flask, who: Account
) -> None:
    browser = signed_in(app, who)
    send(app.test_client(), asked(browser))
    changed(who.number, BOLAT.email, AIGERIM.email)
    asked(browser)
    assert count(DataRequest) == 0


def test_nothing_of_the_account_is_destroyed_meanwhile(app: Flask, who: Account) -> None:
    asker = Asker(
        person=who.number,
        email=AIGERIM.email,
        email_key=AIGERIM.email,
        language=Language.EN,
        is_settled=settling.unsettled(who.number) is None,
        received_at=NOON,
    )
    with pytest.raises(RightsError) as refused:
        requests.values_of(asker, RequestKind.DESTROY)
    assert refused.value.message is UNSETTLED
    assert requests.values_of(asker, RequestKind.BLOCK)["assurance"] == 1


def test_an_undone_change_can_not_be_agreed_to(app: Flask, who: Account) -> None:
    path = asked(signed_in(app, who))
    with writing() as session:
        session.get_one(EmailChange, 1).over_at = NOON
    assert app.test_client().get(path).status_code == 404


@SQLITE
def test_the_former_address_gets_few_emails(app: Flask, who: Account) -> None:
    browser = signed_in(app, who)
    for _time in range(5):
        asked(browser)
    assert len(AGREE.findall("".join(one.text for one in emails_to(BOLAT.email)))) == 3


@pytest.mark.clause("6.1.3")
@SQLITE
def test_a_yes_to_one_change_is_none_to_the_next_of_its_number(
    who: Account, at: Clock
) -> None:
    with pytest.raises(RightsError):
        settling.ensure_settled(who.number)
    settling.agree(AGREE.findall(emails_to(BOLAT.email)[-1].text)[0])
    settling.ensure_settled(who.number)
    at(NOON + timedelta(days=8))
    with writing() as session:
        session.execute(delete(EmailChange))
    changed(who.number, AIGERIM.email, BOLAT.email)
    with writing() as session:
        session.execute(update(EmailChange).values(changed_at=clock.now()))
    with pytest.raises(RightsError):
        settling.ensure_settled(who.number)
