"""The state of a request by number and code, for whoever has both."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core import clock
from neupusti.core.text import order_numbers
from neupusti.rights.models import PREFIX
from tests.accounts.cast import emails_to
from tests.people import BOLAT, GUEST
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
    assert send(browser, path, code=code).status_code == 429


@pytest.mark.clause("6.1.3")
def test_a_stranger_with_a_pass_does_not_see_it(app: Flask) -> None:
    number, _code = made(app)
    bought(app, BOLAT)
    page = f"/en/rights/data/request/{number}"
    assert opened(app, BOLAT).get(page).status_code == 404
