"""The state of a request by number and code, for whoever has both."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from neupusti.admin.service import readable_text
from neupusti.core import clock
from neupusti.core.data.database import db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.keeping import Holding
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.rules import Permission
from neupusti.core.text import order_numbers
from neupusti.rights import queries
from neupusti.rights.models import PREFIX
from neupusti.rights.service import requests
from neupusti.rights.service.reading import HeldRows
from tests import desk
from tests.accounts.cast import emails_to
from tests.people import BOLAT, DANA, GUEST
from tests.rights.asking import CODE, bought, opened, send
from tests.rights.test_correcting import contest

MAIN = re.compile(r"<main.*?</main>", re.DOTALL)


def made(app: Flask) -> tuple[str, str]:
    """Return number and code of a new request."""
    bought(app)
    number = contest(opened(app), value="", about="Nothing is right.")
    (code,) = CODE.findall(emails_to(GUEST.email)[-1].text)
    return number, code


def test_number_and_code_open_the_state(app: Flask, client: FlaskClient) -> None:
    number, code = made(app)
    path = f"/en/rights/{number}"
    assert "not answered yet" not in client.get(path).text
    for typed in (code, code.lower().replace("-", " ")):
        answer = send(client, path, code=typed)
        assert (answer.status_code, "not answered yet" in answer.text) == (200, True)
        assert "Nothing is right." not in answer.text


def test_a_request_outlives_its_deadline(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hold keeps the one and not the other, which is about nobody."""
    number, code = made(app)
    with writing() as session:
        requests.by_number(session, number).closed_at = clock.now()
    monkeypatch.setattr(queries, "KIND", "of nothing")
    answer = send(client, f"/en/rights/{number}", code=code)
    assert (answer.status_code, "at the latest" in answer.text) == (200, False)
    staff = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    for path in (f"/en/admin/rights/{number}", "/en/admin/rights/?all=1"):
        assert number in staff.get(path).text
    run = app.test_cli_runner().invoke
    assert "Due" not in run(args=["rights", "show", number]).output
    assert f"{number} " in run(args=["rights", "list", "--all"]).output


def test_another_spelling_of_a_number_is_redirected(
    app: Flask, client: FlaskClient
) -> None:
    number, _code = made(app)
    answer = client.get(f"/en/rights/{number.lower()}")
    assert (answer.status_code, answer.location) == (301, f"/en/rights/{number}")
    assert client.get("/en/rights/nonsense").status_code == 404


def test_a_wrong_number_and_a_wrong_code_look_alike(app: Flask) -> None:
    number, code = made(app)
    other = order_numbers.new(clock.today(), PREFIX)
    said = set()
    for path, typed in ((number, "0" * 12), (other, code)):
        answer = send(app.test_client(), f"/en/rights/{path}", code=typed)
        assert answer.status_code == 422
        page = MAIN.findall(answer.text)[0].replace(path, "").replace(typed, "")
        said.add(re.sub(r'value="[^"]*"', "", page))
    assert len(said) == 1


def test_after_ten_tries_it_is_shut(app: Flask) -> None:
    number, code = made(app)
    browser, path = app.test_client(), f"/en/rights/{number}"
    tries = [send(browser, path, code="0" * 12).status_code for _time in range(10)]
    assert tries == [422] * 10
    shut = send(browser, path, code=code)
    assert (shut.status_code, shut.headers["Retry-After"]) == (429, "900")


@pytest.mark.clause("6.1.3")
def test_a_stranger_with_a_pass_does_not_see_it(app: Flask) -> None:
    number, _code = made(app)
    bought(app, BOLAT)
    page = f"/en/rights/data/request/{number}"
    assert opened(app, BOLAT).get(page).status_code == 404


def test_the_code_of_a_sent_letter_is_kept_nowhere(app: Flask) -> None:
    """What sends no links back sends no codes back: to staff, to a thief, to its person."""
    number, code = made(app)
    with writing() as session:
        email = session.scalars(select(OutboxEmail).filter_by(kind="rights.received")).one()
        assert code in f"{email.text} {email.html}"
        assert code in readable_text(email)
        email.state = OutboxState.QUEUED.value
        assert code not in readable_text(email)
    rows = HeldRows(
        Holding(model=OutboxEmail), Whose(person=None, email_key=GUEST.email)
    ).rows(db.session.connection())
    letters = " ".join(str(row.values) for row in rows)
    assert (number in letters, code in letters) == (True, False)
    with writing() as session:
        email = session.get_one(OutboxEmail, email.id)
        email.end(OutboxState.SENT, clock.now())
        assert (number in email.text, number in email.html) == (True, True)
        assert code not in f"{email.text} {email.html}"


def test_successes_do_not_shut_out_the_neighbours(app: Flask) -> None:
    number, code = made(app)
    path = f"/en/rights/{number}"
    browser = app.test_client()
    opened_ = [send(browser, path, code=code).status_code for _time in range(12)]
    assert opened_ == [200] * 12


def test_a_flood_of_guesses_shuts_the_network(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert requests.BY_NETWORK.times == 300
    monkeypatch.setattr(requests, "BY_NETWORK", replace(requests.BY_NETWORK, times=10))
    number, code = made(app)
    browser = app.test_client()
    for _time in range(11):
        other = order_numbers.new(clock.today(), PREFIX)
        send(browser, f"/en/rights/{other}", code=code)
    assert send(browser, f"/en/rights/{number}", code=code).status_code == 429
