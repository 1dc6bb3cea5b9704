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
from neupusti.core.registry import registry
from neupusti.retention.service import sweeps
from tests.accounts.cast import account, signed_in
from tests.lending import opened
from tests.people import AIGERIM
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


def test_terms_are_only_read(client: FlaskClient) -> None:
    assert client.post("/policy/retention/").status_code == 405
