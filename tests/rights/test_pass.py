"""The way in without an account: an address, a link, a button, half an hour."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.accounts.service import limits
from neupusti.core.data.database import writing
from neupusti.core.mail.models import OutboxEmail
from neupusti.core.registry import registry
from neupusti.core.security import tokens
from neupusti.retention.service import sweeps as retention
from neupusti.rights.models import RightsPass
from neupusti.rights.service import asking
from tests.accounts.cast import account, emails_to, signed_in
from tests.conftest import SQLITE
from tests.contact.asked import asked
from tests.orders.buying import SAME_ORIGIN, Shopper, hidden, product
from tests.people import AIGERIM, BOLAT, GUEST
from tests.rights.asking import RIGHTS, ask, bought, count, opened, send, tokens_of

NOON = datetime(2026, 11, 26, 7, tzinfo=UTC)
DATA = "/en/rights/data/"
MAIN = re.compile(r"<main.*?(<h1.*?)(?:<p class=.muted|</main>)", re.DOTALL)
"""What a page says, without the number of the request."""
Clock = Callable[[datetime], None]


@pytest.mark.clause("6.1.3")
def test_a_guest_sees_what_an_address_finds(app: Flask) -> None:
    bought(app)
    browser = opened(app)
    page = browser.get(DATA)
    assert page.status_code == 200
    assert GUEST.phone in page.text.replace("\u00a0", "").replace(" ", "")
    assert page.headers["Cache-Control"] == "no-store"


def test_search_engines_list_the_first_page_only(app: Flask) -> None:
    bought(app)
    browser = opened(app)
    assert "X-Robots-Tag" not in browser.get(RIGHTS).headers
    for path in (DATA, f"{RIGHTS}sent", f"{RIGHTS}verify", f"{DATA}correct"):
        assert browser.get(path).headers["X-Robots-Tag"] == "noindex", path


def test_a_foreign_order_is_not_among_it(app: Flask) -> None:
    bought(app)
    Shopper(app, who=BOLAT, prefix="/en").bought(product(), family_name="Чужаков")
    page = opened(app).get(DATA).text
    assert BOLAT.name not in page
    assert "Чужаков" not in page


def test_without_a_pass_every_page_leads_to_the_form(client: FlaskClient) -> None:
    for path in (DATA, f"{DATA}correct", f"{DATA}export/NZ-261126-7K3F-5"):
        answer = client.get(path)
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, RIGHTS)


@pytest.mark.situation(24, of="rights")
def test_a_scanner_opens_nothing_and_the_button_works_after_it(app: Flask) -> None:
    bought(app)
    browser = app.test_client()
    ask(browser, GUEST.email)
    path = f"/en/rights/open/{tokens_of(GUEST)[-1]}"
    for _time in range(5):
        assert app.test_client().get(path).status_code == 200
        assert app.test_client().head(path).status_code == 200
    answer = send(browser, path)
    assert (answer.status_code, answer.location) == (303, DATA)
    assert browser.get(DATA).status_code == 200


@pytest.mark.situation(25, of="rights")
def test_a_used_link_changes_nothing_and_says_so(app: Flask) -> None:
    bought(app)
    browser = opened(app)
    path = f"/en/rights/open/{tokens_of(GUEST)[-1]}"
    again = app.test_client().get(path)
    assert (again.status_code, "no longer works" in again.text) == (404, True)
    assert browser.get(DATA).status_code == 200


def test_every_wrong_link_gets_one_and_the_same_page(app: Flask, at: Clock) -> None:
    at(NOON)
    bought(app)
    browser = opened(app)
    with writing() as session:
        foreign = tokens.issue(session, "order", timedelta(days=1), target=1)
    ask(browser, GUEST.email)
    late = tokens_of(GUEST)[-1]
    at(NOON + asking.LIFE)
    wrong = (tokens_of(GUEST)[0], foreign, late, "0" * 42, "0" * 44, "0" * 43)
    pages = [app.test_client().get(f"/en/rights/open/{text}") for text in wrong]
    assert {page.status_code for page in pages} == {404}
    assert len({MAIN.findall(page.text)[0] for page in pages}) == 1


def test_an_account_is_never_opened_by_its_mailbox_alone(app: Flask) -> None:
    account(AIGERIM)
    browser = app.test_client()
    assert ask(browser, AIGERIM.email).status_code == 303
    assert tokens_of(AIGERIM) == []
    assert "/account/data/" in emails_to(AIGERIM.email)[-1].text


def test_a_pass_ends_where_its_address_becomes_an_account(app: Flask) -> None:
    bought(app)
    browser = opened(app)
    account(GUEST)
    assert browser.get(DATA).status_code == 303


def test_a_pass_ends_after_half_an_hour_and_at_a_press(app: Flask, at: Clock) -> None:
    at(NOON)
    bought(app)
    browser = opened(app)
    at(NOON + asking.LIFE - timedelta(seconds=1))
    assert browser.get(DATA).status_code == 200
    assert send(browser, "/en/rights/close", page=RIGHTS).status_code == 303
    assert browser.get(DATA).status_code == 303
    other = opened(app)
    at(NOON + 2 * asking.LIFE)
    assert other.get(DATA).status_code == 303
    at(NOON + timedelta(days=1) + 2 * asking.LIFE)
    retention.sweep(registry().retention)
    assert count(RightsPass) == 0


def test_a_copied_cookie_opens_nothing_once_the_pass_is_closed(app: Flask) -> None:
    bought(app)
    browser, copy = opened(app), app.test_client()
    with browser.session_transaction() as kept:
        stolen = dict(kept)
    with copy.session_transaction() as other:
        other.update(stolen)
    assert copy.get(DATA).status_code == 200
    send(browser, "/en/rights/close", page=RIGHTS)
    assert copy.get(DATA).status_code == 303


def test_the_answer_is_the_same_for_every_address(app: Flask) -> None:
    bought(app)
    account(AIGERIM)
    pages = []
    for email in (GUEST.email, AIGERIM.email, "nobody@example.kz"):
        browser = app.test_client()
        answer = ask(browser, email)
        page = browser.get(answer.location)
        pages.append((answer.status_code, answer.location, len(answer.data), page.text))
    assert len({page[:3] for page in pages}) == 1
    assert "nothing but this e-mail" in emails_to("nobody@example.kz")[-1].text


def test_an_unknown_address_leaves_no_row_but_the_email(app: Flask) -> None:
    ask(app.test_client(), "nobody@example.kz")
    assert (count(RightsPass), count(OutboxEmail)) == (0, 1)


def test_an_address_gets_at_most_three_emails_in_six_hours(app: Flask, at: Clock) -> None:
    at(NOON)
    bought(app)
    before = len(emails_to(GUEST.email))
    for _time in range(5):
        assert ask(app.test_client(), GUEST.email).status_code == 303
    assert len(emails_to(GUEST.email)) == before + 3
    at(NOON + timedelta(hours=6, minutes=1))
    ask(app.test_client(), GUEST.email)
    assert len(emails_to(GUEST.email)) == before + 4


@pytest.mark.parametrize("hours", [1, 3, 6, 9, 10])
def test_strangers_who_ask_for_an_address_keep_nobody_out(
    app: Flask, at: Clock, hours: int
) -> None:
    """Four asks of a stranger use the e-mails up; what they left opens once asked for."""
    at(NOON)
    bought(app)
    for wait in (0, 2, 4, 5):
        at(NOON + timedelta(hours=wait * hours / 11))
        ask(app.test_client(), GUEST.email)
    at(NOON + timedelta(hours=hours))
    mailbox = tokens_of(GUEST)
    path = f"/en/rights/open/{mailbox[-1]}"
    own = app.test_client()
    assert own.get(path).status_code == 404
    assert ask(own, GUEST.email).status_code == 303
    assert tokens_of(GUEST) == mailbox
    assert send(own, path).status_code == 303
    assert own.get(DATA).status_code == 200


def test_a_flood_from_many_networks_sends_three_emails_to_an_address(app: Flask) -> None:
    """A botnet shares no network: what bounds it is the address."""
    bought(app)
    addresses, before = [GUEST.email, "nobody@example.kz"], len(emails_to(GUEST.email))
    token = hidden(app.test_client().get(RIGHTS).text)["csrf_token"]
    answers = [
        app.test_client().post(
            RIGHTS,
            data={"csrf_token": token, "email": email, "right": "access"},
            headers=SAME_ORIGIN,
            environ_overrides={"REMOTE_ADDR": f"10.0.{number}.1"},
        )
        for number in range(20)
        for email in addresses
    ]
    assert {one.status_code for one in answers} == {303}
    assert [len(emails_to(email)) for email in addresses] == [before + 3, 3]


def test_a_flood_from_a_network_is_refused_until_a_time_that_is_told(
    app: Flask, at: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An office or a carrier's range is one network: the guard is wide."""
    at(NOON)
    assert asking.BY_NETWORK.times == 300
    monkeypatch.setattr(asking, "BY_NETWORK", replace(asking.BY_NETWORK, times=10))
    browser = app.test_client()
    answers = [ask(browser, f"a{n}@example.kz") for n in range(12)]
    assert [one.status_code for one in answers] == [303] * 10 + [429] * 2
    assert answers[-1].headers["Retry-After"] == "3600"
    # 12:00 in Almaty and an hour.
    assert "From 13:00, Almaty time, e-mails are sent again" in answers[-1].text
    assert count(OutboxEmail) == 10
    at(NOON + limits.HOUR)
    assert ask(browser, "b@example.kz").status_code == 303


