"""The staff page: counts only, for those who may."""

import pytest
from flask import Flask, Response
from sqlalchemy import text

from neupusti.core.data.database import db
from neupusti.core.rules import Permission
from tests import desk
from tests.consent.conftest import Visitor, add_view, records
from tests.people import DANA

ADDRESS = "/en/admin/consents/"


@pytest.fixture
def staff(app: Flask) -> Visitor:
    """A member of staff who may look after privacy."""
    return Visitor(desk.signed_in(app, desk.member(DANA, Permission.PRIVACY)))


def test_nobody_reaches_it_without_a_permission(visitor: Visitor) -> None:
    answer = visitor.client.get(ADDRESS)
    assert answer.status_code in {303, 404}


def test_it_counts_and_names_nobody(app: Flask, staff: Visitor) -> None:
    for action in ("accept", "accept", "reject"):
        visitor = Visitor(app.test_client())
        visitor.client.get("/")
        visitor.choose(action)
    page = staff.client.get(ADDRESS)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    row = page.text.split('<th scope="row">Preferences</th>')[1].split("</tr>")[0]
    numbers = [cell.split("<")[0] for cell in row.split('class="number">')[1:]]
    assert numbers == ["3", "2", "0", "1", "0", "0"]
    assert "are sound" in page.text
    for record in records():
        assert record.public_id not in page.text


@pytest.mark.parametrize("query", ["?since=x&until=", "?since=2020-01-01&until=2020-01-02"])
def test_other_days_are_asked_for_by_address(staff: Visitor, query: str) -> None:
    Visitor(staff.client).choose("reject")
    page = staff.client.get(ADDRESS + query)
    assert page.status_code == 200
    assert ("No choice was made" in page.text) is ("2020" in query)


@pytest.mark.parametrize("until", ["0001-01-01", "0001-01-29", "9999-12-31"])
def test_no_day_is_too_far_away(app: Flask, staff: Visitor, until: str) -> None:
    app.testing = False
    page = staff.client.get(f"{ADDRESS}?until={until}")
    assert page.status_code == 200
    assert f'value="{until}"' in page.text


@pytest.mark.manifest(field="duties")
def test_an_undeclared_name_is_shown_before_and_after_it_is_written(
    app: Flask, staff: Visitor
) -> None:
    app.testing = False
    add_view(app, "/leak", lambda: Response("", headers={"Set-Cookie": "s<p>y=1"}))
    for _ in range(3):
        app.test_client().get("/leak")
    output = staff.client.get(ADDRESS).text
    assert "<code>s&lt;p&gt;y</code> (this process" in output
    staff.choose("reject")
    output = staff.client.get(ADDRESS).text
    assert '<code>s&lt;p&gt;y</code></th><td class="number">3</td>' in output
    assert "this process" not in output
    assert "1 item is open" in staff.client.get("/en/admin/").text


def test_a_broken_chain_is_shown(app: Flask, staff: Visitor) -> None:
    staff.choose("accept")
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
        else:
            connection.execute(text("DROP TRIGGER consent_record_no_update"))
        connection.execute(text("UPDATE consent_record SET granted = ''"))
    db.session.rollback()
    assert "The chain is broken" in staff.client.get(ADDRESS).text
