"""The activity page: event, time and device, without IP addresses."""

import pytest
from flask import Flask

from neupusti.accounts.service.events import LABELS, SecurityEventKind
from neupusti.accounts.views.activity import SIZE
from neupusti.core.data.database import writing
from neupusti.core.records import journal
from tests.accounts.cast import account, sign_in, signed_in
from tests.people import AIGERIM, BOLAT

PATH = "/en/account/activity"
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.mark.clause("4.1.2")
def test_the_owner_sees_what_happened_and_with_which_device(app: Flask) -> None:
    who = account(AIGERIM)
    browser = app.test_client()
    headers = {"User-Agent": LINUX}
    browser.environ_base |= {"REMOTE_ADDR": "203.0.113.77", "HTTP_USER_AGENT": LINUX}
    sign_in(browser, who, password="неверный пароль тут")
    sign_in(browser, who)
    page = browser.get(PATH, headers=headers).text
    assert page.index("Signed in</th>") < page.index("A wrong password at the sign-in")
    assert "Firefox, Linux" in page
    assert "203.0.113" not in page
    assert 'href="/en/account/activity"' in browser.get("/en/account/").text


def test_nothing_of_another_person_is_there(app: Flask) -> None:
    other = account(BOLAT)
    with writing() as session:
        journal.log_security_event(
            session, other.number, SecurityEventKind.SECOND_FACTOR_ON, "Safari, iPhone"
        )
    page = signed_in(app, account(AIGERIM)).get(PATH).text
    assert "Safari, iPhone" not in page


def test_many_events_are_paginated(app: Flask) -> None:
    who = account(AIGERIM)
    browser = signed_in(app, who)
    with writing() as session:
        for number in range(2 * SIZE):
            journal.log_security_event(
                session, who.number, SecurityEventKind.CODE_REFUSED, f"device {number}"
            )
    first = browser.get(PATH).text
    assert first.count("<tr>") == SIZE + 1
    assert 'href="/en/account/activity?page=2"' in first
    last = browser.get(f"{PATH}?page=3").text
    assert "Signed in</th>" in last
    for odd in ("0", "-1", "999999999999", "x", "%00", "²"):
        assert browser.get(f"{PATH}?page={odd}").status_code in {200, 400}, odd


def test_every_event_has_a_label() -> None:
    assert LABELS.keys() == set(SecurityEventKind)
