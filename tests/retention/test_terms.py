"""The retention page shows the rules of the sweep, from manifests and settings."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import force_locale

from neupusti.config.settings import Settings
from neupusti.core.data.beats import JobBeat
from neupusti.core.data.database import writing
from neupusti.core.data.halting import DESTROY
from neupusti.core.records.sweep_stops import SweepStop
from neupusti.core.registry import registry
from neupusti.core.rules import Permission
from neupusti.retention import queries
from neupusti.retention.service import sweeps
from tests import desk
from tests.accounts.cast import account, signed_in
from tests.conftest import SQLITE
from tests.lending import opened
from tests.people import AIGERIM, DANA
from tests.times import NOON, Clock


@pytest.fixture
def stricter(settings: Settings) -> Iterator[Flask]:
    """The site with a shorter retention of the access log."""
    with opened(replace(settings, access_ip_days=7, access_days=21)) as app:
        yield app


@pytest.mark.clause("5.6")
@pytest.mark.parametrize(("prefix", "locale"), [("", "ru"), ("/kk", "kk"), ("/en", "en")])
def test_every_rule_and_everything_kept_is_listed(
    app: Flask, client: FlaskClient, prefix: str, locale: str
) -> None:
    page = client.get(f"{prefix}/policy/retention/")
    assert page.status_code == 200
    text = unescape(page.text)
    rules, kept = registry().retention, registry().indefinite
    assert {rule.model.__tablename__ for rule in rules} >= {"access_record", "sign_in"}
    with force_locale(locale):
        shown = [(rule.label, rule.clause) for rule in rules]
        for label, clause in shown + [(one.label, one.clause) for one in kept]:
            assert str(label) in text
            assert f'#c{clause}"' in page.text
        for rule in rules:
            assert not rule.term or str(rule.start_label) in text


@pytest.mark.clause("3.3")
def test_the_terms_of_the_log_are_those_of_the_settings(stricter: Flask) -> None:
    page = stricter.test_client().get("/en/policy/retention/").text
    assert "7 days from the request" in page
    assert "21 days from the request" in page
    assert "90 days from the request" not in page


def test_the_clause_about_the_log_leads_to_the_terms(client: FlaskClient) -> None:
    assert 'href="/en/policy/retention/"' in client.get("/en/policy/2026-11-01/3.3").text


def test_the_last_destruction_is_shown_once_there_was_one(
    app: Flask, client: FlaskClient, at: Clock
) -> None:
    at(NOON)
    signed_in(app, account(AIGERIM))
    assert "last destroyed" not in client.get("/en/policy/retention/").text
    at(NOON + timedelta(days=400))
    sweeps.sweep(registry().retention)
    shown = client.get("/en/policy/retention/").text
    assert "Something was last destroyed on" in shown
    assert "2027" in shown


@SQLITE
@pytest.mark.parametrize("why", ["halted", "stopped"])
def test_no_complete_sweep_is_claimed_while_something_waits(
    app: Flask, client: FlaskClient, at: Clock, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    at(NOON)
    path, dana = "/en/policy/retention/", desk.member(DANA, Permission.PRIVACY)
    with writing() as session:
        session.merge(JobBeat(name=queries.JOB, at=NOON, milliseconds=1, ok=True))
    assert "The last complete sweep" in client.get(path).text
    if why == "halted":
        monkeypatch.setitem(app.config, DESTROY, 0)
    else:
        with writing() as session:
            session.add(SweepStop(rule="security_event.at", at=NOON, due=9, rows=9))
    board = desk.signed_in(app, dana).get("/en/admin/retention/").text
    for page in (client.get(path).text, board):
        assert "The last complete sweep" not in page
        assert "No sweep was complete" not in page


@pytest.mark.parametrize("code", ["", "a\0b", "person", "person.created_at"])
def test_no_sweep_is_allowed_that_does_not_ask(app: Flask, at: Clock, code: str) -> None:
    at(NOON)
    dana = desk.signed_in(app, desk.member(DANA, Permission.PRIVACY))
    form = desk.form(app, rule=code, reason="Часы верны")
    answer = dana.post("/en/admin/retention/", data=form)
    assert (answer.status_code, "does not wait" in answer.text) == (422, True)


@pytest.mark.clause("5.6")
def test_holds_that_staff_place_are_listed(client: FlaskClient) -> None:
    page = client.get("/en/policy/retention/").text
    assert "The Data of a person, or an order, on which a hold is placed" in page


def test_terms_are_only_read(client: FlaskClient) -> None:
    assert client.post("/policy/retention/").status_code == 405
