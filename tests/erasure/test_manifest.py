"""What the manifest of erasure adds to the site: job, duty, terms, pages."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from neupusti.core.data.database import db, writing
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.erasure.models import Erasure
from neupusti.orders.models.order import ShopOrder
from neupusti.retention.service import sweeps
from neupusti.rights.models import DataRequest
from tests import desk
from tests.accounts.cast import account, signed_in
from tests.conftest import SQLITE
from tests.erasure.erasing import BEGINS, NOON, confirmed, erasure_of, work
from tests.people import AIGERIM, BOLAT, DANA
from tests.rights.asking import bought
from tests.times import Clock

pytestmark = SQLITE


@pytest.mark.manifest(field="jobs")
def test_the_site_destroys_by_itself(app: Flask, at: Clock) -> None:
    at(NOON)
    number = confirmed(AIGERIM, account(AIGERIM).number)
    (job,) = [job for job in registry().jobs if job.name == "erasures"]
    assert job.every <= timedelta(minutes=1)
    at(BEGINS)
    db.session.rollback()
    job.run()
    assert erasure_of(number).state == "done"


@pytest.mark.manifest(field="duties")
@pytest.mark.manifest(field="admin_menu")
def test_what_is_stuck_is_a_duty_of_staff(app: Flask, at: Clock) -> None:
    at(NOON)
    confirmed(AIGERIM, account(AIGERIM).number)
    (duty,) = [duty for duty in registry().duties if duty.endpoint == "erasure.board"]
    at(BEGINS + timedelta(minutes=59))
    assert duty.open() == 0
    at(BEGINS + timedelta(hours=2))
    assert duty.open() == 1
    page = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY)).get("/en/admin/").text
    assert 'href="/en/admin/erasures/"' in page
    assert "Destructions of data that need a member of staff" in page


@pytest.mark.manifest(field="indefinite")
def test_the_terms_tell_how_long_an_erasure_is_kept(client: FlaskClient) -> None:
    page = client.get("/en/policy/retention/").text
    assert "That your data are to be destroyed, and what was done" in page


@pytest.mark.manifest(field="pages")
def test_the_account_leads_to_the_destruction(app: Flask) -> None:
    page = signed_in(app, account(BOLAT)).get("/en/account/").text
    assert 'href="/en/account/data/destroy"' in page
    footer = app.test_client().get("/en/rights/").text
    assert 'name="right" value="destroy"' in footer


@pytest.mark.manifest(field="holdings")
def test_a_person_finds_their_destruction_among_their_data(app: Flask, at: Clock) -> None:
    at(NOON)
    who = account(AIGERIM)
    confirmed(AIGERIM, who.number)
    page = signed_in(app, who).get("/en/account/data/").text
    assert "That your data are to be destroyed, and what was done" in page


@pytest.mark.clause("5.1", "6.1.3")
@pytest.mark.manifest(field="holds")
def test_a_destruction_that_waits_for_a_law_outlives_the_term_of_its_request(
    app: Flask, at: Clock
) -> None:
    at(NOON)
    who = account(AIGERIM)
    bought(app, AIGERIM)
    with writing() as session:
        session.execute(update(ShopOrder).values(person=who.number, email_proved_at=NOON))
    waits = confirmed(AIGERIM, who.number)
    done = confirmed(BOLAT, account(BOLAT).number)
    at(BEGINS)
    work(2)
    rule = [one for one in registry().retention if one.model is DataRequest]
    at(BEGINS + timedelta(days=rule[0].term + 1))
    sweeps.sweep(rule)
    db.session.rollback()
    assert db.session.get(Erasure, done) is None
    assert erasure_of(waits).state == "waiting"
