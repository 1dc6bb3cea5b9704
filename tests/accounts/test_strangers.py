"""Strangers lock nobody out: a known browser, a session and a link have their own counts.

OWASP: Slow Down Online Guessing Attacks with Device Cookies.
"""

from datetime import datetime, timedelta
from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from neupusti.accounts.models import Person
from neupusti.accounts.service import limits, recovery
from neupusti.core.data.database import db
from neupusti.core.security.throttle import RateLimit
from tests.accounts.cast import (
    PASSWORD,
    Account,
    account,
    emails_to,
    is_signed_in,
    link,
    sign_in,
    signed_in,
    submit,
)
from tests.accounts.moves import NEW, OTHER_PASSWORD, email_kinds, request_change
from tests.accounts.test_registration import register
from tests.people import AIGERIM, BOLAT, DANA
from tests.times import NOON, Clock

pytestmark = pytest.mark.slow
WRONG = "неверный пароль тут"
RESET = "/account/password/reset"
NETWORKS = count(1)


def stranger(app: Flask) -> FlaskClient:
    """Return a browser in a network that nobody used before."""
    number = next(NETWORKS)
    browser = app.test_client()
    browser.environ_base["REMOTE_ADDR"] = f"198.{number // 256}.{number % 256}.1"
    return browser


def guess(app: Flask, who: Account, times: int = 11) -> TestResponse:
    """Guess at a password from as many networks; return the last answer."""
    answers = [sign_in(stranger(app), who, password=WRONG, code="") for _ in range(times)]
    return answers[-1]


