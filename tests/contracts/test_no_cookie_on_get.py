"""The first GET of any public page sets no cookie: forms need none to be shown (3.3.1)."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.registry import registry
from neupusti.core.rules import Who
from neupusti.core.security import authorisation
from tests.accounts.cast import PASSWORD, account, emails_to, hidden, link, submit
from tests.catalog import goods
from tests.conftest import SQLITE
from tests.contracts.test_access_matrix import address, routes, sample
from tests.people import AIGERIM

pytestmark = SQLITE
__all__ = ["sample"]
OWN = {"Sec-Fetch-Site": "same-origin"}


def public(app: Flask, sample: dict[str, str]) -> Iterator[str]:
    """Yield every public address that answers GET: of each route, and of each page."""
    rules = authorisation.rules(app)
    for route, method in routes(app):
        if method == "GET" and rules[route.endpoint].who is Who.PUBLIC:
            yield address(app, route, sample)
    with app.test_request_context():
        yield from (app.url_for(end, **values) for end, values in registry().addresses())


@pytest.mark.clause("3.3.1")
@pytest.mark.slow
def test_the_first_get_of_every_public_page_sets_no_cookie(
    app: Flask, sample: dict[str, str]
) -> None:
    goods.product(goods.category("tea"), "teapot")
    addresses = sorted({*public(app, sample), "/no-such-page"})
    assert len(addresses) > 50
    for path in addresses:
        for prefix in ("", "/kk"):
            answer = app.test_client().get(prefix + path)
            assert answer.status_code < 500, path
            assert "Set-Cookie" not in answer.headers, path


def test_links_of_emails_set_none_before_their_form_is_sent(app: Flask) -> None:
    submit(app.test_client(), "/account/register", APPLICATION)
    submit(app.test_client(), "/account/password/reset", {"email": AIGERIM.email})
    messages = emails_to(AIGERIM.email)
    assert messages
    for message in messages:
        answer = app.test_client().get(link(message))
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
    client = app.test_client()
    confirmed = submit(client, link(messages[0]), {"choice": "confirm"})
    assert confirmed.status_code == 303


APPLICATION = {
    "family_name": "Сейтқали",
    "given_name": "Әлия",
    "email": AIGERIM.email,
    "password": PASSWORD,
    "consent": "y",
}
FORMS = ("/account/login", "/account/register", "/account/password/reset", "/orders/find")


def filled(client: FlaskClient, path: str) -> dict[str, str]:
    """Return the fields of the form at `path`, filled in with something wrong."""
    page = client.get(path).text
    names = re.findall(r'<input[^>]* name="(\w+)"', page.partition("<main")[2])
    return dict.fromkeys(names, "?") | hidden(page)


@pytest.mark.parametrize("path", FORMS)
def test_a_form_that_comes_back_with_errors_needs_no_cookie_either(
    app: Flask, path: str
) -> None:
    client = app.test_client()
    for headers in ({}, OWN):
        answer = client.post(path, data=filled(client, path), headers=headers)
        assert answer.status_code == 422, path
        assert client.get_cookie("session") is None


def test_a_sign_in_that_no_cookie_could_keep_says_what_is_missing(app: Flask) -> None:
    """It leads back to the form, where the way out stands open (3.3.1)."""
    account(AIGERIM)
    client = app.test_client(use_cookies=False)
    answer = submit(
        client, "/en/account/login", {"email": AIGERIM.email, "password": PASSWORD}
    )
    while answer.status_code == 303:
        answer = client.get(answer.location)
    details = answer.text.partition("If your browser refuses cookies")[0].rpartition(
        "<details"
    )[2]
    assert " open>" in details
    shown = client.get("/en/account/login").text
    assert '<details class="stack">' in shown


def answers(client: FlaskClient, token: str, headers: dict[str, str]) -> int:
    """Return the status of a sign-in; 400 where the form is led on and not carried out."""
    fields = {"email": AIGERIM.email, "password": PASSWORD, "csrf_token": token}
    answer = client.post("/account/login", data=fields, headers=headers)
    return 400 if "done=stale" in (answer.location or "") else answer.status_code


def begun(app: Flask) -> FlaskClient:
    """Return a client whose session began in another tab, with a token of its own."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["csrf_token"] = "0" * 40
    return client


def test_the_token_of_a_form_without_a_session(app: Flask) -> None:
    """It is refused to other sites, and to a session whose browser hides the origin."""
    account(AIGERIM)
    token = hidden(app.test_client().get("/account/login").text)["csrf_token"]
    assert answers(app.test_client(), token, {}) == 303
    assert answers(begun(app), token, OWN) == 303
    assert answers(begun(app), token, {"Origin": "http://localhost"}) == 303
    assert answers(begun(app), token, {}) == 400
    for strange in ("", "x", token[:-1], token.swapcase()):
        assert answers(app.test_client(), strange, OWN) == 400, strange
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}):
        assert answers(app.test_client(), token, headers) == 403
