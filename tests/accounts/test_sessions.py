"""Server-side sessions: a copied cookie is invalid after signing out."""

from contextlib import ExitStack
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from neupusti.accounts.models import Person, SignIn
from neupusti.accounts.service import sessions
from neupusti.accounts.service.sessions import ClientContext
from neupusti.core.data.database import db, writing
from neupusti.core.data.waiting import WRITERS, writer_slot
from tests import desk
from tests.accounts.cast import (
    account,
    events,
    hidden,
    is_signed_in,
    sign_in,
    signed_in,
    submit,
)
from tests.people import AIGERIM, BOLAT
from tests.times import NOON, Clock

IDLE, LIFE = timedelta(days=1), timedelta(days=30)
LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36"


def cookie(browser: FlaskClient, name: str = "session") -> str:
    found = browser.get_cookie(name)
    assert found is not None
    return found.value


@pytest.mark.clause("4.1.1")
def test_a_copied_cookie_opens_nothing_after_signing_out(app: Flask) -> None:
    who = account(AIGERIM)
    browser = signed_in(app, who, remember="y")
    thief = app.test_client()
    thief.set_cookie("session", cookie(browser))
    other = app.test_client()
    other.set_cookie("remember_token", cookie(browser, "remember_token"))
    assert is_signed_in(browser)
    assert is_signed_in(thief)
    assert is_signed_in(other)
    out = submit(browser, "/account/logout", page="/account/")
    assert out.location == "/account/login?done=signed-out"
    assert out.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert browser.get_cookie("session") is None
    assert browser.get_cookie("remember_token") is None
    assert not is_signed_in(thief)
    assert not is_signed_in(other)
    assert events(who.number) == ["signed in", "signed out"]


def test_signing_in_gives_new_keys_to_everything(app: Flask, client: FlaskClient) -> None:
    """A session planted before the sign-in is invalid after it (session fixation)."""
    who = account(AIGERIM)
    with client.session_transaction() as session:
        session["csrf_token"] = desk.RAW
    planted = cookie(client)
    token = hidden(client.get("/account/login").text)["csrf_token"]
    assert sign_in(client, who).status_code == 303
    assert cookie(client) != planted
    thief = app.test_client()
    thief.set_cookie("session", planted)
    assert not is_signed_in(thief)
    stale = client.post("/account/logout", data={"csrf_token": token})
    assert (stale.status_code, stale.location) == (303, "/account/")
    assert is_signed_in(client)


def test_the_database_holds_no_key(app: Flask) -> None:
    browser = signed_in(app, account(AIGERIM), remember="y")
    with app.test_request_context(headers={"Cookie": f"session={cookie(browser)}"}):
        from flask import session  # noqa: PLC0415

        key = session["key"]
    row = str(tuple(db.session.execute(text("SELECT * FROM sign_in")).one()))
    assert key not in row
    assert cookie(browser, "remember_token") not in row


@pytest.mark.parametrize("options", [{}, {"remember": "y"}], ids=str)
def test_a_session_expires_automatically(
    app: Flask, at: Clock, options: dict[str, str]
) -> None:
    at(NOON)
    remember = bool(options)
    browser = signed_in(app, account(AIGERIM), **options)
    at(NOON + IDLE - timedelta(minutes=2))
    assert is_signed_in(browser)
    at(NOON + 2 * IDLE)
    assert is_signed_in(browser) is remember
    at(NOON + LIFE - timedelta(seconds=1))
    assert is_signed_in(browser) is remember
    at(NOON + LIFE)
    assert not is_signed_in(browser)


def test_being_remembered_needs_no_session_cookie(app: Flask) -> None:
    browser = signed_in(app, account(AIGERIM), remember="y")
    browser.delete_cookie("session")
    assert is_signed_in(browser)
    forgetful = signed_in(app, account(BOLAT))
    forgetful.delete_cookie("session")
    assert not is_signed_in(forgetful)


@pytest.mark.parametrize("name", ["session", "remember_token"])
def test_a_made_up_cookie_opens_nothing(app: Flask, name: str) -> None:
    signed_in(app, account(AIGERIM), remember="y")
    stranger = app.test_client(use_cookies=False)
    for value in ("", "x", "a" * 43, "я" * 43, "\x7f", "' OR 1", "a" * 4000):
        cookie = f"{name}={value}".encode().decode("latin-1")
        answer = stranger.get("/account/", headers={"Cookie": cookie})
        assert answer.status_code == 303, value


