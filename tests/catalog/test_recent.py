"""What a visitor looked at: kept in the browser, only with consent, clearable."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.catalog import goods
from tests.conftest import SQLITE

OWN = {"Sec-Fetch-Site": "same-origin"}
HEADING = "You looked at"
pytestmark = SQLITE


@pytest.fixture(autouse=True)
def numbers(app: Flask) -> list[int]:
    """Ten goods; return their numbers."""
    goods.clear()
    return goods.many(goods.category("tea"), 10)


@pytest.fixture
def agreed(client: FlaskClient) -> FlaskClient:
    """A visitor who agreed to preferences."""
    data = {"choice": "save", "category": ["preferences"]}
    assert client.post("/cookies/", data=data, headers=OWN).status_code == 303
    return client


def value(client: FlaskClient) -> str | None:
    cookie = client.get_cookie("recent")
    return cookie.value if cookie else None


def shown(page: str) -> list[str]:
    section = page.partition(HEADING)[2].partition("</section>")[0]
    return re.findall(r'<h3><a href="/en/product/([^"]+)">', section)


@pytest.mark.clause("3.3.1")
@pytest.mark.parametrize("choice", [None, "reject"])
def test_without_consent_nothing_is_kept_or_shown(
    client: FlaskClient, choice: str | None, numbers: list[int]
) -> None:
    if choice:
        client.post("/cookies/", data={"choice": choice}, headers=OWN)
    for slug in ("p1", "p2"):
        answer = client.get(f"/en/product/{slug}")
        assert "recent=" not in str(answer.headers.getlist("Set-Cookie"))
    client.set_cookie("recent", f"{numbers[0]}")
    assert HEADING not in client.get("/en/product/p2").text
    assert HEADING not in client.get("/en/").text


@pytest.mark.clause("3.3.1")
def test_with_consent_numbers_are_kept_newest_first(
    agreed: FlaskClient, numbers: list[int]
) -> None:
    for slug in ("p1", "p2", "p3", "p1"):
        agreed.get(f"/en/product/{slug}")
    assert value(agreed) == ".".join(str(numbers[n]) for n in (1, 3, 2))
    assert shown(agreed.get("/en/").text) == ["p1", "p3", "p2"]
    page = agreed.get("/en/product/p3")
    assert shown(page.text) == ["p1", "p2"]
    assert page.headers["Cache-Control"] == "no-store"
    assert page.mimetype == "text/html"


def test_no_more_than_nine_numbers_are_kept(
    agreed: FlaskClient, numbers: list[int]
) -> None:
    for number in range(10):
        agreed.get(f"/en/product/p{number}")
    assert value(agreed) == ".".join(str(number) for number in numbers[:0:-1])
    assert len(shown(agreed.get("/en/").text)) == 4


def test_the_list_is_cleared_by_one_press(agreed: FlaskClient) -> None:
    agreed.get("/en/product/p1")
    headers = {**OWN, "Referer": "http://localhost/en/product/p2"}
    answer = agreed.post("/en/recent/", headers=headers)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/en/product/p2")
    assert value(agreed) is None
    assert HEADING not in agreed.get("/en/").text
    other = agreed.post("/recent/", headers={"Sec-Fetch-Site": "cross-site"})
    assert other.status_code == 403


@pytest.mark.parametrize(
    "forged", ["", "x", "1.1.1", "-5", "9" * 4000, "2147483648", "1..2", "0.0", "１"]
)
def test_a_forged_value_is_no_error(agreed: FlaskClient, forged: str) -> None:
    agreed.set_cookie("recent", forged)
    assert agreed.get("/en/").status_code == 200
    assert agreed.get("/en/product/p1").status_code == 200


def test_withdrawing_takes_the_cookie_away(
    agreed: FlaskClient, at: Callable[[object], None]
) -> None:
    agreed.get("/en/product/p1")
    agreed.post("/cookies/", data={"choice": "withdraw"}, headers=OWN)
    assert value(agreed) is None
