import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from neupusti.access.models import Record
from neupusti.core.rules import Permission
from neupusti.core.text.languages import Language
from tests import desk
from tests.access.conftest import NOW, csrf_token, entry, rows
from tests.conftest import SQLITE
from tests.people import DANA
from tests.times import Clock

PAGES = [
    "/admin/access/",
    "/admin/access/list/path/",
    "/admin/access/problems/",
    "/admin/access/addresses/",
    "/admin/access/live/",
    "/admin/access/log/",
]


@pytest.fixture(autouse=True)
def today(at: Clock) -> None:
    at(NOW)


@SQLITE
@pytest.mark.clause("3.3.2")
@pytest.mark.parametrize("path", PAGES)
def test_statistics_are_not_for_everybody(client: FlaskClient, path: str) -> None:
    for answer in (client.get(path), client.post(path)):
        assert answer.status_code in {303, 400, 403, 404, 405}
        assert "203.0.113" not in answer.text


@SQLITE
@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", Language)
def test_every_page_opens_in_every_language(
    staff: FlaskClient, path: str, language: Language
) -> None:
    page = staff.get(language.prefix + path)
    assert page.status_code == 200
    assert f'<html lang="{language.tag}"' in page.text
    assert " style=" not in page.text


@pytest.mark.usefixtures("busy")
def test_the_overview_shows_the_last_days(staff: FlaskClient) -> None:
    page = staff.get("/en/admin/access/").text
    for words in ("Chrome Mobile", "/catalog/", "Social networks", "https://t.me/neupusti"):
        assert words in page
    assert "203.0.113.0" in page
    assert "203.0.113.7" not in page
    assert "<title>21.11.2026: 21</title>" in page
    assert "<title>21.11.2026 · People: 30, Robots: 1, 5xx: 1</title>" in page
    assert len(page) < 60_000


@pytest.mark.usefixtures("busy")
def test_yesterday_is_summarised(staff: FlaskClient) -> None:
    page = staff.get("/en/admin/access/?period=yesterday").text
    assert "Yesterday: 5.0\xa0% more people than before." in page
    assert "Pages not found rose from 0 to 9, most often /old-page." in page


@pytest.mark.usefixtures("busy")
def test_what_the_log_does_not_reach_is_not_compared_with(staff: FlaskClient) -> None:
    page = staff.get("/en/admin/access/?period=30d").text
    assert "The log does not reach back far enough to compare them." in page
    assert "Changes are against" not in page
    assert 'class="change"' not in page


@pytest.mark.clause("3.3.2")
@pytest.mark.usefixtures("busy")
def test_problems_are_listed_with_details(staff: FlaskClient) -> None:
    page = staff.get("/en/admin/access/problems/").text
    assert "feedfacefeedface" in page
    assert "/old-page" in page
    assert "https://ok.ru/a" in page
    assert "10 of 157 requests ended in an error" in page
    assert "19\xa0ms" in page or "20\xa0ms" in page


@pytest.mark.clause("3.3.2")
def test_an_address_is_shown_whole_only_for_a_reason(
    staff: FlaskClient, engine: Engine, load: Callable[..., None]
) -> None:
    load([entry(NOW, path=f"/p{at}", ip="198.51.100.77") for at in range(3)])
    load([entry(NOW, ip="2001:db8:1:2::9")])
    with engine.connect() as connection:
        record = connection.execute(
            select(Record.id).where(Record.ip == "198.51.100.77").limit(1)
        ).scalar()
    address = f"/en/admin/access/addresses/{record}/"
    page = staff.get(address).text
    assert "198.51.100.0" in page
    assert "198.51.100.77" not in page
    assert "/p2" in page

    token = csrf_token(page)
    refused = staff.post(address, data={"csrf_token": token, "reason": " "})
    assert refused.status_code == 422
    assert "198.51.100.77" not in refused.text
    reason = "A customer reports a fault"
    shown = staff.post(address, data={"csrf_token": token, "reason": reason})
    assert "198.51.100.77" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"

    (action,) = desk.staff_actions("access.unmasked")
    assert (action.action, action.reason) == ("access.unmasked", reason)
    assert action.staff is not None
    assert "198.51" not in action.what
    assert staff.get("/en/admin/access/addresses/").text.count("2001:db8:1::") == 1


