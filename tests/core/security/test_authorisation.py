from datetime import timedelta

import pytest
from flask import Flask

from neupusti.core.rules import PUBLIC, Permission
from neupusti.core.security import authorisation
from tests import desk
from tests.conftest import SQLITE
from tests.orders.cast import counted
from tests.people import DANA
from tests.times import NOON, Clock

pytestmark = SQLITE


@pytest.mark.parametrize(
    ("endpoint", "stays"), [("admin.board", True), ("statistics.live", False)]
)
def test_a_polling_page_keeps_nobody_signed_in(
    app: Flask, at: Clock, endpoint: str, *, stays: bool
) -> None:
    at(NOON)
    browser = desk.signed_in(app, desk.member(DANA, *Permission))
    with app.test_request_context():
        page, board = app.url_for(endpoint), app.url_for("admin.board")
    at(NOON + timedelta(minutes=20))
    assert browser.get(page).status_code == 200
    at(NOON + timedelta(minutes=30))
    assert browser.get(board).status_code == (200 if stays else 303)


def test_a_page_that_is_not_there_is_a_sign_of_life(app: Flask) -> None:
    with app.test_request_context("/no-such-page"):
        assert authorisation.counts_as_activity()


def test_nobody_and_no_customer_may_open_what_is_for_staff(app: Flask) -> None:
    with app.test_request_context("/"):
        assert not authorisation.may_open("admin.board")
        assert authorisation.menu() == []


def test_the_way_back_is_the_page_with_its_query(app: Flask) -> None:
    for path, back in (("/account/?a=1", "/account/?a%3D1"), ("/account/", "/account/")):
        answer = app.test_client().get(path)
        assert answer.location == f"/account/login?next={back}"


def test_a_refusal_is_logged_with_its_number(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    number = desk.member(DANA, Permission.ORDERS)
    assert desk.signed_in(app, number).get("/admin/journal/").status_code == 403
    (record,) = [one for one in caplog.records if one.getMessage() == "refused"]
    fields = {"endpoint": "admin.journal", "person": number}
    assert vars(record)["fields"] == fields


def test_a_page_of_staff_asks_once_what_they_may(app: Flask) -> None:
    staff = desk.signed_in(app, desk.member(DANA, *Permission))
    for path in ("/admin/", "/admin/people/", "/admin/orders/"):
        with counted() as statements:
            assert staff.get(path).status_code == 200
        asked = [one for one in statements if "SELECT staff_grant.permission" in one]
        assert len(asked) == 1, path


def test_a_route_without_a_rule_is_forbidden(app: Flask) -> None:
    app.add_url_rule("/new", "features.new", lambda: "secret")
    assert app.test_client().get("/new").status_code == 403
    authorisation.rules(app)["features.new"] = PUBLIC
    assert app.test_client().get("/new").text == "secret"
