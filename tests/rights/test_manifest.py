"""What the manifest of rights adds to the site: job, duties, terms, deadline, pages."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from neupusti.core.data.database import db
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from tests import desk
from tests.conftest import SQLITE
from tests.people import DANA
from tests.rights.asking import bought, export_of, opened
from tests.rights.test_correcting import contest
from tests.rights.test_export import start

pytestmark = SQLITE


@pytest.mark.manifest(field="jobs")
def test_the_site_makes_archives_by_itself(app: Flask) -> None:
    bought(app)
    number = start(opened(app))
    (job,) = [job for job in registry().jobs if job.name == "exports"]
    assert job.every.total_seconds() <= 5
    db.session.rollback()
    job.run()
    assert export_of(number).state == "ready"


@pytest.mark.manifest(field="duties")
@pytest.mark.manifest(field="admin_menu")
def test_the_board_of_staff_tells_what_waits(app: Flask) -> None:
    bought(app)
    contest(opened(app), value="", about="Nothing is right.")
    mine = [duty for duty in registry().duties if duty.endpoint == "rights.board"]
    db.session.rollback()
    assert [duty.open() for duty in mine] == [1, 0]
    page = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY)).get("/en/admin/").text
    assert 'href="/en/admin/rights/"' in page
    for label in ("Requests about data to answer", "Recipients to tell of a correction"):
        assert label in page


@pytest.mark.manifest(field="deadlines")
def test_the_board_of_deadlines_leads_to_the_request(app: Flask) -> None:
    bought(app)
    number = contest(opened(app), value="", about="Nothing is right.")
    browser = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    assert f'href="/en/admin/rights/{number}"' in browser.get("/en/admin/deadlines/").text


@pytest.mark.clause("5.1")
@pytest.mark.manifest(field="retention")
def test_the_terms_tell_how_long_a_request_is_kept(client: FlaskClient) -> None:
    page = client.get("/en/policy/retention/").text
    for label in (
        "Your request about your data, and our answer",
        "The address that a link to the data was sent to",
        "That an archive of your data was made; its file goes after 3 days",
    ):
        assert label in page


@pytest.mark.manifest(field="pages")
def test_every_right_is_at_most_three_steps_from_home(client: FlaskClient) -> None:
    footer = client.get("/en/").text.partition("<footer")[2]
    assert 'href="/en/rights/"' in footer
    page = client.get("/en/rights/").text
    for step in ('name="right" value="access"', 'name="right" value="correct"'):
        assert step in page