@SQLITE
@pytest.mark.parametrize(
    "email",
    ["a@b.kz\r\nBcc: c@d.kz", "a\0@b.kz", "a\u202e@b.kz", "a" * 60_000 + "@b.kz", ""],
    ids=["header", "nul", "rlo", "60 KB", "empty"],
)
def test_what_is_no_address_is_refused_in_words(app: Flask, email: str) -> None:
    answer = ask(app.test_client(), email)
    assert answer.status_code == 422
    assert "There is a mistake" in answer.text
    assert count(OutboxEmail) == 0


@SQLITE
def test_a_forged_form_opens_nothing(app: Flask) -> None:
    bought(app)
    browser = app.test_client()
    ask(browser, GUEST.email)
    path = f"/en/rights/open/{tokens_of(GUEST)[-1]}"
    token = hidden(browser.get(path).text)["csrf_token"]
    foreign = {
        **SAME_ORIGIN,
        "Origin": "https://evil.example",
        "Sec-Fetch-Site": "cross-site",
    }
    assert (
        browser.post(path, data={"csrf_token": token}, headers=foreign).status_code == 403
    )
    assert browser.post(path, data={}, headers=SAME_ORIGIN).status_code in {400, 403}
    assert browser.get(DATA).status_code == 303


def test_the_owner_of_an_account_sees_it_after_the_password(app: Flask) -> None:
    browser = signed_in(app, account(AIGERIM))
    page = browser.get("/en/account/data/")
    assert page.status_code == 200
    assert AIGERIM.email in page.text


def test_a_request_that_is_not_proved_never_weighs_on_one_that_is(app: Flask) -> None:
    """The link of a stranger for the same address neither ends nor delays a pass."""
    bought(app)
    browser = opened(app)
    for _time in range(4):
        ask(app.test_client(), GUEST.email)
    assert browser.get(DATA).status_code == 200
    assert send(browser, f"{DATA}export", page=DATA).status_code == 303


def test_what_was_written_is_text_on_every_page(app: Flask) -> None:
    words = "{{7*7}} <script>alert(1)</script> =cmd|' /C calc'!A0"
    asked(app, email=GUEST.email, words=words)
    page = opened(app).get(DATA).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "{{7*7}}" in page
