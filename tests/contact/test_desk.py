"""Staff: the board, taking a question, answering, notes, and what the journal keeps."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.data.database import db
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from tests import desk
from tests.accounts.cast import emails_to
from tests.conftest import SQLITE
from tests.contact.asked import WORDS, asked, request_of, said, send
from tests.orders.boards import actions
from tests.orders.buying import SAME_ORIGIN
from tests.people import AIGERIM, DANA, YERLAN

BOARD = "/en/admin/contact/"


@pytest.fixture
def dana(app: Flask) -> FlaskClient:
    """A browser of who answers."""
    return desk.signed_in(app, desk.member(DANA, Permission.ORDERS))


@pytest.fixture
def number(app: Flask) -> str:
    """The number of a question of Айгерим."""
    return asked(app)[1]


def press(browser: FlaskClient, number: str, path: str, **fields: str) -> tuple[int, str]:
    """Press a button of a question; return the status and the page that follows."""
    given = {"version": str(request_of(number).version), **fields}
    given = {"csrf_token": _token(browser), **given}
    answer = browser.post(f"{BOARD}{number}/{path}", data=given, headers=SAME_ORIGIN)
    page = browser.get(answer.location).text if answer.status_code == 303 else answer.text
    return answer.status_code, page


def _token(browser: FlaskClient) -> str:
    return browser.get(BOARD).text.rpartition('name="csrf_token" value="')[2].split('"')[0]


def test_the_language_of_a_question_is_named(dana: FlaskClient, number: str) -> None:
    for path, before in ((BOARD, "<td>"), (f"{BOARD}{number}", "Language: ")):
        assert f'{before}<span lang="en">English</span>' in dana.get(path).text


def test_what_was_written_opens_to_who_takes_it(
    app: Flask, dana: FlaskClient, number: str
) -> None:
    page = dana.get(f"{BOARD}{number}").text
    assert [shown for shown in ("whistles", AIGERIM.email) if shown in page] == []
    status, page = press(dana, number, "taking")
    assert status == 303
    assert [shown for shown in ("whistles", AIGERIM.email) if shown not in page] == []
    assert actions()[-1] == "contact.opened"
    yerlan = desk.signed_in(app, desk.member(YERLAN, Permission.ORDERS))
    other = yerlan.get(f"{BOARD}{number}").text
    assert ("whistles" in other, DANA.name in other) == (False, True)
    assert press(yerlan, number, "taking")[0] == 303
    assert "whistles" not in dana.get(f"{BOARD}{number}").text


@SQLITE
def test_a_line_like_a_signature_cuts_nothing_off_an_answer(
    dana: FlaskClient, number: str
) -> None:
    press(dana, number, "taking")
    press(
        dana, number, "answers", words="Before.\n-- \nAfter.\n\n-- \nLast.", kind="answer"
    )
    email = emails_to(AIGERIM.email)[-1]
    for words in ("Before.", "After.", "Last.", "/contact/link/"):
        assert words in email.html, words


@pytest.mark.clause("4.1.3")
def test_an_answer_comes_by_email_and_stands_on_the_page(
    dana: FlaskClient, app: Flask
) -> None:
    browser, number = asked(app)
    press(dana, number, "taking")
    status, page = press(dana, number, "answers", words="Turn the <lid>.", kind="answer")
    assert (status, "The answer is sent." in page) == (303, True)
    assert request_of(number).state == "answered"
    email = emails_to(AIGERIM.email)[-1]
    assert email.kind == "contact.answered"
    assert "Turn the <lid>." in email.text
    assert "&lt;lid&gt;" in email.html
    assert "lid" not in email.subject
    assert "Turn the &lt;lid&gt;." in browser.get(f"/contact/{number}").text
    assert actions()[-1] == "contact.answered"


@SQLITE
def test_a_note_is_for_colleagues(app: Flask, dana: FlaskClient) -> None:
    browser, number = asked(app)
    press(dana, number, "taking")
    _status, page = press(dana, number, "answers", words="She is kind.", kind="note")
    assert "She is kind." in page
    assert said(number)[-1] == ("note", "She is kind.")
    assert request_of(number).state == "new"
    assert "kind." not in browser.get(f"/en/contact/{number}").text
    assert len(emails_to(AIGERIM.email)) == 1


def test_a_stale_press_is_refused_and_keeps_its_words(
    app: Flask, dana: FlaskClient, number: str
) -> None:
    press(dana, number, "taking")
    fields = {"words": "Too late.", "kind": "answer", "version": "1"}
    status, page = press(dana, number, "answers", **fields)
    assert (status, "Too late." in page) == (409, True)
    assert "Somebody has changed this question meanwhile" in page
    assert said(number) == [("person", WORDS)]
    for odd in ("", "x", "-1", "9" * 30):
        assert press(dana, number, "answers", **{**fields, "version": odd})[0] == 409


@SQLITE
def test_nobody_answers_what_they_have_not_opened(dana: FlaskClient, number: str) -> None:
    status, page = press(dana, number, "answers", words="Blindly.", kind="answer")
    assert (status, "Take it first" in page) == (422, True)
    assert len(said(number)) == 1


@SQLITE
def test_a_question_is_closed_with_a_reason_and_opens_again(
    app: Flask, dana: FlaskClient, number: str
) -> None:
    press(dana, number, "taking")
    assert press(dana, number, "closing", reason="")[0] == 422
    assert press(dana, number, "closing", reason="an advertisement")[0] == 303
    assert request_of(number).state == "closed"
    assert f">{number}<" in dana.get(f"{BOARD}?state=closed").text
    assert f">{number}<" not in dana.get(f"{BOARD}?state=new").text


@SQLITE
def test_staff_say_which_order_it_is_about(dana: FlaskClient, number: str) -> None:
    press(dana, number, "taking")
    assert press(dana, number, "order", order_number="one")[0] == 422
    _status, page = press(dana, number, "order", order_number="np 261122 7k3f-5")
    assert 'href="/en/admin/orders/NP-261122-7K3F-5"' in page
    press(dana, number, "order", order_number="")
    assert request_of(number).order_number == ""


@SQLITE
@pytest.mark.parametrize("search", ["number", AIGERIM.email, AIGERIM.email.upper()])
def test_a_search_finds_it_and_is_logged_without_its_words(
    dana: FlaskClient, number: str, search: str
) -> None:
    query = number.lower() if search == "number" else search
    given = {"csrf_token": _token(dana), "q": query}
    page = dana.post(BOARD, data=given, headers=SAME_ORIGIN).text
    assert (f">{number}<" in page, "1 question" in page) == (True, True)
    assert actions()[-1] == "contact.searched"
    none = {**given, "q": "nobody@example.kz"}
    assert (
        "No question is like that." in dana.post(BOARD, data=none, headers=SAME_ORIGIN).text
    )


@SQLITE
def test_a_reply_begins_in_the_language_of_the_question(
    app: Flask, dana: FlaskClient
) -> None:
    answer = send(app.test_client(), "/kk/contact/")
    number = answer.location.rpartition("/")[2].partition("?")[0]
    press(dana, number, "taking")
    page = dana.get(f"{BOARD}{number}?reply=fault").text
    assert ("Сәлеметсіз бе!" in page, "Hello!" in page) == (True, False)
    assert "Hello!" not in dana.get(f"{BOARD}{number}?reply=<x>").text


@SQLITE
@pytest.mark.manifest(field="duties")
@pytest.mark.manifest(field="admin_menu")
def test_the_board_of_staff_counts_what_waits(dana: FlaskClient, number: str) -> None:
    [duty] = [one for one in registry().duties if one.endpoint == "contact.board"]
    assert duty.open() == 1
    assert "Questions to answer" in dana.get("/en/admin/").text
    press(dana, number, "taking")
    press(dana, number, "answers", words="Done.", kind="answer")
    db.session.rollback()
    assert duty.open() == 0


@SQLITE
def test_an_unknown_number_is_not_there(dana: FlaskClient) -> None:
    assert dana.get(f"{BOARD}NC-261122-7K3F-5").status_code == 404
    assert dana.get(f"{BOARD}nothing").status_code == 404