@pytest.fixture
def small_site(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the limit of the whole site be reached soon."""
    everybody = RateLimit("sign in, everybody", 10, limits.MINUTES_5, limits.QUARTER)
    monkeypatch.setattr(limits, "SIGN_IN_ALL", everybody)


def test_a_known_browser_signs_in_whatever_strangers_do(
    app: Flask, at: Clock, small_site: None
) -> None:
    """Neither the account, nor the network, nor the whole site is locked for it."""
    at(NOON)
    who = account(AIGERIM)
    mine = signed_in(app, who)
    submit(mine, "/account/logout", page="/account/")
    assert guess(app, who).status_code == 429
    neighbour = app.test_client()
    for turn in range(11):
        data = {"email": f"nobody{turn}@example.kz", "password": WRONG}
        submit(neighbour, "/account/login", data)
    assert sign_in(stranger(app), who).status_code == 429
    assert sign_in(app.test_client(), account(BOLAT)).status_code == 429
    assert sign_in(mine, who).location == "/account/"
    # Nor does it open the account to strangers again.
    assert sign_in(stranger(app), who).status_code == 429


def test_strangers_wait_for_a_quarter_of_an_hour_at_most(app: Flask, at: Clock) -> None:
    at(NOON)
    who, now, waits = account(AIGERIM), NOON, []
    for _ in range(5):
        at(now)
        waits.append(int(guess(app, who).headers["Retry-After"]))
        now += timedelta(seconds=waits[-1])
    assert waits == [300, 600, 900, 900, 900]
    at(now)
    assert sign_in(stranger(app), who).status_code == 303


def test_a_signed_in_person_is_never_locked(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    mine = signed_in(app, who)
    mine.delete_cookie("device")
    assert guess(app, who).status_code == 429
    data = {"current": PASSWORD}
    assert submit(mine, "/account/reauthenticate", data).status_code == 303
    for _ in range(4):
        register(stranger(app), email=NEW)
    assert request_change(mine).status_code == 303
    assert email_kinds(NEW)[-1] == "email_confirm"
    changed = submit(mine, "/account/password", {**data, "password": OTHER_PASSWORD})
    assert changed.status_code == 303


def test_another_session_has_attempts_of_its_own(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    mine, other = signed_in(app, who), signed_in(app, who)
    wrong = [
        submit(other, "/account/reauthenticate", {"current": WRONG}) for _ in range(11)
    ]
    assert [answer.status_code for answer in wrong] == [422] * 10 + [429]
    right = submit(mine, "/account/reauthenticate", {"current": PASSWORD})
    assert right.status_code == 303


def test_who_sets_a_password_by_a_link_gets_in(app: Flask, at: Clock) -> None:
    """Also where strangers go on between the link and the sign-in; codes included."""
    at(NOON)
    who = account(AIGERIM, with_second_factor=True)
    for _ in range(6):
        sign_in(stranger(app), who, code="000000")
    mine = stranger(app)
    submit(mine, RESET, {"email": who.email})
    guess(app, who)
    path = link(emails_to(who.email)[-1], "/reset/")
    assert submit(mine, path, {"password": OTHER_PASSWORD}).status_code == 303
    assert guess(app, who).status_code == 429
    who.password = OTHER_PASSWORD
    assert sign_in(mine, who).location == "/account/"


def test_codes_tried_by_strangers_do_not_lock_a_known_browser(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    who = account(AIGERIM, with_second_factor=True)
    mine = signed_in(app, who)
    tries = [sign_in(stranger(app), who, code="000000").status_code for _ in range(6)]
    assert tries == [422] * 5 + [429]
    again = app.test_client()
    again.set_cookie("device", device(mine))
    assert sign_in(again, who, code="").location == "/account/login"
    assert submit(again, "/account/login", {"code": who.code()}).location == "/account/"


@pytest.mark.parametrize(
    "moment",
    [NOON + timedelta(minutes=1), NOON + recovery.LIFE + timedelta(hours=5)],
    ids=["at once", "hours later"],
)
def test_over_the_limit_a_reset_sends_nothing_and_the_last_link_works(
    app: Flask, at: Clock, moment: datetime
) -> None:
    at(NOON)
    who = account(AIGERIM)
    answers = [submit(stranger(app), RESET, {"email": who.email}) for _ in range(8)]
    assert {answer.location for answer in answers} == {f"{RESET}/sent"}
    assert email_kinds(who.email) == ["reset"] * 5
    at(moment)
    owner = stranger(app)
    assert submit(owner, RESET, {"email": who.email}).location == f"{RESET}/sent"
    assert email_kinds(who.email) == ["reset"] * 5
    *others, last = emails_to(who.email)
    assert owner.get(link(others[-1], "/reset/")).status_code == 404
    at(moment + recovery.LIFE - timedelta(seconds=1))
    path = link(last, "/reset/")
    assert submit(owner, path, {"password": OTHER_PASSWORD}).status_code == 303
    assert owner.get(path).status_code == 404
    # From then on there are letters again.
    submit(owner, RESET, {"email": who.email})
    assert email_kinds(who.email)[-1] == "reset"


def test_a_known_browser_asks_for_resets_of_its_own(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    mine = signed_in(app, who)
    submit(mine, "/account/logout", page="/account/")
    for _ in range(6):
        submit(stranger(app), RESET, {"email": who.email})
    before = len(emails_to(who.email))
    submit(mine, RESET, {"email": who.email})
    assert len(emails_to(who.email)) == before + 1


def test_over_the_limit_nothing_is_sent_where_there_is_no_account(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    answers = [submit(stranger(app), RESET, {"email": BOLAT.email}) for _ in range(7)]
    assert {answer.location for answer in answers} == {f"{RESET}/sent"}
    assert email_kinds(BOLAT.email) == ["unknown"] * 5


def test_over_the_limit_a_registration_answers_as_always(app: Flask, at: Clock) -> None:
    at(NOON)
    answers = [register(stranger(app), email=BOLAT.email) for _ in range(5)]
    assert {answer.location for answer in answers} == {"/account/register/sent"}
    assert email_kinds(BOLAT.email) == ["confirm"] * 3
    assert db.session.scalar(select(func.count()).select_from(Person)) == 3


def test_a_known_browser_guesses_no_more_than_a_stranger(app: Flask, at: Clock) -> None:
    """Its own failures lock it, and nobody else."""
    at(NOON)
    who = account(AIGERIM)
    mine = signed_in(app, who)
    cookie = device(mine)
    for turn in range(11):
        browser = stranger(app)
        browser.set_cookie("device", cookie)
        answer = sign_in(browser, who, password=WRONG)
        assert answer.status_code == (422 if turn < 10 else 429)
    assert answer.headers["Retry-After"] == "300"
    assert sign_in(stranger(app), who).status_code == 303


@pytest.mark.parametrize("value", ["", "x", "a" * 43, "я", "1 " + "0" * 64])
def test_a_made_up_cookie_is_a_strangers(app: Flask, at: Clock, value: str) -> None:
    at(NOON)
    who = account(AIGERIM)
    guess(app, who)
    browser = stranger(app)
    browser.set_cookie("device", value)
    assert sign_in(browser, who).status_code == 429
    at(NOON + limits.MINUTES_5)
    assert sign_in(browser, who).status_code == 303
    assert device(browser) != value


def test_the_cookie_of_one_person_is_nothing_to_another(app: Flask, at: Clock) -> None:
    at(NOON)
    who, other = account(AIGERIM), account(DANA)
    browser = signed_in(app, who)
    submit(browser, "/account/logout", page="/account/")
    guess(app, other)
    assert sign_in(browser, other).status_code == 429


def test_people_who_share_a_browser_share_its_cookie(app: Flask, at: Clock) -> None:
    at(NOON)
    people = (account(AIGERIM), account(DANA))
    browser = app.test_client()
    values = set()
    for who in people:
        assert sign_in(browser, who).status_code == 303
        values.add(device(browser))
        submit(browser, "/account/logout", page="/account/")
    assert len(values) == 1
    for who in people:
        guess(app, who)
        assert sign_in(browser, who).status_code == 303
        assert is_signed_in(browser)
        submit(browser, "/account/logout", page="/account/")


def test_securing_the_account_forgets_the_browsers_since(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    signed_in(app, who)
    at(NOON + timedelta(hours=1))
    thief = stranger(app)
    sign_in(thief, who)
    path = link(emails_to(who.email)[-1], "/secure/")
    answer = submit(app.test_client(), path)
    submit(app.test_client(), answer.location, {"password": OTHER_PASSWORD})
    who.password = OTHER_PASSWORD
    guess(app, who)
    assert sign_in(thief, who).status_code == 429


def device(browser: FlaskClient) -> str:
    cookie = browser.get_cookie("device")
    assert cookie is not None
    assert cookie.http_only
    return cookie.value