@pytest.mark.parametrize("record", [0, 4711, 2**31, 2**63 - 1, 2**63, 10**30])
def test_a_row_that_is_not_there_is_nobodys_address(
    staff: FlaskClient, app: Flask, record: int
) -> None:
    address = f"/en/admin/access/addresses/{record}/"
    data = desk.form(app, reason="A customer reports a fault")
    assert staff.get(address).status_code == 404
    assert staff.post(address, data=data).status_code in {404, 405}
    assert desk.staff_actions("access.unmasked") == []


@SQLITE
def test_a_live_view_left_open_keeps_nobody_signed_in(
    staff: FlaskClient, at: Clock
) -> None:
    for minutes in range(0, 30, 5):
        at(NOW + timedelta(minutes=minutes))
        assert staff.get("/admin/access/live/?refresh=1").status_code == 200
    at(NOW + timedelta(minutes=31))
    assert staff.get("/admin/access/live/?refresh=1").status_code == 303


@SQLITE
def test_any_other_page_of_the_statistics_keeps_a_session(
    staff: FlaskClient, at: Clock
) -> None:
    for minutes in (0, 20, 40):
        at(NOW + timedelta(minutes=minutes))
        assert staff.get("/admin/access/problems/").status_code == 200


@SQLITE
@pytest.mark.clause("1.1.1")
def test_other_permissions_open_no_statistics(app: Flask) -> None:
    others = [one for one in Permission if one is not Permission.STATISTICS]
    browser = desk.signed_in(app, desk.member(DANA, *others))
    for path in PAGES:
        assert browser.get(path).status_code == 403


@SQLITE
def test_a_log_is_downloaded_only_after_reauthentication(app: Flask) -> None:
    browser = desk.signed_in(app, desk.member(DANA, Permission.STATISTICS), recent=False)
    page = browser.get("/en/admin/access/log/").text
    assert "csrf_token" not in page.split("<main")[1].split("<h1>")[1]
    data = desk.form(app, reason="Compare with GoAccess")
    assert browser.post("/en/admin/access/log/", data=data).status_code == 303


@SQLITE
def test_without_a_reason_no_token_no_log(
    staff: FlaskClient, load: Callable[..., None]
) -> None:
    load([entry(NOW, ip="198.51.100.77")])
    assert (
        staff.post("/admin/access/log/", data={"reason": "because of it"}).status_code
        == 400
    )
    page = staff.get("/en/admin/access/log/").text
    answer = staff.post(
        "/en/admin/access/log/", data={"csrf_token": csrf_token(page), "reason": ""}
    )
    assert answer.status_code == 422


@pytest.mark.usefixtures("busy")
def test_the_log_can_be_downloaded(
    staff: FlaskClient, engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page = staff.get("/en/admin/access/log/?is=path:/old-page").text
    data = {"csrf_token": csrf_token(page), "reason": "Compare with GoAccess"}
    hidden = staff.post("/en/admin/access/log/?is=path:/old-page", data=data).text
    assert hidden.count("\n") == 9
    assert (
        '203.0.113.0 - - [21/Nov/2026:12:00:00 +0500] "GET /old-page HTTP/1.1" 404'
        in hidden
    )
    whole = staff.post("/en/admin/access/log/", data={**data, "addresses": "whole"}).text
    assert whole.count("\n") == 157
    assert "203.0.113.7 " in whole
    exports = {action.what for action in desk.staff_actions("access.exported")}
    assert exports == {"9 requests, addresses masked", "157 requests, addresses whole"}
    assert len(rows(engine)) == 178


@pytest.mark.usefixtures("busy")
def test_a_list_is_exported_as_it_is_shown(staff: FlaskClient) -> None:
    text = staff.get("/admin/access/list/path.csv").get_data(as_text=True)
    table = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert table[0] == ["path", "requests", "visitors", "errors", "bytes"]
    assert table[1][:2] == ["/", "77"]
    found = json.loads(staff.get("/admin/access/list/path.json?is=status:404").text)
    assert found == [
        {"path": "/old-page", "requests": 9, "visitors": 0, "errors": 9, "bytes": 9000}
    ]


def test_the_live_view_shows_the_newest(
    staff: FlaskClient, load: Callable[..., None]
) -> None:
    load([entry(NOW - timedelta(minutes=at), path=f"/page-{at}") for at in range(60)])
    page = staff.get("/en/admin/access/live/")
    assert page.text.index("/page-0<") < page.text.index("/page-49<")
    assert "/page-50<" not in page.text
    assert 'http-equiv="refresh"' not in page.text
    running = staff.get("/en/admin/access/live/?refresh=1").text
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in running