@pytest.mark.clause("3.4")
def test_sessions_are_seen_and_ended(app: Flask) -> None:
    who, other = account(AIGERIM), account(BOLAT)
    mine, phone, third = signed_in(app, who), signed_in(app, who), signed_in(app, who)
    stranger = signed_in(app, other)
    rows = db.session.scalars(select(SignIn).order_by(SignIn.id)).all()
    ids = [row.id for row in rows]
    page = mine.get("/account/sessions").text
    assert page.count('name="session"') == 5
    ended = submit(mine, "/account/sessions", {"session": ids[1]})
    assert ended.location == "/account/sessions?done=ended"
    assert not is_signed_in(phone)
    for nobodys in (ids[1], ids[3]):
        submit(mine, "/account/sessions", {"session": nobodys})
    assert is_signed_in(stranger)
    # What ended is entered once; what was another's, or had ended, is not.
    assert events(who.number) == [*["signed in"] * 3, "sessions ended"]
    submit(mine, "/account/sessions", {"session": "others"})
    assert not is_signed_in(third)
    assert is_signed_in(mine)
    out = submit(mine, "/account/sessions", {"session": "everywhere"})
    assert out.location == "/account/login?done=signed-out"
    assert not is_signed_in(mine)
    assert is_signed_in(stranger)


@pytest.mark.parametrize("which", ["", "x", "-1", "9" * 30, "1 OR 1=1", "٣"])
def test_no_session_of_a_strange_name_is_ended(app: Flask, which: str) -> None:
    mine = signed_in(app, account(AIGERIM))
    assert submit(mine, "/account/sessions", {"session": which}).status_code == 303
    assert is_signed_in(mine)


def test_a_sensitive_action_asks_for_the_password_again(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    browser = signed_in(app, who, remember="y")
    assert browser.get("/account/two-factor").status_code == 200
    at(NOON + timedelta(minutes=10, seconds=-1))
    assert browser.get("/account/two-factor").status_code == 200
    at(NOON + timedelta(minutes=10))
    sent = browser.get("/account/two-factor")
    assert sent.location == "/account/reauthenticate?next=/account/two-factor"
    before = cookie(browser)
    wrong = submit(browser, sent.location, {"current": "неверный пароль тут"})
    assert wrong.status_code == 422
    right = submit(browser, sent.location, {"current": who.password})
    assert right.location == "/account/two-factor"
    assert cookie(browser) != before
    assert browser.get("/account/two-factor").status_code == 200
    thief = app.test_client()
    thief.set_cookie("session", before)
    assert not is_signed_in(thief)


def test_private_pages_are_kept_by_nobody(app: Flask) -> None:
    browser = signed_in(app, account(AIGERIM))
    for path in ("/account/", "/account/sessions", "/account/password", "/account/login"):
        answer = browser.get(path)
        assert answer.headers["Cache-Control"] == "no-store", path
        assert answer.headers["X-Robots-Tag"] == "noindex", path
        assert "Cookie" in answer.headers["Vary"], path
    assert browser.get("/policy/").headers.get("X-Robots-Tag") is None


def test_public_pages_do_not_ask_who_is_signed_in(app: Flask) -> None:
    """They are the same for everybody, so that caches cannot mix people up."""
    browser = signed_in(app, account(AIGERIM))
    for path in ("/", "/policy/", "/cookies/"):
        answer = browser.get(path)
        assert AIGERIM.name not in answer.text
        assert "Set-Cookie" not in answer.headers


@pytest.mark.clause("3.4")
def test_a_late_press_ends_no_session_that_began_since(app: Flask) -> None:
    who = account(AIGERIM)
    mine, phone = signed_in(app, who), signed_in(app, who)
    last = db.session.scalars(select(SignIn.id).order_by(SignIn.id.desc())).first()
    submit(phone, "/account/logout", page="/account/")
    tablet = signed_in(app, who)
    submit(mine, "/account/sessions", {"session": str(last)})
    assert is_signed_in(tablet)


def test_an_identity_bears_the_given_name_or_else_the_address(app: Flask) -> None:
    who = account(AIGERIM)
    signed_in(app, who)
    row = db.session.scalars(select(SignIn)).one()
    person = db.session.get_one(Person, who.number)
    assert sessions.identity(row).name == person.given_name != person.email
    person.given_name = ""
    assert sessions.identity(row).name == person.email
    db.session.rollback()


def test_a_session_is_counted_under_a_name_of_its_own(app: Flask, at: Clock) -> None:
    """The number of a row that has gone is given again."""
    who, where = account(AIGERIM), ClientContext("Firefox, Linux", "0" * 64)
    names = []
    for hour in range(2):
        at(NOON + timedelta(hours=hour))
        with writing() as session:
            number = sessions.start(
                session, who.number, where, remember=False, complete=True
            ).number
        names.append(sessions.unique_name(number))
        with writing() as session:
            sessions.end(session, who.number, number)
    assert len(set(names)) == 2


def test_no_visitor_waits_for_the_time_of_a_visit(app: Flask, at: Clock) -> None:
    """With every turn to write taken, a page is served and the session keeps its time."""
    at(NOON)
    browser = signed_in(app, account(AIGERIM))
    before = db.session.scalars(select(SignIn.seen_at)).one()
    at(NOON + timedelta(minutes=5))
    with app.test_request_context(), ExitStack() as turns:
        for _ in range(WRITERS):
            turns.enter_context(writer_slot())
        assert is_signed_in(browser)
    db.session.rollback()
    assert db.session.scalars(select(SignIn.seen_at)).one() == before
