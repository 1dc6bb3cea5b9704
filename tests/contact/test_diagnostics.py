"""Technical details: shown before they are sent, and only what was shown (4.1.8)."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape

from neupusti.contact.views import diagnostics
from tests.conftest import SQLITE
from tests.contact.asked import FORM, answers, request_of
from tests.orders.buying import SAME_ORIGIN, hidden

pytestmark = SQLITE
BROWSER = {"User-Agent": 'Mozilla/5.0 "quoted" (X11; Linux) Firefox/140.0'}
FROM = {"Referer": "http://localhost/catalog/?q=secret"}


def send(browser: FlaskClient, **fields: str) -> str:
    page = browser.get(FORM, headers=BROWSER | FROM).text
    form = {**hidden(page), **answers(), **fields}
    sent = browser.post(FORM, data=form, headers=SAME_ORIGIN | BROWSER)
    assert sent.status_code == 303
    return request_of(sent.location.rpartition("/")[2].partition("?")[0]).diagnostics


@pytest.mark.clause("4.1.8")
def test_exactly_what_is_shown_is_sent_and_only_if_ticked(client: FlaskClient) -> None:
    page = client.get(FORM, headers=BROWSER | FROM).text
    assert send(client) == ""
    sent = send(client, attach="y").splitlines()
    assert len(sent) == 3
    assert [line for line in sent if str(escape(line)) not in page] == []
    assert "Page: /catalog/" in sent
    assert "secret" not in "".join(sent)


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("/product/x?token=1#part", "/product/x"),
        ("/kk/catalog/", "/kk/catalog/"),
        ("/orders/link/AbC-123", "/orders/link/«…»"),
        ("/en/account/confirm/AbC-123", "/en/account/confirm/«…»"),
        ("/no/such/page", "/no/such/page"),
        ("https://elsewhere.example/x", ""),
        ("//elsewhere.example", ""),
        ("/" + "x" * 300, ""),
        ("", ""),
        ("a b", ""),
    ],
)
def test_a_page_is_named_without_what_opens_it(app: Flask, address: str, page: str) -> None:
    with app.test_request_context():
        assert diagnostics.page_of(address) == page


def test_a_forged_page_is_no_place_for_a_message(client: FlaskClient) -> None:
    assert "Page: not known" in send(client, attach="y", page="https://spam.example/now")
    assert "spam" not in send(client, attach="y", page="/ok\nBrowser: spam")
